/**
 * The durable journal: public names, by hand.
 *
 * Always: what an append acknowledged is in every history read later, once, or damage is reported where it stood.
 * Never: nothing is appended to a file of an earlier life; nothing behind a seal is history; no time decides.
 */

export { type Cover, coverOf, verifySpool } from "./cover.ts";
export { crc32 } from "./crc32.ts";
export { readJournal } from "./history.ts";
export { readRecent } from "./read.ts";
export { createAtomically, removeLeftovers, replaceAtomically } from "./replace.ts";
export type { Seal, StampedSeal } from "./seal.ts";
export { generationOf } from "./segment.ts";
export { readSnapshot, type SnapshotRead, snapshotBytesMax, writeSnapshot } from "./snapshot.ts";
export { type SpoolBatch, type SpoolLine, type SpoolOptions, SpoolReader, spoolLinesIn } from "./spool.ts";
export { OthersSync, renewOthers } from "./sync-others.ts";
export { type TakenOver, takeOver } from "./take-over.ts";
export {
  type Appended,
  groupBytesMaxDefault,
  type Journal,
  type JournalHistory,
  type JournalOptions,
  type JournalPosition,
  type JournalRecord,
  type JournalState,
  type LateWrite,
  lateTextCharsMax,
  recordBytesMaxDefault,
} from "./types.ts";
