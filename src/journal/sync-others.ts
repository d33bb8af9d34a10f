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
