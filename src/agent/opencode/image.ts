/**
 * Copies a database that its owner is writing, at one committed state, without a lock and without a byte written.
 *
 * Why the copy is one state: pages reach the database file only from the WAL, and the WAL is begun anew only with
 * another header (new salts). So when the database is read first, the WAL second, and the WAL's header is the same
 * before and after, every page that was moved meanwhile stands in the copy of the WAL too and is taken from there.
 * Where there is no WAL to compare, the database is read twice: two equal readings with no journal beside them and no
 * WAL after them have no write between them.
 * Never: more than {@link databaseBytesMax} is read, and a database that never holds still is said to be unreadable.
 */
import type { Files } from "../../model/ports.ts";
import { IoError } from "../../model/ports.ts";
import { readFile } from "../read-file.ts";
import { withWal } from "./wal.ts";

export type ImageRead =
  | { readonly status: "read"; readonly image: Uint8Array }
  | { readonly status: "missing" }
  | { readonly status: "unreadable"; readonly why: string };

/** The image is held in memory, twice while it is read. */
export const databaseBytesMax = 512 * 1024 * 1024;
const triesMax = 64;
const walHeaderBytes = 32;

/** Reads the database at `path` with its WAL. */
export async function readImage(files: Files, path: string): Promise<ImageRead> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const image = await tryRead(files, path);
    if (image !== "changed") return image;
  }
  return {
    status: "unreadable",
    why: "The database is written to all the time: no state of it could be copied",
  };
}

async function tryRead(files: Files, path: string): Promise<ImageRead | "changed"> {
  const before = await headOf(files, `${path}-wal`);
  const database = await readFile(files, path);
  if (database.status !== "read") return database;
  const wal = await readFile(files, `${path}-wal`);
  if (wal.status === "unreadable") return wal;
  const walBytes = wal.status === "read" ? wal.bytes : new Uint8Array(0);
  if (walBytes.length < walHeaderBytes) {
    const again = await readFile(files, path);
    if (again.status !== "read" || !isEqual(again.bytes, database.bytes)) return "changed";
    if (await isInTransaction(files, path)) return "changed";
  }
  const after = await headOf(files, `${path}-wal`);
  if (!isEqual(before, after) || !isEqual(before, walBytes.subarray(0, walHeaderBytes))) return "changed";
  return { status: "read", image: withWal(database.bytes, walBytes) };
}

/** First bytes of the WAL; none when there is no WAL. */
async function headOf(files: Files, path: string): Promise<Uint8Array> {
  try {
    const file = await files.openRead(path);
    if (file === undefined) return new Uint8Array(0);
    try {
      return await file.read(0, walHeaderBytes);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return new Uint8Array(0);
  }
}

/** A rollback journal with a header says that pages of the file may be of a transaction that is not done. */
async function isInTransaction(files: Files, path: string): Promise<boolean> {
  const head = await headOf(files, `${path}-journal`);
  return head.some((byte) => byte !== 0);
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false;
  return true;
}
