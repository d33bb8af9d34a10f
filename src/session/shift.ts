/**
 * Where in its file a spool goes on, when it may have been damaged while nobody watched.
 *
 * An agent that lives appends at the end of the file, wherever that is. Was the file cut to less than what is on
 * record, then what it writes from now on lands on offsets that the record has used: the stream goes on behind
 * what is on record, and the file behind what is left of it.
 */
import { coverOf, readRecent } from "../journal/index.ts";
import type { ReadFile } from "../model/ports.ts";
import { unlessBad } from "./bad-sector.ts";
import { type Covers, coveredByte, fileByteOf, noCrc } from "./covers.ts";

export interface SpoolMap {
  readonly streamByte: number;
  readonly fileByte: number;
  /** To be recorded: the mapping is new. */
  readonly shift?: { readonly atByte: number; readonly fileByte: number };
}

/** @throws IoError when the spool cannot be read. */
export async function mapSpool(file: ReadFile, covers: Covers): Promise<SpoolMap> {
  const streamByte = coveredByte(covers);
  const fileByte = fileByteOf(covers, streamByte);
  const size = await file.size();
  if (!(await wasCut(file, fileByte, size))) return { streamByte, fileByte };
  const left = await lastWholeByte(file, covers, size);
  const goesOn = left + remnantBytes(await file.read(left, Math.min(size, left + lineBytesMax)));
  return { streamByte, fileByte: goesOn, shift: { atByte: streamByte, fileByte: goesOn } };
}

/** A line longer than this is not searched for the seam of two. */
const lineBytesMax = 8 * 1024 * 1024;
/** Each place where an object may begin is tried with all that follows: in a long line of many objects, not every one. */
const triedBytesMax = 64 * 1024 * 1024;
const newlineByte = 0x0a;

/**
 * A file that is shorter than its record was cut. One that has grown again since has other lines in that place: then
 * what was the end of a line is none, except by rare chance. A byte altered in place leaves the ends where they were, and
 * so does one that the disk does not give.
 */
async function wasCut(file: ReadFile, fileByte: number, size: number): Promise<boolean> {
  if (size < fileByte) return true;
  if (fileByte === 0) return false;
  const end = await unlessBad(() => readRecent(file, fileByte - 1, fileByte));
  return end !== undefined && end[0] !== newlineByte;
}

/** Bytes of half a line that the cut left; what was written since stands behind them on the same line. */
function remnantBytes(rest: Uint8Array): number {
  const end = rest.indexOf(newlineByte);
  // Without a newline nothing was finished since.
  if (end === -1) return rest.length;
  const line = new TextDecoder("latin1").decode(rest.subarray(0, end));
  let triedBytes = 0;
  for (
    let at = line.indexOf('{"');
    at !== -1 && triedBytes <= triedBytesMax;
    at = line.indexOf('{"', at + 1)
  ) {
    if (isJson(line.slice(at))) return at;
    triedBytes += line.length - at;
  }
  return 0;
}

/** One byte is one character here: what is JSON in UTF-8 is JSON in Latin-1. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** End, in the file, of the last unit that is still what it was. */
async function lastWholeByte(file: ReadFile, covers: Covers, size: number): Promise<number> {
  for (let index = covers.ends.length - 1; index >= 0; index--) {
    const fromByte = fileByteOf(covers, covers.starts[index] ?? 0);
    const toByte = fromByte + (covers.ends[index] ?? 0) - (covers.starts[index] ?? 0);
    const crc = covers.crcs[index] ?? noCrc;
    if (toByte > size || crc === noCrc) continue;
    const found = await unlessBad(() => coverOf(file, fromByte, toByte));
    if (found?.crc === crc) return toByte;
  }
  return 0;
}
