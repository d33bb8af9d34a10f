/**
 * Reads a range of a file: in pieces, so that no file has to fit into memory; a few bytes at once.
 */
import type { ReadFile } from "../model/ports.ts";

const chunkBytes = 256 * 1024;

/** To hand a smaller read to another thread costs many times what the read does, above all where processors are busy. */
const fewBytes = 16 * 1024;

/** The bytes `[fromByte, toByte)`, mostly just written by somebody; fewer where the file ends. @throws IoError. */
export function readRecent(
  file: ReadFile,
  fromByte: number,
  toByte: number,
): Uint8Array | Promise<Uint8Array> {
  const isFew = file.readNow !== undefined && toByte - fromByte <= fewBytes;
  return (isFew ? file.readNow?.(fromByte, toByte) : undefined) ?? file.read(fromByte, toByte);
}

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
