/**
 * The state of all sessions, kept beside the journal so that a start need not fold all of it again.
 *
 *     checkpoint               c1 <crc of the head> <bytes of the head>      (one line, spaces between)
 *                              {"shape", "covers": […seals], "bodies": {…}, "projects", "ids", "open", "lengths"}
 *     checkpoint-<generation>  the sessions' bodies, one behind the other
 *
 * Always: it is a cache. It is used only while every segment that it covers, and its own bodies, are what they were: by
 * their stamps, else to the last byte; if not, the journal is read as if there were none. The head is replaced
 * atomically when the bodies are on the disk, and names them. It is removed when one of them cannot be read.
 * Never: it is made of a history with damage or late writes, which must be told at every start.
 */
import { coverOf, crc32, replaceAtomically, type StampedSeal } from "../journal/index.ts";
import { isRecord } from "../model/json.ts";
import { type Files, IoError, type ReadFile } from "../model/ports.ts";
import { KeptIds, type PackedIds, packIds } from "./kept-ids.ts";
import { SessionTable } from "./session-table.ts";
import { isOpen, type ProjectState, type SessionState, type State } from "./state.ts";

export interface Checkpoint {
  /** What it was made of: segments and where they ended. */
  readonly covers: readonly StampedSeal[];
  readonly state: State;
  /** Sessions that nobody has asked for are read where they are: to be called when nobody will. */
  close(): Promise<void>;
}

/** To be moved up with every change of what a session's state is made of: another version's is not used. */
const shape = 6;

/** So many records are folded without making a new one. */
export const recordsPerCheckpoint = 5_000;

/** A larger one is not read: the journal is. */
const checkpointBytesMax = 512 * 1024 * 1024;

const firstBytesMax = 32;
const namePattern = /^checkpoint-[1-9]\d{0,14}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The file in a home folder. */
export function checkpointPath(home: string): string {
  return `${home}/checkpoint`;
}

/** A checkpoint of one moment's state, ready to be written. */
export interface PackedState {
  readonly covers: readonly StampedSeal[];
  readonly projects: readonly ProjectState[];
  /** See {@link State}; none in one of an older version. */
  readonly searchedTo?: number;
  readonly ids: PackedIds;
  /** Indices of the sessions that are open. */
  readonly open: readonly number[];
  readonly lengths: readonly number[];
  readonly bodies: Uint8Array;
}

/**
 * This state as it is now; undefined where its ids are not all of one length, as no version of ours makes them.
 *
 * @throws IoError when a session of an earlier checkpoint cannot be read.
 */
