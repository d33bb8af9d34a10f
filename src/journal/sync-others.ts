/**
 * Brings to the disk what somebody else has written: a spool, a segment of an earlier life.
 *
 * Always: after a sync that failed, or may have failed for a life that was killed before it could do anything about it, the
 * bytes are written anew, by a descriptor of its own, and that is synced: the system may have let go of them, and would
 * say yes to whoever asks again, a successor too.
 * Never: a second sync alone is believed.
 */
import type { ReadFile } from "../model/ports.ts";

/**
 * Writes everything from `fromByte` on anew and syncs it, a second time where that fails; what an earlier life has left,
 * of which nobody can say whether its last sync was made.
 *
 * @param fromByte everything before it was synced, and another record tells so.
 * @returns the stamp that the file has then, where nobody else has changed it since it was opened.
 * @throws IoError when the bytes may not be on the disk.
 * @example await renewOthers(segment, 0);
 */
export async function renewOthers(file: ReadFile, fromByte: number): Promise<string | undefined> {
  if (file.renew === undefined) {
    await file.sync();
    return file.stamp;
  }
  return file.renew(fromByte).catch(() => file.renew?.(fromByte));
}

/** A sync that was begun before anybody knew what it brings to the disk. */
interface BegunSync {
  /** What is behind was written later. */
  toByte: number;
  readonly synced: Promise<void>;
  state: "under way" | "made" | "failed";
}

/**
 * Syncs of one file that somebody else writes, one at a time.
 *
 * Always: one that was begun early and failed is not forgotten, whatever a later one says: the bytes are written anew.
 */
export class OthersSync {
  readonly #file: ReadFile;
  #begun: BegunSync | undefined;

  constructor(file: ReadFile) {
    this.#file = file;
  }

  /** Begins a sync of what has just been written and is not read yet; nothing where one is under way. Never throws. */
  beginEarly(): void {
    if (this.#file.beginSync === undefined || (this.#begun !== undefined && this.#begun.state !== "made"))
      return;
    try {
      const begun: BegunSync = { ...this.#file.beginSync(), state: "under way" };
      this.#begun = begun;
      begun.synced.then(
        () => (begun.state = "made"),
        () => (begun.state = "failed"),
      );
    } catch {
      // The sync that is due once the bytes are read finds out what is wrong.
    }
  }

  /** What stands there now may have been written after what was begun; that it fails still counts. */
  wasCut(): void {
    if (this.#begun !== undefined) this.#begun.toByte = 0;
  }

  /**
   * Syncs the bytes `[fromByte, toByte)`, which have been read; where that fails, writes everything from `fromByte` on anew.
   *
   * @param fromByte everything before it was synced earlier.
   * @throws IoError when the bytes may not be on the disk.
   * @example await new OthersSync(spool).bring(covered, read);
   */
  async bring(fromByte: number, toByte: number): Promise<void> {
    const begun = this.#begun;
    this.#begun = undefined;
    const isEnough = begun !== undefined && begun.toByte >= toByte;
    try {
      await Promise.all([begun?.synced, isEnough ? undefined : this.#file.sync()]);
    } catch (error) {
      if (this.#file.renew === undefined) throw error;
      await this.#file.renew(fromByte);
    }
  }
}
