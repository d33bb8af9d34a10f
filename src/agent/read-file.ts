/**
 * Reads one file of an agent's store, or says why not.
 *
 * Always: a folder, a FIFO, a file without permission and a file that is too large are answers, not errors.
 */
import { type Files, IoError } from "../model/ports.ts";

export type FileRead =
  | { readonly status: "read"; readonly bytes: Uint8Array }
  | { readonly status: "missing" }
  | { readonly status: "unreadable"; readonly why: string };

/** Whole files are held in memory; a store larger than this is not read. */
export const fileBytesMax = 512 * 1024 * 1024;

const chunkBytes = 4 * 1024 * 1024;

/** The file's content as it is now. */
export async function readFile(files: Files, path: string): Promise<FileRead> {
  try {
    const file = await files.openRead(path);
    if (file === undefined) return await whyNot(files, path);
    try {
      const size = await file.size();
      if (size > fileBytesMax)
        return { status: "unreadable", why: `The file has ${size} bytes, too many to read` };
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < size; ) {
        const chunk = await file.read(at, Math.min(size, at + chunkBytes));
        if (chunk.length === 0) break;
        chunks.push(chunk);
        at += chunk.length;
      }
      return { status: "read", bytes: joined(chunks) };
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return { status: "unreadable", why: `Reading failed with ${thrown.code}` };
  }
}

async function whyNot(files: Files, path: string): Promise<FileRead> {
  const stat = await files.stat(path);
  if (stat === undefined || stat.kind === "file") return { status: "missing" };
  return { status: "unreadable", why: `There is a ${stat.kind} where the file should be` };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
