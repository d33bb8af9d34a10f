/**
 * Snapshots: a state kept so that a start need not read everything again.
 *
 *     s1 <crc> <{covers}> <{state}>      (tabs between, one line)
 *
 * Always: it is replaced atomically, and names the place in the journal that it covers.
 * Never: it is not believed over the journal: what does not match the segment it covers is not used.
 */
import * as z from "zod/mini";
import type { Damage } from "../model/fact.ts";
import { type Files, IoError } from "../model/ports.ts";
import { coverOf } from "./cover.ts";
import { crc32 } from "./crc32.ts";
import { replaceAtomically } from "./replace.ts";
import { segmentName } from "./segment.ts";
import type { JournalPosition } from "./types.ts";

/** Larger files are not read as snapshots. */
export const snapshotBytesMax = 256 * 1024 * 1024;

const coversSchema = z.object({
  generation: z.int().check(z.positive()),
  n: z.int().check(z.nonnegative()),
  bytes: z.int().check(z.nonnegative()),
  crc: z.int().check(z.nonnegative()),
});

/** A snapshot that may be used, or why the one that is there may not. */
export type SnapshotRead =
  | { readonly state: unknown; readonly covers: JournalPosition }
  | { readonly damage: Damage };

/**
 * Writes a snapshot of `state` (any JSON value), replacing the old one.
 *
 * @param covers usually `journal.position()`, taken when `state` held exactly what was acknowledged.
 * @throws IoError; the old snapshot then stands, or the new one if only the folder's sync failed.
 */
export async function writeSnapshot(
  files: Files,
  path: string,
  covers: JournalPosition,
  state: unknown,
): Promise<void> {
  const body = new TextEncoder().encode(`${JSON.stringify(covers)}\t${JSON.stringify(state ?? null)}\n`);
  const head = new TextEncoder().encode(`s1\t${crc32(body).toString(16).padStart(8, "0")}\t`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  // A generation belongs to one life, so two lives never use each other's temporary files.
  await replaceAtomically(files, path, bytes, `g${covers.generation}`);
}

/**
 * Reads a snapshot; undefined when there is none.
 *
 * @param journalFolder where given, the snapshot is also held against the segment that it covers; without it only
 *   its own checksum is. Damage means: do not use it, read the journal.
 */
export async function readSnapshot(
  files: Files,
  path: string,
  journalFolder?: string,
): Promise<SnapshotRead | undefined> {
  try {
    const bytes = await readWhole(files, path);
    if (bytes === undefined) return undefined;
    if (typeof bytes === "string") return unreadable(path, 0, bytes);
    const read = parse(bytes);
    if (typeof read === "string") return unreadable(path, bytes.length, read);
    const problem =
      journalFolder === undefined ? undefined : await mismatch(files, journalFolder, read.covers);
    return problem === undefined ? read : unreadable(path, bytes.length, problem);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return unreadable(path, 0, `It cannot be read: ${error.message}.`);
  }
}

async function readWhole(files: Files, path: string): Promise<Uint8Array | string | undefined> {
  const file = await files.openRead(path);
  if (file === undefined) {
    return (await files.stat(path)) === undefined ? undefined : "It is not a regular file.";
  }
  try {
    const size = await file.size();
    if (size > snapshotBytesMax) return `It has ${size} bytes; at most ${snapshotBytesMax} are read.`;
    return await file.read(0, size);
  } finally {
    await file.close();
  }
}

function parse(bytes: Uint8Array): { state: unknown; covers: JournalPosition } | string {
  const headBytes = 12; // "s1", eight digits, two tabs
  const head = new TextDecoder().decode(bytes.subarray(0, headBytes));
  const crcText = /^s1\t([0-9a-f]{8})\t$/.exec(head)?.[1];
  if (crcText === undefined) return "It does not begin as a snapshot does.";
  const body = bytes.subarray(headBytes);
  if (crc32(body) !== Number.parseInt(crcText, 16)) return "Its bytes do not match its checksum.";
  try {
    const [coversJson = "", stateJson = ""] = new TextDecoder().decode(body).split("\t");
    return { covers: coversSchema.parse(JSON.parse(coversJson)), state: JSON.parse(stateJson) };
  } catch {
    return "Its checksum is right, but its form is not one that this version reads.";
  }
}

async function mismatch(
  files: Files,
  journalFolder: string,
  covers: JournalPosition,
): Promise<string | undefined> {
  const name = segmentName(covers.generation);
  const file = await files.openRead(`${journalFolder}/${name}`);
  if (file === undefined) return `It covers ${name}, which the journal does not have.`;
  try {
    const found = await coverOf(file, 0, covers.bytes);
    if (found.toByte < covers.bytes) {
      return `It covers ${covers.bytes} bytes of ${name}, which has only ${found.toByte}.`;
    }
    return found.crc === covers.crc ? undefined : `The bytes of ${name} that it covers are others now.`;
  } finally {
    await file.close();
  }
}

function unreadable(path: string, toByte: number, why: string): SnapshotRead {
  const detail = `The snapshot is not used. ${why}`;
  return { damage: { code: "snapshot-unreadable", path, range: { fromByte: 0, toByte }, detail } };
}
