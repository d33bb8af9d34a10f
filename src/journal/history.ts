/**
 * Reads all segments of a folder into one history.
 *
 * Always: segments are read from the newest to the oldest, because a newer one says where an older one ends; what
 * cannot be read is reported and hides nothing else.
 * Never: it writes nothing, and the seal of a segment is never moved.
 */
import type { Damage } from "../model/fact.ts";
import { type Files, IoError, type ReadFile } from "../model/ports.ts";
import { coverOf } from "./cover.ts";
import { LineSplitter } from "./lines.ts";
import { readChunks } from "./read.ts";
import { encodeRecord } from "./record.ts";
import { type Seal, type StampedSeal, sealsIn } from "./seal.ts";
import { generationsIn, type ScannedRecord, scanSegment, segmentName } from "./segment.ts";
import { sequence } from "./sequence.ts";
import { renewOthers } from "./sync-others.ts";
import {
  type JournalHistory,
  type LateWrite,
  lateTextCharsMax,
  recordBytesMaxDefault,
  unsyncedBytesMax,
} from "./types.ts";

/** One segment as far as it could be read. */
interface SegmentReading {
  readonly records: readonly ScannedRecord[];
  readonly damage: readonly Damage[];
  readonly late: readonly LateWrite[];
  /** What would seal it now; undefined when it is sealed already or cannot be read. */
  readonly fresh?: Seal;
  /** Of the file before it was read. */
  readonly stamp?: string;
}

export interface SegmentsRead {
  readonly history: JournalHistory;
  /** Segments were left out as the caller has their outcome. */
  readonly covered: boolean;
  /** Seals on record. */
  readonly known: readonly Seal[];
  /** Seals for the segments that have none. */
  readonly fresh: readonly Seal[];
  /** By generation. */
  readonly stamps: ReadonlyMap<number, string>;
}

export interface SegmentsOptions {
  /** Only generations below; all when not given. */
  readonly below?: number;
  /** Bring a segment without a seal to the disk: what is sealed must be there. */
  readonly sync?: boolean;
  readonly recordBytesMax?: number;
  /** See `JournalOptions.covered`. */
  readonly covered?: readonly StampedSeal[];
}

/**
 * Reads the journal without taking over. A live writer's last record may appear as a torn tail.
 *
 * @param folder absolute path; a folder that does not exist is an empty history.
 * @throws IoError when the folder cannot be listed; a segment that cannot be read is damage.
 */
export async function readJournal(files: Files, folder: string): Promise<JournalHistory> {
  return (await readSegments(files, folder, {})).history;
}

/** As {@link readJournal}, with the seals that were found and those that are due. */
export async function readSegments(
  files: Files,
  folder: string,
  options: SegmentsOptions,
): Promise<SegmentsRead> {
  const all = generationsIn((await files.list(folder)) ?? []);
  const present = new Set(
    all.filter((generation) => generation < (options.below ?? Number.POSITIVE_INFINITY)),
  );
  const newest = Math.max(0, ...present);
  const covered = options.covered ?? [];
  const isCovered = covered.length > 0 && (await areUnchanged(files, folder, covered, present));
  const seals = new Map<number, Seal>();
  const stamps = new Map<number, string>();
  for (const { stamp, ...seal } of isCovered ? covered : []) {
    seals.set(seal.generation, seal);
    if (stamp !== undefined) stamps.set(seal.generation, stamp);
  }
  const skipped = new Set(seals.keys());
  const readings: SegmentReading[] = [];
  for (let generation = newest; generation > 0; generation--) {
    if (skipped.has(generation)) continue;
    const path = `${folder}/${segmentName(generation)}`;
    const seal = seals.get(generation);
    const reading = present.has(generation)
      ? await readSegment(files, path, generation, seal, options)
      : nothing("log-missing", path, seal, "The segment is missing from the folder.");
    if (reading.stamp !== undefined) stamps.set(generation, reading.stamp);
    const stated = sealsIn(reading.records);
    // A lower generation read the lengths earlier: its seals replace those of the higher ones.
    for (const each of stated.seals) seals.set(each.generation, each);
    readings.push({ ...reading, damage: [...reading.damage, ...stated.damage] });
  }
  readings.reverse();
  return {
    history: {
      records: withoutReplaced(readings.flatMap((reading) => reading.records)),
      damage: readings.flatMap((reading) => reading.damage),
      late: readings.flatMap((reading) => reading.late),
      generation: newest,
    },
    covered: isCovered,
    known: [...seals.values()],
    fresh: readings.flatMap((reading) => (reading.fresh === undefined ? [] : [reading.fresh])),
    stamps,
  };
}

/** Is each of these segments what it was, and none of their generations missing between them? */
async function areUnchanged(
  files: Files,
  folder: string,
  covered: readonly StampedSeal[],
  present: ReadonlySet<number>,
): Promise<boolean> {
  const last = Math.max(...covered.map(({ generation }) => generation));
  if ([...present].filter((generation) => generation <= last).length !== covered.length) return false;
  for (const { generation, bytes, crc, stamp } of covered) {
    const path = `${folder}/${segmentName(generation)}`;
    const now = await files.stat(path).catch(() => undefined);
    if (now?.kind !== "file" || now.sizeBytes !== bytes) return false;
    if (stamp !== undefined && now.stamp === stamp) continue;
    const file = await files.openRead(path).catch(() => undefined);
    if (file === undefined) return false;
    try {
      // What stands behind is a late write, to be told.
      if ((await file.size()) !== bytes || (await coverOf(file, 0, bytes)).crc !== crc) return false;
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      return false;
    } finally {
      await file.close();
    }
  }
  return true;
}

/** A group that was written again after a failed sync counts where it was acknowledged, even if the seal is lost. */
function withoutReplaced(records: readonly ScannedRecord[]): ScannedRecord[] {
  const replaced = new Set(records.map((record) => record.replaces).filter((place) => place !== undefined));
  return replaced.size === 0
    ? [...records]
    : records.filter((record) => !replaced.has(`${record.generation}.${record.n}`));
}

async function readSegment(
  files: Files,
  path: string,
  generation: number,
  seal: Seal | undefined,
  options: SegmentsOptions,
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
    const reading = await readOpen(
      small ?? file,
      generation,
      seal,
      options.recordBytesMax ?? recordBytesMaxDefault,
    );
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

function nothing(code: Damage["code"], path: string, seal: Seal | undefined, detail: string): SegmentReading {
  const range = { fromByte: 0, toByte: seal?.bytes ?? 0 };
  return { records: [], damage: [{ code, path, range, detail }], late: [] };
}
