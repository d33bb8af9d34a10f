/**
 * What the journal hands out: records as read back, histories, answers to an append, positions.
 *
 * Always: plain data; a record keeps its file and its bytes, so that it can be cited.
 * Never: nothing here holds a handle; the one object that does is {@link Journal}.
 */
import type { ByteRange } from "../model/cite.ts";
import type { Damage } from "../model/fact.ts";
import type { StampedSeal } from "./seal.ts";

/** A record as read back. Types that this version does not know survive and are passed on. */
export interface JournalRecord {
  /** Segment that the record stands in. */
  readonly generation: number;
  /** 1, 2, 3 … within the segment. */
  readonly n: number;
  readonly type: string;
  /** Plain JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly path: string;
  /** Bytes of the record, including its newline where it has one. */
  readonly range: ByteRange;
}

/** A line that stands behind the seal of its segment: evidence of a late writer, never history. */
export interface LateWrite {
  readonly path: string;
  readonly range: ByteRange;
  readonly generation: number;
  /** The line, shortened to {@link lateTextCharsMax} characters. */
  readonly text: string;
}

export const lateTextCharsMax = 4096;

/** Everything that the segments of a folder say. */
export interface JournalHistory {
  /** By generation, then `n`; the first records of the segments are among them. */
  readonly records: readonly JournalRecord[];
  readonly damage: readonly Damage[];
  readonly late: readonly LateWrite[];
  /** The newest generation in the folder; 0 when there is none. */
  readonly generation: number;
}

/**
 * A place in the journal: everything up to record `n` of a segment.
 *
 * `bytes` is where that record ends, `crc` the CRC-32 of the segment's bytes `[0, bytes)`.
 */
export interface JournalPosition {
  readonly generation: number;
  readonly n: number;
  readonly bytes: number;
  readonly crc: number;
}

/** The answer to an append. After `ok: false` the record may or may not be in the history that a later life reads. */
export type Appended =
  | {
      readonly ok: true;
      readonly generation: number;
      readonly n: number;
      readonly range: ByteRange;
      readonly path: string;
      /** What a snapshot covers that holds this record and all before it. */
      readonly position: JournalPosition;
    }
  | { readonly ok: false; readonly why: "fenced" | "failed" | "closed"; readonly detail: string };

export type JournalState = "open" | "fenced" | "failed" | "closed";

/** The journal of one server life: the only writer of its segments. */
export interface Journal {
  /** Segment that is written now. It grows after a failed sync (rule 6) and by nothing else. */
  readonly generation: number;
  readonly state: JournalState;
  /**
   * Resolves when the record is on the disk and no newer generation exists. Appends in flight share one sync.
   *
   * @param type any string; `data` any JSON object, taken as it is at the moment of the call.
   * @param source resolves when that is on the disk from which the record was computed, and can be computed again: the
   *   bytes of a checksum. Such a record is acknowledged when it is written and its source is there; its own sync follows
   *   at once, and after a power cut before that the record may be missing. Rejects as `source` does.
   * @throws HoldfastError `bad-argument` (as a rejection) for data that is no JSON object or larger than `recordBytesMax`.
   * @example
   * const answer = await journal.append("dispatch", { runId: "r1", attempt: 1 });
   * if (!answer.ok) return unavailable(answer.detail);
   */
  append(type: string, data: Readonly<Record<string, unknown>>, source?: Promise<unknown>): Promise<Appended>;
  /** Resolves, without being asked, when nothing is accepted any more for another reason than {@link close}. */
  readonly over: Promise<Extract<Appended, { ok: false }>>;
  /**
   * Where the last acknowledged record ends; right after take-over, where the history ends. Records of one group are
   * acknowledged together: a state that takes them in one by one keeps the `position` of each answer instead.
   */
  position(): JournalPosition;
  /**
   * Looks whether another server has taken over by now; undefined while none has. To be asked before an act that a
   * refused append could not take back.
   */
  checkFence(): Promise<Extract<Appended, { ok: false }> | undefined>;
  /** What stands behind the newest seals now: a former server may have gone on since the take-over. @throws IoError. */
  lateWrites(): Promise<readonly LateWrite[]>;
  /** Ends after the appends in flight; further ones are answered "closed". */
  close(): Promise<void>;
}

export interface JournalOptions {
  /**
   * Segments whose records the caller holds the outcome of. They are left out if all of them are to the last byte what
   * they were, by their stamps or else by their bytes; else the whole history is read.
   */
  readonly covered?: readonly StampedSeal[];
  /** Longest line that is written or read as a record, in bytes; 16 MiB by default. */
  readonly recordBytesMax?: number;
  /** Bytes that the lines of a group may take before it is cut and the rest waits; 256 KiB by default, and at most. */
  readonly groupBytesMax?: number;
}

export const recordBytesMaxDefault = 16 * 1024 * 1024;
export const groupBytesMaxDefault = 256 * 1024;

/**
 * A segment's last bytes of which a successor cannot know whether they were synced, besides a record that is longer than a
 * group: nothing more is written while so much is not.
 */
export const unsyncedBytesMax = 2 * groupBytesMaxDefault;
