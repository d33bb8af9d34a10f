/**
 * The spool of one attempt while it is followed: where reading goes on, what is new, and that this is on the disk.
 *
 * Always: every line is handed out once, in order, with the sync of its bytes under way; one that was cut under us is read on
 * behind what is on record, wherever that is in the file then.
 * Never: it records what it reads; that is its reader's. It records alone that the file was cut, before reading on.
 */
import { OthersSync, renewOthers, type SpoolLine, SpoolReader } from "../journal/index.ts";
import type { ReadFile } from "../model/ports.ts";
import type { Context } from "./context.ts";
import { fileByteOf, unsureFromByte } from "./covers.ts";
import { mapSpool } from "./shift.ts";
import type { AttemptState, SessionState } from "./state.ts";
import { unitsToCover } from "./units.ts";

/** A burst is recorded in pieces of this size, so that its first line need not wait for its last. */
const batchBytesMax = 4 * 1024 * 1024;

/** New lines, of which none is on record. */
export interface NewLines {
  readonly lines: readonly SpoolLine[];
  /** Resolves when their bytes are on the disk. Its failure is heard already: whoever waits hears of it again. */
  readonly synced: Promise<void>;
  /** What the record of them says: offsets of the stream. */
  cover(): Promise<{
    readonly fromByte: number;
    readonly ends: readonly number[];
    readonly crcs: readonly number[];
  }>;
}

export class FollowedSpool {
  readonly #context: Context;
  readonly #session: SessionState;
  readonly #attempt: AttemptState;
  readonly #file: ReadFile;
  readonly #sync: OthersSync;
  #reader: SpoolReader;
  /** Stream offset minus file offset. */
  #delta = 0;

  private constructor(context: Context, session: SessionState, attempt: AttemptState, file: ReadFile) {
    this.#context = context;
    this.#session = session;
    this.#attempt = attempt;
    this.#file = file;
    this.#sync = new OthersSync(file);
    this.#reader = new SpoolReader(file);
  }

  /**
   * Takes the file over, which is its to close, also where this fails.
   *
   * @param isTakenOver an earlier life may have followed it, and been killed as a sync of it failed.
   * @throws IoError.
   */
  static async of(
    context: Context,
    session: SessionState,
    attempt: AttemptState,
    file: ReadFile,
    isTakenOver: boolean,
  ): Promise<FollowedSpool> {
    const spool = new FollowedSpool(context, session, attempt, file);
    try {
      await spool.#begin(isTakenOver);
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
    return spool;
  }

  /** Somebody waits for what was just written, and longest for its sync: that begins before it is read. */
  syncEarly(): void {
    this.#sync.beginEarly();
  }

  /** What was written since. `more`: there may be more. @throws IoError. */
  async next(): Promise<{ readonly news?: NewLines; readonly sizeBytes: number; readonly more: boolean }> {
    const { lines, toByte, tailBytes, more, bytes } = await this.#reader.next();
    const sizeBytes = toByte + tailBytes;
    const [first] = lines;
    if (first !== undefined) {
      // What was read was written before. Begun first, since everybody waits for it.
      const synced = this.#sync.bring(first.range.fromByte, toByte);
      synced.catch(() => undefined);
      return { news: { lines, synced, cover: () => this.#coverOf(lines, bytes) }, sizeBytes, more };
    }
    // Somebody has cut the file: the agent goes on at its end, which is before where we read.
    if ((await this.#file.size()) >= sizeBytes) return { sizeBytes, more };
    this.#sync.wasCut();
    await this.#begin(false);
    return { sizeBytes, more: true };
  }

  /** Bytes behind the last newline. */
  get tailBytes(): number {
    const { fromByte, toByte } = this.#reader.tailRange();
    return toByte - fromByte;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #coverOf(lines: readonly SpoolLine[], bytes: Uint8Array | undefined) {
    const delta = this.#delta;
    const units = await unitsToCover(this.#file, lines, bytes);
    return { fromByte: units.fromByte + delta, ends: units.ends.map((end) => end + delta), crcs: units.crcs };
  }

  /** Reads on behind what is on record, wherever that is in the file now. */
  async #begin(isTakenOver: boolean): Promise<void> {
    const { covers } = this.#attempt;
    const map = await mapSpool(this.#file, covers);
    if (isTakenOver) {
      const fromByte = map.shift === undefined ? fileByteOf(covers, unsureFromByte(covers)) : 0;
      await renewOthers(this.#file, fromByte);
    }
    if (map.shift !== undefined) {
      const { recorder } = this.#context;
      const at = { sessionId: this.#session.id, attempt: this.#attempt.attempt };
      await recorder.record("shift", { ...at, ...map.shift });
    }
    this.#delta = map.streamByte - map.fileByte;
    this.#reader = new SpoolReader(this.#file, { fromByte: map.fileByte, batchBytesMax });
  }
}
