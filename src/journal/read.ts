/**
 * Reads a range of a file in pieces, so that no file has to fit into memory.
 */
import type { ReadFile } from "../model/ports.ts";

const chunkBytes = 256 * 1024;

/** The bytes `[fromByte, toByte)` in order, in pieces; ends where the file ends. @throws IoError from the port. */
export async function* readChunks(
  file: ReadFile,
  fromByte: number,
  toByte: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = fromByte;
  while (at < toByte) {
    const chunk = await file.read(at, Math.min(toByte, at + chunkBytes));
    if (chunk.length === 0) return;
    yield chunk;
    at += chunk.length;
  }
}
