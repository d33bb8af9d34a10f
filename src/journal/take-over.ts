/**
 * Take-over: how a server life becomes the only one whose records count.
 *
 * Always: first the new segment exists, for everybody to see, then the lengths of the older ones are taken; and recorded
 * when its name is durable. So a record that an older life acknowledged, having seen no newer segment after its sync, lies
 * before its seal.
 * Never: nothing is appended to, cut from or repaired in an older segment; no lock, lease or time is involved.
 */
import type { Files } from "../model/ports.ts";
import { draftRecord } from "./draft.ts";
import { readSegments } from "./history.ts";
import { DurableJournal } from "./journal.ts";
import { lifeType, type Seal, type StampedSeal, sealsToRecord } from "./seal.ts";
import { generationsIn } from "./segment.ts";
import {
  type Journal,
  type JournalHistory,
  type JournalOptions,
  type JournalRecord,
  recordBytesMaxDefault,
} from "./types.ts";
import { type BegunSegment, SegmentWriter, type Written } from "./writer.ts";

export interface TakenOver {
  readonly journal: Journal;
  readonly history: JournalHistory;
  /** Where each older segment ends, as far as that could be read. */
  readonly seals: readonly StampedSeal[];
  /** The segments of `options.covered` were left out: their records are not in the history. */
  readonly covered: boolean;
}

/**
 * Takes the journal in `folder` over (creating the folder if need be) and reads its history.
 *
 * The history ends with this life's own first record, of type "life": `life` and `seals`. If yet another life has
 * taken over meanwhile, the journal returned has the state "fenced".
 *
 * @throws IoError when the new segment cannot be written, or an older one cannot be synced: then nothing was taken
 *   over, and the next attempt begins anew.
 * @example
 * const { journal, history } = await takeOver(files, "/data/journal", { pid: 4711, bootId });
 */
export async function takeOver(
  files: Files,
  folder: string,
  life: Readonly<Record<string, unknown>>,
  options: JournalOptions = {},
): Promise<TakenOver> {
  const recordBytesMax = options.recordBytesMax ?? recordBytesMaxDefault;
  draftRecord(lifeType, life, recordBytesMax);
  await files.makeFolder(folder);
  // Also when it is there: a life that made it may have ended before its name was durable.
  await files.syncFolder(folder.slice(0, folder.lastIndexOf("/")) || "/");
  const { segment, named } = await createNext(files, folder);
  try {
    const reading = readSegments(files, folder, {
      below: segment.generation,
      sync: true,
      recordBytesMax,
      ...(options.covered === undefined ? {} : { covered: options.covered }),
    });
    const [older] = await Promise.all([reading, named]);
    const seals = sealsToRecord(older.known, older.fresh);
    const data = { ...life, seals };
    const [first] = await segment.write([draftRecord(lifeType, data, recordBytesMax)]);
    const journal = new DurableJournal(files, folder, segment, seals, options);
    await journal.checkFence();
    const own: JournalRecord[] = first === undefined ? [] : [ownRecord(first, data)];
    const records = [...older.history.records, ...own];
    const stamped = (seal: Seal): StampedSeal => {
      const stamp = older.stamps.get(seal.generation);
      return stamp === undefined ? seal : { ...seal, stamp };
    };
    const all = [...older.known, ...older.fresh]
      .map(stamped)
      .sort((left, right) => left.generation - right.generation);
    const history = { ...older.history, records, generation: segment.generation };
    return { journal, history, seals: all, covered: older.covered };
  } catch (error) {
    await segment.close();
    throw error;
  }
}

/** Creates the segment behind the newest one; another life that is faster only moves the number up. */
async function createNext(files: Files, folder: string): Promise<BegunSegment> {
  const names = (await files.list(folder)) ?? [];
  for (let generation = (generationsIn(names).at(-1) ?? 0) + 1; ; generation++) {
    const made = await SegmentWriter.begin(files, folder, generation);
    if (made !== undefined) return made;
  }
}

function ownRecord(written: Written, data: Readonly<Record<string, unknown>>): JournalRecord {
  const { generation, n, path, range } = written;
  // As it will be read back: plain JSON, whatever `life` was.
  const plain: Record<string, unknown> = JSON.parse(JSON.stringify(data));
  return { generation, n, type: lifeType, data: plain, path, range };
}
