/**
 * Reads one segment of the journal into records, damage and late writes.
 *
 * Always: where there is a seal it decides what is history; what cannot be read is damage with the bytes that it has or
 * should have, and what stands behind a seal is a late write.
 * Never: it writes nothing but what is there already, anew, so that it is on the disk.
 */
import type { Damage } from "../model/fact.ts";
import { type Files, IoError, type ReadFile } from "../model/ports.ts";
import { coverOf } from "./cover.ts";
import { LineSplitter } from "./lines.ts";
import { readChunks } from "./read.ts";
import { encodeRecord } from "./record.ts";
import type { Seal } from "./seal.ts";
import { type ScannedRecord, scanSegment, segmentName } from "./segment.ts";
import { sequence } from "./sequence.ts";
import { renewOthers } from "./sync-others.ts";
import { type LateWrite, lateTextCharsMax, recordBytesMaxDefault, unsyncedBytesMax } from "./types.ts";

/** One segment as far as it could be read. */
export interface SegmentReading {
  readonly records: readonly ScannedRecord[];
  readonly damage: readonly Damage[];
  readonly late: readonly LateWrite[];
  /** What would seal it now; undefined when it is sealed already or cannot be read. */
  readonly fresh?: Seal;
  /** Of the file before it was read. */
  readonly stamp?: string;
}

/**
 * Reads one segment: all of it, or as far as its seal goes.
 *
 * @throws IoError only where a segment without a seal cannot be brought to the disk, which `options.sync` asks for.
 */
export async function readSegment(
  files: Files,
  path: string,
  generation: number,
  seal: Seal | undefined,
  options: { readonly sync?: boolean; readonly recordBytesMax?: number },
): Promise<SegmentReading> {
  let file: ReadFile | undefined;
  try {
    file = await files.openRead(path);
    if (file === undefined)
      return nothing("log-unreadable", path, seal, "The segment is not a regular file.");
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return nothing("log-unreadable", path, seal, `The segment cannot be opened: ${error.code}.`);
  }
  try {
    const small = await inMemory(file);
    const recordBytesMax = options.recordBytesMax ?? recordBytesMaxDefault;
    const { damage, ...others } = await readOpen(small ?? file, generation, seal, recordBytesMax);
    const reading = { ...others, damage: bounded(damage) };
    // A failed sync here is not damage but the end of this take-over: nobody could say what is on the disk.
    const stamp =
      reading.fresh !== undefined && options.sync === true
        ? await renewOthers(file, unsureFromByte(reading.fresh.bytes, reading.records))
        : file.stamp;
    return stamp === undefined ? reading : { ...reading, stamp };
  } finally {
    await file.close();
  }
}

/** So many places of a segment are told one by one: what was done to a file as a whole, as other line ends, in one. */
const placesMax = 256;

function bounded(damage: readonly Damage[]): readonly Damage[] {
  const first = damage[placesMax - 1];
  if (first === undefined || damage.length === placesMax) return damage;
  const others = damage.slice(placesMax - 1);
  const fromByte = others.reduce((least, { range }) => Math.min(least, range.fromByte), first.range.fromByte);
  const toByte = others.reduce((most, { range }) => Math.max(most, range.toByte), first.range.toByte);
  const detail = `${others.length} more places in these bytes are damaged. The first: ${first.detail}`;
  return [...damage.slice(0, placesMax - 1), { ...first, range: { fromByte, toByte }, detail }];
}

/** Everything before this byte was synced by whoever wrote the segment: see {@link unsyncedBytesMax}. */
function unsureFromByte(toByte: number, records: readonly ScannedRecord[]): number {
  const longest = records.reduce((most, { range }) => Math.max(most, range.toByte - range.fromByte), 0);
  return Math.max(0, toByte - unsyncedBytesMax - 2 * longest);
}

/** A life that did little leaves a segment that is read at once, where a large one is read in pieces, and twice. */
const smallBytes = 64 * 1024;

