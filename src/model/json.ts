/**
 * JSON as text and as bytes: a canonical form to compare values by, and the end of a value in raw bytes.
 *
 * Always: total; whatever comes in, an answer comes out. Depth is bounded by counting, never by the call stack.
 * Never: it does not validate. That a value was found to end somewhere does not mean that it parses.
 */

const quote = 0x22;
const backslash = 0x5c;
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);
const blank = new Set([0x20, 0x09, 0x0a, 0x0d]);
const after = new Set([0x2c, 0x3a, 0x5d, 0x7d, ...blank]);

/** First byte at or behind `at` that is not JSON white space. */
export function skipBlank(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && blank.has(bytes[next] ?? 0)) next += 1;
  return next;
}

/** Where the value that starts at `at` ends; undefined when the bytes end first. */
export function jsonValueEnd(bytes: Uint8Array, at: number): number | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first === quote) return stringEnd(bytes, at);
  if (!opening.has(first)) return scalarEnd(bytes, at);
  let depth = 0;
  for (let next = at; next < bytes.length; next += 1) {
    const byte = bytes[next] ?? 0;
    if (byte === quote) {
      const end = stringEnd(bytes, next);
      if (end === undefined) return undefined;
      next = end - 1;
    } else if (opening.has(byte)) depth += 1;
    else if (closing.has(byte)) {
      depth -= 1;
      if (depth === 0) return next + 1;
    }
  }
  return undefined;
}

function stringEnd(bytes: Uint8Array, at: number): number | undefined {
  for (let next = at + 1; next < bytes.length; next += 1) {
    if (bytes[next] === backslash) next += 1;
    else if (bytes[next] === quote) return next + 1;
  }
  return undefined;
}

function scalarEnd(bytes: Uint8Array, at: number): number {
  let next = at + 1;
  while (next < bytes.length && !after.has(bytes[next] ?? 0)) next += 1;
  return next;
}

/**
 * The same text for equal JSON values, whatever the order of their keys.
 *
 * @example canonicalJson({ b: 1, a: [2] }) === '{"a":[2],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sortKeys) ?? "undefined";
}

function sortKeys(_key: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  const keys = Object.keys(value);
  // Without a prototype, so that a hostile key "__proto__" stays a key.
  const sorted: Record<string, unknown> = Object.create(null);
  for (const key of keys.sort()) sorted[key] = value[key];
  return sorted;
}

/** What agents write is a few levels deep; what is deeper than this cannot be written again by every reader. */
const levelsMax = 1_000;

/**
 * The value of a JSON text that somebody else wrote; undefined for what is none, or is nested deeper than
 * {@link levelsMax}: whoever writes such a value anew runs out of stack.
 *
 * @example parseJson('{"a":[1]}') // { a: [1] }
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return text.length > 2 * levelsMax && isDeeper(value, levelsMax) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const one of Object.values(value)) if (isDeeper(one, levels - 1)) return true;
  return false;
}

/** A JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
