/**
 * What earlier lives have left on record, as this one begins: a checkpoint with the records behind it, or all of the
 * journal.
 *
 * Always: a checkpoint of which something cannot be read is passed over, told and removed, and the journal is read: so
 * nothing of it stops a start, this one or the next.
 * Never: anything is recorded here but the life itself.
 */
import { type JournalHistory, readJournal, type TakenOver, takeOver } from "../journal/index.ts";
import { IoError, type World } from "../model/ports.ts";
import {
  type Checkpoint,
  checkpointPath,
  type PackedState,
  packState,
  readCheckpoint,
  recordsPerCheckpoint,
} from "./checkpoint.ts";
import type { Context } from "./context.ts";
import { recordCite } from "./recorder.ts";
import { readRecord } from "./records.ts";
import { idsToRecover } from "./recover.ts";
import { emptyState, fold, passBy, type State } from "./state.ts";

export interface Past extends Pick<TakenOver, "journal" | "history"> {
  readonly state: State;
  /** Generations of empty segments: emptied, or of a life that was killed before it wrote anything; the two look alike. */
  readonly empty: readonly number[];
  /** Any session may have attempts on the disk that are not on record. */
  readonly isDoubtful: boolean;
  /** What the next start can begin with, where that is due. */
  readonly packed: PackedState | undefined;
  /** To be called when nobody asks for a session any more. */
  close(): Promise<void>;
}

/** Takes the journal over and reads it. @throws IoError when it cannot be taken over. */
export async function takePast(
  { world, config: { home }, report }: Pick<Context, "world" | "config" | "report">,
  life: Readonly<Record<string, unknown>>,
): Promise<Past> {
  const kept = await readCheckpoint(world.files, home);
  const covered = kept === undefined ? {} : { covered: kept.covers };
  const taken = await takeOver(world.files, `${home}/journal`, life, covered);
  if (kept === undefined) return pastOf(taken, taken.history, emptyState());
  if (taken.covered) {
    try {
      return { ...pastOf(taken, taken.history, kept.state), close: () => kept.close() };
    } catch (thrown) {
      if (!(thrown instanceof IoError)) throw thrown;
      report(`The checkpoint is not used, and the whole journal was read: ${thrown.message}.`);
      await forget(world, home, kept);
      const history = await readJournal(world.files, `${home}/journal`);
      return pastOf(taken, history, emptyState());
    }
  }
  await kept.close();
  return pastOf(taken, taken.history, emptyState());
}

/** The next start would find it as this one did. */
async function forget({ files }: World, home: string, kept: Checkpoint): Promise<void> {
  await kept.close();
  await files.remove(checkpointPath(home)).catch(() => false);
}

/** @throws IoError where something of the checkpoint that this start asks for cannot be read. */
function pastOf({ journal, seals }: TakenOver, history: JournalHistory, state: State): Past {
  for (const { type, data, path, range } of history.records) {
    const record = readRecord(type, data);
    if (record === undefined) passBy(state, data);
    else fold(state, record, recordCite(path, range, type, data));
  }
  const empty = seals.filter(({ bytes }) => bytes === 0).map(({ generation }) => generation);
  const isDoubtful = history.damage.length > 0 || empty.some((generation) => generation > state.searchedTo);
  // What this start asks for.
  if (isDoubtful) state.sessions.values();
  else for (const id of idsToRecover({ state })) state.sessions.get(id);
  // Of this very state: before anything is recorded in this life. Damage is to be told at every start anew.
  const isWhole = history.damage.length === 0 && history.late.length === 0;
  const isDue = isWhole && history.records.length >= recordsPerCheckpoint;
  const packed = isDue ? packState(seals, state) : undefined;
  return { journal, history, state, empty, isDoubtful, packed, close: () => Promise.resolve() };
}
