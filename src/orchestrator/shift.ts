/**
 * Where in its file a spool goes on, when it may have been damaged while nobody watched.
 *
 * An agent that lives appends at the end of the file, wherever that is. Was the file cut to less than what is on
 * record, then what it writes from now on lands on offsets that the record has used: the stream goes on behind
 * what is on record, and the file behind what is left of it.
 */
import { coverOf } from "../journal/index.ts";
import type { ReadFile } from "../model/ports.ts";
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
  if (size >= fileByte) return { streamByte, fileByte };
  const left = await lastWholeByte(file, covers, size);
  // Half a line without its end is the rest of what was cut; lines behind it were written since.
  const rest = await file.read(left, size);
  const goesOn = rest.includes(0x0a) ? left : size;
  return { streamByte, fileByte: goesOn, shift: { atByte: streamByte, fileByte: goesOn } };
}

/** End, in the file, of the last unit that is still what it was. */
async function lastWholeByte(file: ReadFile, covers: Covers, size: number): Promise<number> {
  for (let index = covers.ends.length - 1; index >= 0; index--) {
    const fromByte = fileByteOf(covers, covers.starts[index] ?? 0);
    const toByte = fromByte + (covers.ends[index] ?? 0) - (covers.starts[index] ?? 0);
    const crc = covers.crcs[index] ?? noCrc;
    if (toByte > size || crc === noCrc) continue;
    if ((await coverOf(file, fromByte, toByte)).crc === crc) return toByte;
  }
  return 0;
}
