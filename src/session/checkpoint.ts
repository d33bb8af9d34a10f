/**
 * The state of all sessions, kept beside the journal so that a start need not fold all of it again.
 *
 *     c1 <crc of the head> <bytes of the head>      (one line, spaces between)
 *     {"shape", "covers": […seals], "bodiesCrc", "projects": […], "sessions": [[id, open, bytes], …]}
 *     …the sessions' bodies, one behind the other
 *
 * Always: it is a cache. It is used only while every segment that it covers is, to the last byte, what it was; else the
 * journal is read as if there were none. It is replaced atomically.
 * Never: it is made of a history with damage or late writes, which must be told at every start.
 */
import { coverOf, crc32, replaceAtomically, type Seal } from "../journal/index.ts";
import { isRecord } from "../model/json.ts";
import { type Files, IoError, type ReadFile } from "../model/ports.ts";
import { isPacked, SessionTable } from "./session-table.ts";
import { isOpen, type ProjectState, type SessionState, type State } from "./state.ts";

export interface Checkpoint {
  /** What it was made of: segments and where they ended. */
  readonly covers: readonly Seal[];
  readonly state: State;
}

/** To be moved up with every change of what a session's state is made of: another version's is not used. */
const shape = 1;

/** So many records are folded without making a new one. */
export const recordsPerCheckpoint = 5_000;

/** A larger one is not read: the journal is. */
const checkpointBytesMax = 512 * 1024 * 1024;

const firstBytesMax = 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The file in a home folder. */
export function checkpointPath(home: string): string {
  return `${home}/checkpoint`;
}

/** The bytes of a checkpoint of this state, taken now. */
export function packState(covers: readonly Seal[], state: State): Uint8Array {
  const sessions: [string, boolean, number][] = [];
  let bodiesCrc = 0;
  const bodies: Uint8Array[] = [];
  for (const [id, session] of state.sessions.entries()) {
    const body = isPacked(session) ? session.bytes : packSession(session);
    sessions.push([id, isPacked(session) ? session.open : isOpen(session), body.length]);
    bodiesCrc = crc32(body, bodiesCrc);
    bodies.push(body);
  }
  const projects = [...state.projects.values()];
  const head = encoder.encode(`${JSON.stringify({ shape, covers, bodiesCrc, projects, sessions })}\n`);
  const first = encoder.encode(`c1 ${crc32(head)} ${head.length}\n`);
  const whole = new Uint8Array(bodies.reduce((sum, body) => sum + body.length, first.length + head.length));
  let at = 0;
  for (const part of [first, head, ...bodies]) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Replaces the checkpoint; one that cannot be written costs the next start some time and nothing else. */
export async function writeCheckpoint(
  files: Files,
  path: string,
  bytes: Uint8Array,
  generation: number,
): Promise<void> {
  try {
    // A generation belongs to one life: two never use each other's temporary files.
    await replaceAtomically(files, path, bytes, `g${generation}`);
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
  }
}

/** undefined when there is none that can be read; whether it still fits is asked of the journal. */
export async function readCheckpoint(files: Files, path: string): Promise<Checkpoint | undefined> {
  try {
    const file = await files.openRead(path);
    if (file === undefined) return undefined;
    try {
      return await readOpen(file);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return undefined;
  }
}

async function readOpen(file: ReadFile): Promise<Checkpoint | undefined> {
  const size = await file.size();
  const first = decoder.decode(await file.read(0, firstBytesMax));
  const match = /^c1 (\d{1,10}) (\d{1,10})\n/.exec(first);
  if (match === null || size > checkpointBytesMax) return undefined;
  const bodiesByte = match[0].length + Number(match[2]);
  const headBytes = await file.read(match[0].length, bodiesByte);
  if (crc32(headBytes) !== Number(match[1])) return undefined;
  const head: unknown = JSON.parse(decoder.decode(headBytes));
  if (!isHead(head) || (await coverOf(file, bodiesByte, size)).crc !== head.bodiesCrc) return undefined;
  return unpackState(head, await file.read(bodiesByte, size));
}

function unpackState({ covers, projects, sessions }: Head, bodies: Uint8Array): Checkpoint {
  const table = new SessionTable();
  let at = 0;
  for (const [id, open, length] of sessions) {
    const body = bodies.subarray(at, at + length);
    at += length;
    table.set(id, { open, bytes: body, unpack: () => unpackSession(body) });
  }
  return { covers, state: { projects: new Map(projects.map((one) => [one.id, one])), sessions: table } };
}

interface Head {
  readonly covers: readonly Seal[];
  readonly bodiesCrc: number;
  readonly projects: readonly ProjectState[];
  readonly sessions: readonly (readonly [string, boolean, number])[];
}

/** Its checksum says that a version of ours wrote it. */
function isHead(head: unknown): head is Head {
  return (
    isRecord(head) &&
    head.shape === shape &&
    Array.isArray(head.covers) &&
    Array.isArray(head.projects) &&
    Array.isArray(head.sessions)
  );
}

function packSession(session: SessionState): Uint8Array {
  const { findings, segments, ...rest } = session;
  return encoder.encode(`${JSON.stringify({ ...rest, findings: [...findings], segments: [...segments] })}\n`);
}

function unpackSession(body: Uint8Array): SessionState {
  const { findings, segments, ...rest } = JSON.parse(decoder.decode(body));
  return { ...rest, findings: new Map(findings), segments: new Set(segments) } as SessionState;
}
