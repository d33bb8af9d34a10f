/**
 * One line of a spool as text, taken apart where damage has joined lines.
 *
 * Always: the ranges of the parts join without a gap or an overlap to the range of the line.
 * Never: a line that reads as JSON is left whole, whatever is in it.
 */
import type { ByteRange } from "../model/cite.ts";
import { citeValueCharsMax } from "../model/cite.ts";
import type { RawLine } from "./lines.ts";

export interface SpoolLine {
  /** Without its newline. Only the head of an oversized line, nothing of a run of NUL bytes. */
  readonly text: string;
  /** Including its newline, where it has one. */
  readonly range: ByteRange;
  /** The bytes are no line that an agent writes; `text` is for people. */
  readonly problem?: "oversized" | "nul" | "not-utf8";
  /** Stood on one line with another one: the newline between them was lost. */
  readonly glued?: true;
}

/** A line with more runs of NUL bytes is not taken apart: nothing in it is worth the memory. */
const nulRunsMax = 16;

/** So many lines are not joined by damage: an agent wrote them like that. */
const gluedMax = 256;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of a line: one part, or several where NUL bytes or a lost newline join what were several lines. */
export function splitLine(line: RawLine): readonly SpoolLine[] {
  const range = { fromByte: line.fromByte, toByte: line.toByte };
  if (line.oversized) {
    const text = lenient.decode(line.bytes).slice(0, citeValueCharsMax);
    return [{ text, range, problem: "oversized" }];
  }
  if (line.bytes.includes(0)) return splitNul(line);
  return decode(line.bytes, range);
}

function splitNul(line: RawLine): SpoolLine[] {
  const { bytes, fromByte, toByte } = line;
  const parts: SpoolLine[] = [];
  let at = 0;
  while (at < bytes.length) {
    const nul = bytes[at] === 0;
    let end = at;
    while (end < bytes.length && (bytes[end] === 0) === nul) end++;
    const range = { fromByte: fromByte + at, toByte: end === bytes.length ? toByte : fromByte + end };
    if (nul) parts.push({ text: "", range, problem: "nul" });
    else parts.push(...decode(bytes.subarray(at, end), range));
    if (parts.length > 2 * nulRunsMax) {
      return [
        {
          text: lenient.decode(bytes.subarray(0, citeValueCharsMax)),
          range: { fromByte, toByte },
          problem: "nul",
        },
      ];
    }
    at = end;
  }
  return parts;
}

function decode(bytes: Uint8Array, range: ByteRange): readonly SpoolLine[] {
  const text = decodeStrictly(bytes);
  const shown = text ?? lenient.decode(bytes);
  if (shown.startsWith("{") && seam.test(shown) && !isJson(shown)) {
    const parts = splitGlued(bytes, range);
    if (parts !== undefined) return parts;
  }
  return [text === undefined ? { text: shown, range, problem: "not-utf8" } : { text, range }];
}

/** An object's end, at most one foreign character (the altered newline), an object's start. */
const seam = /\}.?\{"/su;

/** The parts of a line that is several objects, each of them JSON; undefined for any other line. */
function splitGlued(bytes: Uint8Array, range: ByteRange): SpoolLine[] | undefined {
  const parts: SpoolLine[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = objectEnd(bytes, at);
    const text = end === undefined ? undefined : decodeStrictly(bytes.subarray(at, end));
    if (end === undefined || text === undefined || !isJson(text)) return undefined;
    // The altered newline belongs to the line that it ended.
    const stop = end === bytes.length || bytes[end] === openBrace ? end : end + 1;
    const toByte = stop === bytes.length ? range.toByte : range.fromByte + stop;
    parts.push({ text, range: { fromByte: range.fromByte + at, toByte }, glued: true });
    if (parts.length > gluedMax) return undefined;
    at = stop;
  }
  return parts;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Offset behind the object that begins at `from`. Bytes above 0x7f are never one of these marks in UTF-8. */
function objectEnd(bytes: Uint8Array, from: number): number | undefined {
  if (bytes[from] !== openBrace) return undefined;
  let depth = 0;
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === quote) {
      for (i++; i < bytes.length && bytes[i] !== quote; i++) if (bytes[i] === backslash) i++;
    } else if (byte === openBrace) depth++;
    else if (byte === closeBrace && --depth === 0) return i + 1;
  }
  return undefined;
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