async function inMemory(file: ReadFile): Promise<ReadFile | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await file.read(0, smallBytes + 1);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return undefined;
  }
  if (bytes.length > smallBytes) return undefined;
  return {
    path: file.path,
    size: () => Promise.resolve(bytes.length),
    read: (fromByte, toByte) => Promise.resolve(bytes.subarray(fromByte, toByte)),
    sync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function readOpen(
  file: ReadFile,
  generation: number,
  seal: Seal | undefined,
  recordBytesMax: number,
): Promise<SegmentReading> {
  try {
    const size = await file.size();
    return seal === undefined
      ? await readUnsealed(file, generation, size, recordBytesMax)
      : await readSealed(file, generation, size, seal, recordBytesMax);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    return nothing("log-unreadable", file.path, seal, `The segment cannot be read: ${error.code}.`);
  }
}

async function readUnsealed(
  file: ReadFile,
  generation: number,
  size: number,
  recordBytesMax: number,
): Promise<SegmentReading> {
  const scan = await scanSegment(file, generation, size, recordBytesMax);
  const result = sequence(file.path, scan);
  const n = result.records.at(-1)?.n ?? 0;
  return { ...result, late: [], fresh: { generation, bytes: scan.toByte, crc: scan.crc, n } };
}

/**
 * Where the sealed bytes are intact, the seal's offset decides what is history. Where they are not, offsets may have
 * moved (a line was removed or doubled), and the record numbers decide.
 */
async function readSealed(
  file: ReadFile,
  generation: number,
  size: number,
  seal: Seal,
  recordBytesMax: number,
): Promise<SegmentReading> {
  const cover = await coverOf(file, 0, Math.min(seal.bytes, size));
  if (cover.toByte === seal.bytes && cover.crc === seal.crc) {
    const scan = await scanSegment(file, generation, seal.bytes, recordBytesMax);
    const late = await readLate(file, generation, seal.bytes, size, recordBytesMax);
    return { ...sequence(file.path, scan, seal), late };
  }
  const scan = await scanSegment(file, generation, size, recordBytesMax);
  const damage: Damage[] = [...scan.damage];
  if (size < seal.bytes) {
    const range = { fromByte: size, toByte: seal.bytes };
    const detail = `The segment was sealed at ${seal.bytes} bytes and has ${size}.`;
    damage.push({ code: "truncated", path: file.path, range, detail });
  }
  const records = scan.records.filter((record) => record.n <= seal.n);
  const result = sequence(file.path, { records, damage }, seal);
  const late = scan.records.filter((record) => record.n > seal.n).map(lateRecord);
  if (result.damage.length > 0) return { ...result, late };
  const range = { fromByte: 0, toByte: seal.bytes };
  const detail = "Every record is readable, but the bytes are not those that were sealed.";
  return { ...result, late, damage: [{ code: "checksum", path: file.path, range, detail }] };
}

function lateRecord(record: ScannedRecord): LateWrite {
  const { path, range, generation, n, type, data } = record;
  const line = encodeRecord(generation, n, { type, dataJson: JSON.stringify(data) });
  return {
    path,
    range,
    generation,
    text: new TextDecoder().decode(line.subarray(0, lateTextCharsMax)).trimEnd(),
  };
}

/** What stands behind the seal of a segment. @throws IoError. */
export async function readBehind(
  files: Files,
  folder: string,
  seal: Seal,
  lineBytesMax: number,
): Promise<LateWrite[]> {
  const path = `${folder}/${segmentName(seal.generation)}`;
  const stat = await files.stat(path);
  if (stat === undefined || stat.kind !== "file" || stat.sizeBytes <= seal.bytes) return [];
  const file = await files.openRead(path);
  if (file === undefined) return [];
  try {
    return await readLate(file, seal.generation, seal.bytes, await file.size(), lineBytesMax);
  } finally {
    await file.close();
  }
}

async function readLate(
  file: ReadFile,
  generation: number,
  fromByte: number,
  toByte: number,
  lineBytesMax: number,
): Promise<LateWrite[]> {
  const late: LateWrite[] = [];
  const splitter = new LineSplitter(fromByte, lineBytesMax);
  const decoder = new TextDecoder();
  const add = (line: { fromByte: number; toByte: number; bytes: Uint8Array }): void => {
    const text = decoder.decode(line.bytes.subarray(0, lateTextCharsMax));
    late.push({ path: file.path, range: { fromByte: line.fromByte, toByte: line.toByte }, generation, text });
  };
  for await (const chunk of readChunks(file, fromByte, toByte)) splitter.push(chunk, add);
  const tail = splitter.tail();
  if (tail !== undefined) add(tail);
  return late;
}

/** A segment of which nothing can be read, and why. */
export function nothing(
  code: Damage["code"],
  path: string,
  seal: Seal | undefined,
  detail: string,
): SegmentReading {
  const range = { fromByte: 0, toByte: seal?.bytes ?? 0 };
  return { records: [], damage: [{ code, path, range, detail }], late: [] };
}
