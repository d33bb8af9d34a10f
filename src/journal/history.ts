/**
 * Reads all segments of a folder into one history.
 *
 * Always: segments are read from the newest to the oldest, because a newer one says where an older one ends; what
 * cannot be read is reported and hides nothing else.
 * Never: it writes nothing, and the seal of a segment is never moved.
 */
import { type Files, IoError } from "../model/ports.ts";
import { coverOf } from "./cover.ts";
import { nothing, readSegment, type SegmentReading } from "./read-segment.ts";
import { type Seal, type StampedSeal, sealsIn } from "./seal.ts";
import { generationsIn, type ScannedRecord, segmentName } from "./segment.ts";
import type { JournalHistory } from "./types.ts";

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
  const newest = all.findLast((generation) => present.has(generation)) ?? 0;
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
  let above = newest + 1;
  for (const generation of [...present].reverse()) {
    readings.push(...missingBetween(folder, generation, above, seals));
    above = generation;
    if (skipped.has(generation)) continue;
    const path = `${folder}/${segmentName(generation)}`;
    const reading = await readSegment(files, path, generation, seals.get(generation), options);
    if (reading.stamp !== undefined) stamps.set(generation, reading.stamp);
    const stated = sealsIn(reading.records);
    // A lower generation read the lengths earlier: its seals replace those of the higher ones.
    for (const each of stated.seals) seals.set(each.generation, each);
    readings.push({ ...reading, damage: [...reading.damage, ...stated.damage] });
  }
  readings.push(...missingBetween(folder, 0, above, seals));
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

/**
 * Segments that are missing between two others, from the newest to the oldest: each of which a seal tells by itself, the
 * others together. However far apart the two are, as a stray name may be, there is no more of them than of seals.
 */
function missingBetween(
  folder: string,
  below: number,
  above: number,
  seals: ReadonlyMap<number, Seal>,
): SegmentReading[] {
  const sealed = [...seals.values()].filter(({ generation }) => generation > below && generation < above);
  sealed.sort((left, right) => right.generation - left.generation);
  const found: SegmentReading[] = [];
  let highest = above - 1;
  for (const seal of [...sealed, undefined]) {
    const edge = seal?.generation ?? below;
    if (edge < highest) found.push(missing(folder, edge + 1, highest, undefined));
    if (seal !== undefined) found.push(missing(folder, edge, edge, seal));
    highest = edge - 1;
  }
  return found;
}

function missing(folder: string, first: number, last: number, seal: Seal | undefined): SegmentReading {
  const [name, lastName] = [segmentName(first), segmentName(last)];
  const what = first === last ? "The segment is" : `The segments ${name} to ${lastName} are`;
  return nothing("log-missing", `${folder}/${name}`, seal, `${what} missing from the folder.`);
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
