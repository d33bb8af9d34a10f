/**
 * Damage: what a failing disk, an editor or a full partition leaves of one file between kill and restart.
 *
 * Always: exactly one record (or the whole file, for `empty`) is touched, and which bytes is returned.
 * Not able to: rename or remove files, or touch a file that somebody holds open for writing.
 */
import type { Machine } from "../execute/machine.ts";
import type { Damage } from "../plan/plan.ts";
import { recordMeant } from "./records.ts";

/** The bytes that were touched, in the coordinates of the file before the damage. */
export interface Damaged {
  readonly path: string;
  readonly how: Damage["how"];
  readonly fromByte: number;
  readonly toByte: number;
}

export interface DamagedFile {
  readonly path: string;
  /** It is one record. */
  readonly isWhole: boolean;
  /** The subject's ids of the plan's sessions: what a record says of whom it tells. */
  readonly sessionIds: readonly (string | undefined)[];
}

/** Damages the file; undefined when there is nothing in it to damage. */
export async function damageFile(
  { path, isWhole, sessionIds }: DamagedFile,
  damage: Damage,
  machine: Pick<Machine, "readFile" | "truncate" | "writeFile">,
): Promise<Damaged | undefined> {
  const { how } = damage;
  const bytes = await machine.readFile(path);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const whole = { fromByte: 0, toByte: bytes.length };
  const chosen = isWhole ? whole : recordMeant(bytes, damage, sessionIds);
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

/**
 * Makes the first letter or digit from the middle of the record's longest text on (before it, where there is none) the
 * next one of its kind: in a name of a field it would seldom look valid.
 */
function flip(bytes: Uint8Array, middle: number, fromByte: number, end: number): void {
  const from = middleOfLongestText(bytes, fromByte, end) ?? middle;
  const places = [...range(from, end), ...range(fromByte, from).reverse()];
  const isEscape = (one: number) => bytes[one - 1] === backslash;
  const at = places.find((one) => isPlain(bytes[one] ?? 0) && !isEscape(one)) ?? fromByte;
  const byte = bytes[at] ?? 0;
  const isLast = byte === 0x39 || byte === 0x7a;
  bytes[at] = isLast ? byte - 1 : byte + 1;
}

const backslash = 0x5c;
const quote = 0x22;
const colon = 0x3a;

/** Of the texts in quotes that name no field; undefined where there is none. */
function middleOfLongestText(bytes: Uint8Array, fromByte: number, end: number): number | undefined {
  const quotes = range(fromByte, end).filter((at) => bytes[at] === quote && bytes[at - 1] !== backslash);
  let longest: readonly [from: number, to: number] | undefined;
  for (let at = 0; at + 1 < quotes.length; at += 2) {
    const [from = 0, to = 0] = [quotes[at], quotes[at + 1]];
    if (bytes[to + 1] === colon) continue;
    if (longest === undefined || to - from > longest[1] - longest[0]) longest = [from, to];
  }
  return longest === undefined ? undefined : Math.floor((longest[0] + longest[1]) / 2);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function isPlain(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a);
}
