/**
 * The form of one journal record: a line of text with tabs between its fields.
 *
 *     j1 <crc> <bytes> <generation> <n> <"type"> <{data}> [<generation>.<n>]
 *
 * `crc` (8 hexadecimal digits) covers everything behind it; `bytes` is the length of what follows `bytes`. The last
 * field stands only in a record that was written again after a failed sync, and names the copy it replaces.
 *
 * Always: a raw tab or newline stands only between fields and records, since JSON escapes both: the mark `j1` and
 * a tab cannot occur inside data, so a record can be found again behind damage, and on a line with another one.
 * Never: reading does not throw, whatever the bytes are.
 */
import { crc32 } from "./crc32.ts";

/** The fields of a record, and where they ended. */
export interface ParsedRecord {
  readonly generation: number;
  readonly n: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** `generation.n` of the copy in the segment whose sync failed. */
  readonly replaces?: string;
  /** Offset behind the record in the bytes it was read from, newline not counted. */
  readonly end: number;
}

/** Why bytes are no record: only the checksum is wrong, or even the form. */
export type NoRecord = "checksum" | "form";

const mark = Uint8Array.of(0x6a, 0x31, 0x09); // "j1" and a tab
/** `j1`, crc and `bytes` with their tabs are never longer. */
const headBytesMax = 3 + 9 + 10;
const headPattern = /^j1\t([0-9a-f]{8})\t([1-9]\d{0,8})\t/;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A record before it has a place. `dataJson` is what `JSON.stringify` made of an object. */
export interface RecordDraft {
  readonly type: string;
  readonly dataJson: string;
  readonly replaces?: string;
}

/** The bytes of a record, newline included. */
export function encodeRecord(generation: number, n: number, draft: RecordDraft): Uint8Array {
  const replaces = draft.replaces === undefined ? "" : `\t${draft.replaces}`;
  const body = encoder.encode(
    `${generation}\t${n}\t${JSON.stringify(draft.type)}\t${draft.dataJson}${replaces}`,
  );
  const length = encoder.encode(`${body.length}\t`);
  const crc = crc32(body, crc32(length));
  const head = encoder.encode(`j1\t${crc.toString(16).padStart(8, "0")}\t`);
  const line = new Uint8Array(head.length + length.length + body.length + 1);
  line.set(head);
  line.set(length, head.length);
  line.set(body, head.length + length.length);
  line[line.length - 1] = 0x0a;
  return line;
}

/** Reads the record that begins at `at`. */
export function parseRecord(bytes: Uint8Array, at: number): ParsedRecord | NoRecord {
  let head = "";
  const headEnd = Math.min(bytes.length, at + headBytesMax);
  for (let i = at; i < headEnd; i++) head += String.fromCharCode(bytes[i] ?? 0);
  const match = headPattern.exec(head);
  if (match === null) return "form";
  const [whole, crcText = "", lengthText = ""] = match;
  const bodyStart = at + whole.length;
  const end = bodyStart + Number(lengthText);
  if (end > bytes.length) return "form";
  const covered = bytes.subarray(bodyStart - lengthText.length - 1, end);
  if (crc32(covered) !== Number.parseInt(crcText, 16)) return "checksum";
  const fields = parseBody(bytes.subarray(bodyStart, end));
  return fields === undefined ? "form" : { ...fields, end };
}

/** Where the next record could begin, at `at` or behind it; -1 when nowhere. */
export function findRecord(bytes: Uint8Array, at: number): number {
  const [first, second, third] = mark;
  for (let i = bytes.indexOf(first ?? 0, at); i !== -1; i = bytes.indexOf(first ?? 0, i + 1)) {
    if (bytes[i + 1] === second && bytes[i + 2] === third) return i;
  }
  return -1;
}

function parseBody(body: Uint8Array): Omit<ParsedRecord, "end"> | undefined {
  try {
    const [generationText = "", nText = "", typeJson = "", dataJson = "", replaces, ...more] = decoder
      .decode(body)
      .split("\t");
    if (more.length > 0) return undefined;
    const generation = parseCount(generationText);
    const n = parseCount(nText);
    const type: unknown = JSON.parse(typeJson);
    const data: unknown = JSON.parse(dataJson);
    if (generation === undefined || n === undefined || typeof type !== "string" || !isObject(data))
      return undefined;
    return { generation, n, type, data, ...(replaces === undefined ? {} : { replaces }) };
  } catch {
    // Bytes with the right checksum that are no record of this form: somebody else's, reported as damage.
    return undefined;
  }
}

function parseCount(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/** A JSON object, as opposed to an array, a text, a number, null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
