/**
 * Writes one segment.
 *
 * Always: `good` is the end of what is on the disk; it moves only after a sync, to where the file ended when that began.
 * Appends are made one after the other; a sync may be under way meanwhile.
 * Never: after an append or a sync has failed nothing more is written here (rule 6).
 */

import type { ByteRange } from "../model/cite.ts";
import { HoldfastError, invariant } from "../model/error.ts";
import { type AppendFile, type Files, IoError } from "../model/ports.ts";
import { coverOf } from "./cover.ts";
import { crc32 } from "./crc32.ts";
import { encodeRecord, type RecordDraft } from "./record.ts";
import { generationMax, segmentName } from "./segment.ts";
import type { JournalPosition } from "./types.ts";

/** Where a record went. */
export interface Written {
  readonly generation: number;
  readonly n: number;
  readonly range: ByteRange;
  readonly path: string;
  readonly position: JournalPosition;
}

/** A segment that others see already, and whose name a power cut may still take. */
export interface BegunSegment {
  readonly segment: SegmentWriter;
  readonly named: Promise<void>;
}

export class SegmentWriter {
  readonly path: string;
  readonly #file: AppendFile;
  #good: JournalPosition;
  /** The last record that is written. */
  #end: JournalPosition;
  #isBroken = false;

  private constructor(file: AppendFile, generation: number) {
    this.path = file.path;
    this.#file = file;
    this.#good = { generation, n: 0, bytes: 0, crc: 0 };
    this.#end = this.#good;
  }

  /** Creates the segment and makes its name durable; undefined when that generation exists. @throws IoError. */
  static async create(files: Files, folder: string, generation: number): Promise<SegmentWriter | undefined> {
    const made = await SegmentWriter.begin(files, folder, generation);
    await made?.named;
    return made?.segment;
  }

  /** As {@link create}; nothing may be written before `named` has resolved. Where that fails, the segment is closed. */
  static async begin(files: Files, folder: string, generation: number): Promise<BegunSegment | undefined> {
    // Nobody would ever see one that has no name of a segment, and two would write at once.
    if (generation > generationMax) {
      const message = `Behind ${folder}/${segmentName(generationMax)} no segment can be named. No server of ours gets there: move that file away, then start again.`;
      throw new HoldfastError("bad-state", message);
    }
    const file = await files.createExclusive(`${folder}/${segmentName(generation)}`);
    if (file === undefined) return undefined;
    const segment = new SegmentWriter(file, generation);
    const named = nameDurably(files, folder).catch(async (error: unknown) => {
      await segment.close();
      throw error;
    });
    // Whoever needs it awaits it.
    named.catch(() => undefined);
    return { segment, named };
  }

  get generation(): number {
    return this.#good.generation;
  }

  /** The last record that is on the disk. */
  get good(): JournalPosition {
    return this.#good;
  }

  /** Behind {@link good}. */
  get unsyncedBytes(): number {
    return this.#end.bytes - this.#good.bytes;
  }

  /**
   * Appends the records in order; they are on the disk after the next {@link sync}.
   *
   * @throws IoError; then the segment ends at `good` for ever.
   */
  async append(drafts: readonly RecordDraft[]): Promise<Written[]> {
    const from = this.#end;
    const { generation } = from;
    let { n, bytes, crc } = from;
    const lines: Uint8Array[] = [];
    const written: Written[] = [];
    for (const draft of drafts) {
      n += 1;
      const line = encodeRecord(generation, n, draft);
      const range = { fromByte: bytes, toByte: bytes + line.length };
      bytes = range.toByte;
      crc = crc32(line, crc);
      lines.push(line);
      written.push({ generation, n, range, path: this.path, position: { generation, n, bytes, crc } });
    }
    await this.#unlessBroken(() => this.#file.append(joined(lines, bytes - from.bytes)));
    this.#end = { generation, n, bytes, crc };
    return written;
  }

  /**
   * Brings everything appended so far to the disk.
   *
   * @param isWaitedFor false where others come first. @throws IoError; then the segment ends at `good` for ever.
   */
  async sync(isWaitedFor = true): Promise<void> {
    const end = this.#end;
    const file = this.#file;
    const sync = () => (isWaitedFor || file.syncLater === undefined ? file.sync() : file.syncLater());
    await this.#unlessBroken(sync);
    this.#good = end;
  }

  /** {@link append}, then {@link sync}. */
  async write(drafts: readonly RecordDraft[]): Promise<Written[]> {
    const written = await this.append(drafts);
    await this.sync();
    return written;
  }

  async #unlessBroken(work: () => Promise<void>): Promise<void> {
    invariant(!this.#isBroken, `a segment was written to after a failed write (${this.path})`);
    try {
      await work();
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  /** Reads the file anew: are the bytes up to `good` those that were written? @throws IoError. */
  async verify(files: Files): Promise<void> {
    const file = await files.openRead(this.path);
    if (file === undefined) throw new IoError("ENOENT", this.path, "read back");
    try {
      const cover = await coverOf(file, 0, this.#good.bytes);
      const whole = cover.toByte === this.#good.bytes && cover.crc === this.#good.crc;
      if (!whole) throw new IoError("EIO", this.path, "read back (other bytes than were written)");
    } finally {
      await file.close();
    }
  }

  /** Never throws: a close that fails takes nothing away from what was synced. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }
}

async function nameDurably(files: Files, folder: string): Promise<void> {
  await files.syncFolder(folder);
}

function joined(lines: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const line of lines) {
    whole.set(line, at);
    at += line.length;
  }
  return whole;
}
