/**
 * CRCs over ranges of a spool: how damage in raw lines, which carry no checksum, is proven later.
 *
 * Always: damage is reported for exactly the covered range whose bytes are missing or others.
 * Never: bytes behind the last cover cannot be proven whole or damaged; no damage is reported for them, and
 * whoever shows them says that nothing vouches for them.
 */
import type { Damage } from "../model/fact.ts";
import type { ReadFile } from "../model/ports.ts";
import { crc32 } from "./crc32.ts";
import { readChunks } from "./read.ts";

/** The CRC-32 of the bytes `[fromByte, toByte)` of a file. */
export interface Cover {
  readonly fromByte: number;
  readonly toByte: number;
  readonly crc: number;
}

/**
 * The cover of a range, to be journalled while the file is synced.
 *
 * The range ends earlier where the file does. @throws IoError when the file cannot be read.
 */
export async function coverOf(file: ReadFile, fromByte: number, toByte: number): Promise<Cover> {
  if (file.crc32 !== undefined) return { fromByte, ...(await file.crc32(fromByte, toByte)) };
  let crc = 0;
  let at = fromByte;
  for await (const chunk of readChunks(file, fromByte, toByte)) {
    crc = crc32(chunk, crc);
    at += chunk.length;
  }
  return { fromByte, toByte: at, crc };
}

/**
 * Checks every covered range of a spool: missing bytes are "truncated", other bytes are "checksum".
 *
 * Bytes that no cover names, above all those behind the last one, are unprovable: they are not looked at.
 * @param path is put into the damage. @throws IoError when the file cannot be read.
 */
export async function verifySpool(file: ReadFile, covers: readonly Cover[], path: string): Promise<Damage[]> {
  const damage: Damage[] = [];
  for (const cover of covers) {
    const found = await coverOf(file, cover.fromByte, cover.toByte);
    if (found.toByte < cover.toByte) {
      const missing = cover.toByte - found.toByte;
      damage.push({
        code: "truncated",
        path,
        range: { fromByte: found.toByte, toByte: cover.toByte },
        detail: `${missing} bytes that were recorded as synced are missing; the ${found.toByte - cover.fromByte} bytes of the same range that are left cannot be proven whole.`,
      });
    } else if (found.crc !== cover.crc) {
      damage.push({
        code: "checksum",
        path,
        range: { fromByte: cover.fromByte, toByte: cover.toByte },
        detail: "These bytes are not those that were synced: their CRC-32 differs from the recorded one.",
      });
    }
  }
  return damage;
}
