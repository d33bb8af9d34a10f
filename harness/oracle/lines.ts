/**
 * JSON lines of a file in a cut, with the byte range of every record and of every place that is none.
 *
 * Always: tolerant. What cannot be read is a span with its byte range, and never hides its neighbours.
 * Never: nothing here is shared with the readers under test; a reader never throws on what it reads.
 */
import { isUtf8 } from "node:buffer";
import type { CutFile } from "../history.ts";

/** A half-open byte range of a file that could not be read as a record. */
export interface BadSpan {
  readonly fromByte: number;
  readonly toByte: number;
  readonly what: "torn-tail" | "bad-record" | "nul-run" | "glued-record" | "not-json" | "empty";
  /** A whole record stands at its end: somebody appended to a torn one, or behind NULs. A reader may find it, and need not. */
  readonly hidesRecord?: true;
}

/** One readable record. */
export interface LineRecord {
  readonly fromByte: number;
  readonly toByte: number;
  readonly value: Readonly<Record<string, unknown>>;
  /** False for a whole last record without its newline: its writer may or may not have been done. */
  readonly isTerminated: boolean;
}

export interface Lines {
  readonly records: readonly LineRecord[];
  readonly bad: readonly BadSpan[];
  readonly sizeBytes: number;
}

/** The bytes of a file in a cut; undefined when the file was not there. */
export function bytesOf(file: CutFile): Buffer | undefined {
  if (file.content === undefined) return undefined;
  return Buffer.from(file.content, file.base64 === true ? "base64" : "utf8");
}

/** Files of cuts that are remembered besides by themselves; several cuts of a run mostly hold the same. */
const rememberedMax = 64;

/** A reader that reads each content once: every check and every class asks for the same files again. */
export function once<T>(read: (file: CutFile) => T): (file: CutFile) => T {
  const ofFile = new WeakMap<CutFile, { readonly value: T }>();
  let latest: { readonly file: CutFile; readonly value: T }[] = [];
  return (file) => {
    if (file.content === undefined) return read(file);
    const known = ofFile.get(file) ?? latest.find((one) => isSame(one.file, file));
    if (known !== undefined) {
      ofFile.set(file, known);
      return known.value;
    }
    const made = { file, value: read(file) };
    ofFile.set(file, made);
    latest = [made, ...latest.slice(0, rememberedMax - 1)];
    return made.value;
  };
}

function isSame(left: CutFile, right: CutFile): boolean {
  return left.path === right.path && left.base64 === right.base64 && left.content === right.content;
}

/** Reads a file as JSON lines; undefined when the file was not there. */
export const linesOf: (file: CutFile) => Lines | undefined = once((file) => {
  const bytes = bytesOf(file);
  return bytes === undefined ? undefined : readLines(bytes);
});

/** Reads bytes as JSON lines. A last line without a newline is torn only if it is no whole record. */
export function readLines(bytes: Buffer): Lines {
  const records: LineRecord[] = [];
  const bad: BadSpan[] = [];
  let fromByte = 0;
  while (fromByte < bytes.length) {
    const newline = bytes.indexOf(0x0a, fromByte);
    const toByte = newline === -1 ? bytes.length : newline + 1;
    readLine(bytes, fromByte, newline === -1 ? bytes.length : newline, toByte, newline === -1, records, bad);
    fromByte = toByte;
  }
  return { records, bad, sizeBytes: bytes.length };
}

function readLine(
  bytes: Buffer,
  fromByte: number,
  endByte: number,
  toByte: number,
  isTail: boolean,
  records: LineRecord[],
  bad: BadSpan[],
): void {
  const line = bytes.subarray(fromByte, endByte);
  if (line.length === 0 || line.toString("latin1").trim() === "") return;
  const text = line.toString("utf8");
  const value = isUtf8(line) ? parseObject(text) : undefined;
  if (value !== undefined) {
    records.push({ fromByte, toByte, value, isTerminated: !isTail });
    return;
  }
  const hidden = endsWithRecord(text) ? ({ hidesRecord: true } as const) : {};
  if (line.includes(0)) {
    bad.push({ fromByte, toByte, what: "nul-run", ...hidden });
    return;
  }
  const glued = splitGlued(text);
  if (glued !== undefined) {
    for (const part of glued) records.push({ fromByte, toByte, value: part, isTerminated: !isTail });
    bad.push({ fromByte, toByte, what: "glued-record" });
    return;
  }
  bad.push({ fromByte, toByte, what: isTail ? "torn-tail" : "bad-record", ...hidden });
}

/** Of a broken line so many places are tried at which a whole object could begin. */
const hiddenTriesMax = 64;

/** A record of an agent's log says when it was written; an object inside one does not. */
function endsWithRecord(text: string): boolean {
  let at = text.indexOf("{", 1);
  for (let tries = 0; at !== -1 && tries < hiddenTriesMax; tries += 1) {
    const value = parseObject(text.slice(at));
    if (typeof value?.type === "string" && typeof value.timestamp === "string") return true;
    at = text.indexOf("{", at + 1);
  }
  return false;
}

/** Parses one JSON object; undefined for anything else. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value as a plain object; undefined for anything else. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** `{…}{…}` on one line: the whole objects, if each part is one. */
function splitGlued(text: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  const parts: Readonly<Record<string, unknown>>[] = [];
  let from = 0;
  for (let at = text.indexOf("}{"); at !== -1 && parts.length < 16; at = text.indexOf("}{", at + 1)) {
    const part = parseObject(text.slice(from, at + 1));
    if (part === undefined) continue;
    parts.push(part);
    from = at + 1;
  }
  const last = from === 0 ? undefined : parseObject(text.slice(from));
  if (last === undefined) return undefined;
  return [...parts, last];
}