export function packState(covers: readonly StampedSeal[], state: State): PackedState | undefined {
  const ids: string[] = [];
  const open: number[] = [];
  const parts: Uint8Array[] = [];
  const isOpenId = new Set(state.sessions.openIds(isOpen));
  for (const [id, session] of state.sessions.entries()) {
    if (isOpenId.has(id)) open.push(ids.length);
    ids.push(id);
    parts.push(
      session === undefined ? (state.sessions.bytesOf(id) ?? new Uint8Array()) : packSession(session),
    );
  }
  const lengths = parts.map(({ length }) => length);
  const packed = packIds(ids);
  if (packed === undefined) return undefined;
  const projects = [...state.projects.values()];
  return {
    covers,
    projects,
    searchedTo: state.searchedTo,
    ids: packed,
    open,
    lengths,
    bodies: joined(parts),
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Replaces the checkpoint; one that cannot be written costs the next start some time and nothing else.
 *
 * @param generation of this life's journal: two lives never write to each other's files.
 */
export async function writeCheckpoint(
  files: Files,
  home: string,
  { bodies, ...head }: PackedState,
  generation: number,
): Promise<void> {
  try {
    const name = `checkpoint-${generation}`;
    await replaceAtomically(files, `${home}/${name}`, bodies);
    const stamp = (await files.stat(`${home}/${name}`))?.stamp;
    const told = {
      name,
      bytes: bodies.length,
      crc: crc32(bodies),
      ...(stamp === undefined ? {} : { stamp }),
    };
    const text = encoder.encode(`${JSON.stringify({ shape, bodies: told, ...head })}\n`);
    const first = encoder.encode(`c1 ${crc32(text)} ${text.length}\n`);
    await replaceAtomically(files, checkpointPath(home), joined([first, text]), `g${generation}`);
    for (const old of (await files.list(home)) ?? [])
      if (namePattern.test(old) && old !== name) await files.remove(`${home}/${old}`);
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
  }
}

/** undefined when there is none that can be read; whether it still fits is asked of the journal. */
export async function readCheckpoint(files: Files, home: string): Promise<Checkpoint | undefined> {
  try {
    const head = await readHead(files, checkpointPath(home));
    if (head === undefined || !namePattern.test(head.bodies.name)) return undefined;
    const file = await files.openRead(`${home}/${head.bodies.name}`);
    if (file === undefined) return undefined;
    const read = await readerOfWhole(file, head.bodies, () => removeHead(files, home));
    if (read === undefined) return undefined;
    return { covers: head.covers, state: stateOf(head, read), close: () => file.close() };
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return undefined;
  }
}

async function readHead(files: Files, path: string): Promise<Head | undefined> {
  const file = await files.openRead(path);
  if (file === undefined) return undefined;
  try {
    const size = await file.size();
    if (size > checkpointBytesMax) return undefined;
    const bytes = await file.read(0, size);
    const match = /^c1 (\d{1,10}) (\d{1,10})\n/.exec(decoder.decode(bytes.subarray(0, firstBytesMax)));
    if (match === null || match[0].length + Number(match[2]) !== bytes.length) return undefined;
    if ((await coverOf(file, match[0].length, size)).crc !== Number(match[1])) return undefined;
    const head: unknown = JSON.parse(decoder.decode(bytes.subarray(match[0].length)));
    return isHead(head) ? head : undefined;
  } finally {
    await file.close();
  }
}

async function areWhole(file: ReadFile, { bytes, crc, stamp }: Head["bodies"]): Promise<boolean> {
  if (bytes > checkpointBytesMax || (await file.size()) !== bytes) return false;
  return (stamp !== undefined && file.stamp === stamp) || (await coverOf(file, 0, bytes)).crc === crc;
}

type Read = (fromByte: number, toByte: number) => Uint8Array;

/** Reads its sessions; undefined, and it is closed, where they are not what they were. @throws IoError. */
async function readerOfWhole(
  file: ReadFile,
  bodies: Head["bodies"],
  onUnreadable: () => void,
): Promise<Read | undefined> {
  let read: Read | undefined;
  try {
    if (await areWhole(file, bodies)) read = await readerOf(file, bodies.bytes, onUnreadable);
    return read;
  } finally {
    if (read === undefined) await file.close();
  }
}

/**
 * Reads one session where it is; where the world cannot do that at once, all of them now.
 *
 * @param onUnreadable called where that fails: an error that comes long after the start, and would at the next one.
 */
async function readerOf(file: ReadFile, bytes: number, onUnreadable: () => void): Promise<Read> {
  if (file.readNow === undefined) {
    const whole = await file.read(0, bytes);
    return (fromByte, toByte) => whole.subarray(fromByte, toByte);
  }
  const { readNow } = file;
  return (fromByte, toByte) => {
    try {
      const found = readNow(fromByte, toByte);
      if (found.length === toByte - fromByte) return found;
      throw new IoError("EIO", file.path, "read (fewer bytes than were there)");
    } catch (thrown) {
      onUnreadable();
      throw thrown;
    }
  };
}

/** Then it is none: the next start reads the journal. */
function removeHead(files: Files, home: string): void {
  files.remove(checkpointPath(home)).catch(() => false);
}

function stateOf({ projects, searchedTo = 0, ids, open, lengths }: Head, read: Read): State {
  const starts = new Float64Array(lengths.length + 1);
  for (let number = 0; number < lengths.length; number++)
    starts[number + 1] = (starts[number] ?? 0) + (lengths[number] ?? 0);
  const bytes = (number: number) => read(starts[number] ?? 0, starts[number + 1] ?? 0);
  const unpack = (number: number) => unpackSession(bytes(number));
  const sessions = new SessionTable({ ids: new KeptIds(ids), open: new Set(open), unpack, bytes });
  return { projects: new Map(projects.map((one) => [one.id, one])), sessions, searchedTo };
}

type Head = Omit<PackedState, "bodies"> & {
  readonly bodies: {
    readonly name: string;
    readonly bytes: number;
    readonly crc: number;
    readonly stamp?: string;
  };
};

/** Its checksum says that a version of ours wrote it. */
function isHead(head: unknown): head is Head {
  return isRecord(head) && head.shape === shape && isRecord(head.bodies) && Array.isArray(head.covers);
}

function packSession(session: SessionState): Uint8Array {
  const { findings, segments, ...rest } = session;
  return encoder.encode(`${JSON.stringify({ ...rest, findings: [...findings], segments: [...segments] })}\n`);
}

function unpackSession(body: Uint8Array): SessionState {
  const { findings, segments, ...rest } = JSON.parse(decoder.decode(body));
  return { ...rest, findings: new Map(findings), segments: new Set(segments) } as SessionState;
}
