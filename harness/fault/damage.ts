/**
 * Damage: what a failing disk, an editor or a full partition leaves of one file between kill and restart.
 *
 * Always: exactly one record (or the whole file, for `empty`) is touched, and which bytes is returned.
 * Not able to: rename or remove files, or touch a file that somebody holds open for writing.
 */
import type { Machine } from "../execute/machine.ts";
import type { Damage } from "../plan/plan.ts";

/** The bytes that were touched, in the coordinates of the file before the damage. */
export interface Damaged {
  readonly path: string;
  readonly how: Damage["how"];
  readonly fromByte: number;
  readonly toByte: number;
}

/** Records are lines; a file without newlines (a JSON snapshot) is one record. */
export function recordsOf(bytes: Uint8Array): { fromByte: number; toByte: number }[] {
  const records: { fromByte: number; toByte: number }[] = [];
  let fromByte = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== 0x0a && at !== bytes.length - 1) continue;
    if (at + 1 > fromByte) records.push({ fromByte, toByte: at + 1 });
    fromByte = at + 1;
  }
  return records;
}

/** Damages the file; undefined when there is nothing in it to damage. */
export async function damageFile(
  path: string,
  { how, record }: Damage,
  wholeFile: boolean,
  machine: Pick<Machine, "readFile" | "truncate" | "writeFile">,
): Promise<Damaged | undefined> {
  const bytes = await machine.readFile(path);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const records = wholeFile ? [{ fromByte: 0, toByte: bytes.length }] : recordsOf(bytes);
  // From the end, since the last records are those a crash is about.
  const chosen = records[records.length - 1 - (record % records.length)];
  if (chosen === undefined) return undefined;
  const { fromByte, toByte } = chosen;
  const middle = fromByte + Math.max(1, Math.floor((toByte - fromByte) / 2));
  if (how === "empty") {
    await machine.truncate(path, 0);
    return { path, how, fromByte: 0, toByte: bytes.length };
  }
  if (how === "cut") {
    await machine.truncate(path, middle);
    return { path, how, fromByte: middle, toByte: bytes.length };
  }
  // The newline stays, so that the neighbours are records of their own.
  const end = bytes[toByte - 1] === 0x0a ? toByte - 1 : toByte;
  const damaged = Buffer.from(bytes);
  if (how === "nul") damaged.fill(0, fromByte, end);
  else if (how === "flip") flip(damaged, middle, fromByte, end);
  // 0x1a (substitute) is no valid JSON character anywhere in a line.
  else damaged.fill(0x1a, fromByte, Math.min(end, fromByte + 4));
  await machine.writeFile(path, damaged);
  return { path, how, fromByte, toByte };
}

/** Makes the first letter or digit from `middle` on (before it, where there is none) the next one of its kind. */
function flip(bytes: Uint8Array, middle: number, fromByte: number, end: number): void {
  const places = [...range(middle, end), ...range(fromByte, middle).reverse()];
  const at = places.find((one) => isPlain(bytes[one] ?? 0)) ?? fromByte;
  const byte = bytes[at] ?? 0;
  const isLast = byte === 0x39 || byte === 0x7a;
  bytes[at] = isLast ? byte - 1 : byte + 1;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function isPlain(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a);
}
