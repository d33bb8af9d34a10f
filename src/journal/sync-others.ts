/**
 * Brings to the disk what somebody else has written: a spool, a segment of an earlier life.
 *
 * Always: after a sync that failed the bytes are written anew, by a descriptor of its own, and that is synced: the system may
 * have let go of them, and would say yes to whoever asks again, a successor too.
 * Never: a second sync alone is believed.
 */
import type { ReadFile } from "../model/ports.ts";

/**
 * Syncs the file; where that fails, writes everything from `fromByte` on anew.
 *
 * @param fromByte everything before it was synced earlier.
 * @throws IoError when the bytes may not be on the disk.
 * @example await syncOthers(spool, covered);
 */
export async function syncOthers(file: ReadFile, fromByte: number): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (file.renew === undefined) throw error;
    await file.renew(fromByte);
  }
}
