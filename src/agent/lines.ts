/**
 * Reads a file of JSON lines as other programs leave it: torn, with runs of NUL, with records glued together.
 *
 * Always: every record keeps its bytes; what is no record is reported as damage with its bytes and costs no
 * neighbour; a last line without a newline that is a whole record is a record.
 * Never: it throws on content, and it does not hold more than one line that is too long.
 */
import type { ByteRange } from "../model/cite.ts";
import type { Damage } from "../model/fact.ts";
import { isRecord, jsonValueEnd, parseJson, skipBlank } from "../model/json.ts";

/** A JSON object and where it stands. */
export interface LineRecord {
  readonly value: Readonly<Record<string, unknown>>;
  readonly range: ByteRange;
}

export interface LineFile {
  readonly records: readonly LineRecord[];
  readonly damage: readonly Damage[];
}

export interface LineOptions {
  /** Is this the beginning of a record of this file's kind? Tells a record from an object inside one. */
  readonly isRecord: (value: Readonly<Record<string, unknown>>) => boolean;
  /** Longer lines are not read. */
  readonly lineBytesMax: number;
}

export const lineBytesMaxDefault = 64 * 1024 * 1024;

const newline = 0x0a;
const brace = 0x7b;
/** Of a broken line so many places are tried at which a whole record could begin. */
const rescuesMax = 64;

/** Reads the whole content of a file. */
export function readLines(bytes: Uint8Array, path: string, options: LineOptions): LineFile {
  const records: LineRecord[] = [];
  const damage: Damage[] = [];
  for (let fromByte = 0; fromByte < bytes.length; ) {
    const end = bytes.indexOf(newline, fromByte);
    const toByte = end === -1 ? bytes.length : end;
    if (toByte - fromByte > options.lineBytesMax) {
      const detail = `A line of ${toByte - fromByte} bytes is longer than what is read as a record`;
      damage.push({ code: "oversized-record", path, range: { fromByte, toByte }, detail });
    } else {
      const line = readLine(bytes, { fromByte, toByte }, end === -1, path, options);
      for (const one of line.records) records.push(one);
      for (const one of line.damage) damage.push(one);
    }
    fromByte = toByte + 1;
  }
  return { records, damage };
}

/** A line is read in the pieces that runs of NUL leave of it. */
function readLine(
  bytes: Uint8Array,
  line: ByteRange,
  isLast: boolean,
  path: string,
  options: LineOptions,
): LineFile {
  const records: LineRecord[] = [];
  const damage: Damage[] = [];
  let at = line.fromByte;
  while (at < line.toByte) {
    const nul = bytes[at] === 0;
    let end = at + 1;
    while (end < line.toByte && (bytes[end] === 0) === nul) end += 1;
    const range = { fromByte: at, toByte: end };
    if (nul) {
      damage.push({
        code: "nul-run",
        path,
        range,
        detail: `There are ${end - at} NUL bytes instead of a record`,
      });
    } else {
      const piece = readPiece(bytes, range, isLast && end === line.toByte, path, options);
      for (const one of piece.records) records.push(one);
      for (const one of piece.damage) damage.push(one);
    }
    at = end;
  }
  return { records, damage };
}

function readPiece(
  bytes: Uint8Array,
  range: ByteRange,
  isLast: boolean,
  path: string,
  options: LineOptions,
): LineFile {
  const fromByte = skipBlank(bytes, range.fromByte);
  const { toByte } = range;
  if (fromByte >= toByte) return { records: [], damage: [] };
  const whole = parse(bytes, { fromByte, toByte });
  if (whole !== undefined && options.isRecord(whole)) {
    return { records: [{ value: whole, range: { fromByte, toByte } }], damage: [] };
  }
  const glued = splitGlued(bytes, { fromByte, toByte }, options);
  if (glued !== undefined) {
    const detail = `${glued.length} records stand on one line`;
    return { records: glued, damage: [{ code: "glued-record", path, range: { fromByte, toByte }, detail }] };
  }
  const rescued = whole === undefined ? rescue(bytes, { fromByte, toByte }, options) : [];
  const badTo = rescued[0]?.range.fromByte ?? toByte;
  const isTorn = isLast && rescued.length === 0 && whole === undefined;
  const detail = isTorn
    ? "The last record is incomplete"
    : whole === undefined
      ? "These bytes are no record"
      : "This JSON value is not a record of this file";
  const code = isTorn ? "torn-tail" : "corrupt-middle";
  return { records: rescued, damage: [{ code, path, range: { fromByte, toByte: badTo }, detail }] };
}

/** Records one after the other without a newline; undefined unless every byte belongs to one. */
function splitGlued(bytes: Uint8Array, range: ByteRange, options: LineOptions): LineRecord[] | undefined {
  const records: LineRecord[] = [];
  const line = bytes.subarray(0, range.toByte);
  for (let at = range.fromByte; at < range.toByte; ) {
    const end = line[at] === brace ? jsonValueEnd(line, at) : undefined;
    if (end === undefined) return undefined;
    const piece = { fromByte: at, toByte: end };
    const value = parse(bytes, piece);
    if (value === undefined || !options.isRecord(value)) return undefined;
    records.push({ value, range: piece });
    at = skipBlank(line, end);
  }
  return records;
}

/** Whole records behind a broken beginning: what a writer appended to a torn line. */
function rescue(bytes: Uint8Array, range: ByteRange, options: LineOptions): LineRecord[] {
  let at = range.fromByte;
  for (let tries = 0; tries < rescuesMax; tries += 1) {
    at = bytes.indexOf(brace, at + 1);
    if (at === -1 || at >= range.toByte) return [];
    const records = splitGlued(bytes, { fromByte: at, toByte: range.toByte }, options);
    if (records !== undefined) return records;
  }
  return [];
}

function parse(
  bytes: Uint8Array,
  { fromByte, toByte }: ByteRange,
): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(fromByte, toByte),
    );
    const value = parseJson(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
