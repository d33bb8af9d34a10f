/**
 * Reads a log of JSON lines piece by piece: a log of any size costs one chunk and its longest line.
 *
 * Always: records come in order with their bytes; a line that is no record goes through {@link readLines}, so damage
 * is named in the same way whatever the size; the file is read up to the length that it had at the start.
 * Never: it throws on content, and a line longer than `lineBytesMax` is not held in memory.
 */
import type { Damage } from "../model/fact.ts";
import { isRecord, parseJson } from "../model/json.ts";
import { type Files, IoError, type ReadFile } from "../model/ports.ts";
import { type LineOptions, type LineRecord, lineBytesMaxDefault, readLines } from "./lines.ts";

export type LineScan =
  | { readonly status: "read"; readonly damage: readonly Damage[] }
  | { readonly status: "missing" }
  | { readonly status: "unreadable"; readonly why: string };

/** So many damaged places of one file are listed; a last entry counts the rest. */
export const damageMax = 1_000;

const chunkBytes = 1024 * 1024;
/** Whole lines are decoded together, so many bytes at once: a longer text costs the garbage collector more. */
const windowBytes = 64 * 1024;
const newline = 0x0a;
const brace = 0x7b;

/** Is this the beginning of a record of the file's kind? See {@link LineOptions}. */
export type IsRecord = LineOptions["isRecord"];

/** Calls back per record. Answers when the whole file is read; throws only what `onRecord` throws. */
export async function scanLines(
  files: Files,
  path: string,
  isLine: IsRecord,
  onRecord: (record: LineRecord) => void,
  lineBytesMax: number = lineBytesMaxDefault,
): Promise<LineScan> {
  const scan = new Scan(path, { isRecord: isLine, lineBytesMax }, onRecord, files.decode);
  try {
    const file = await files.openRead(path);
    if (file === undefined) return await whyNot(files, path);
    try {
      await readInto(file, scan);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return { status: "unreadable", why: `Reading failed with ${thrown.code}` };
  }
  return { status: "read", damage: scan.damage };
}

/** While one piece is taken apart, the next one is read: two pieces of memory in turns. */
async function readInto(file: ReadFile, scan: Scan): Promise<void> {
  const size = await file.size();
  const rooms = [0, 1].map(() => new Uint8Array(Math.min(size, chunkBytes)));
  let turn = 0;
  const readFrom = (fromByte: number) => {
    turn = 1 - turn;
    const piece = file.read(fromByte, Math.min(size, fromByte + chunkBytes), rooms[turn]);
    // Whoever awaits it gets its error; nobody does if the piece before could not be taken apart.
    piece.catch(() => undefined);
    return piece;
  };
  let next = readFrom(0);
  let at = 0;
  while (at < size) {
    const chunk = await next;
    if (chunk.length === 0) break;
    const end = at + chunk.length;
    if (end < size) next = readFrom(end);
    scan.push(chunk, at);
    at = end;
  }
  scan.end(at);
}

async function whyNot(files: Files, path: string): Promise<LineScan> {
  const stat = await files.stat(path);
  if (stat === undefined || stat.kind === "file") return { status: "missing" };
  return { status: "unreadable", why: `There is a ${stat.kind} where the file should be` };
}

/** Damaged places of one file, as many as are listed. */
export class DamageList {
  readonly list: Damage[] = [];

  add(harm: Damage): void {
    if (this.list.length < damageMax) this.list.push(harm);
    else {
      const detail = "From here on there are more damaged places, which are not listed";
      this.list[damageMax] ??= { ...harm, code: "corrupt-middle", detail };
    }
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

class Scan {
  readonly #damage = new DamageList();
  readonly #path: string;
  readonly #options: LineOptions;
  readonly #onRecord: (record: LineRecord) => void;
  readonly #decoded: (bytes: Uint8Array) => string | undefined;
  /** Pieces of a line that has not ended yet. */
  #open: Uint8Array[] = [];
  #openFrom = 0;
  #openBytes = 0;

  constructor(
    path: string,
    options: LineOptions,
    onRecord: (record: LineRecord) => void,
    decode: (bytes: Uint8Array) => string | undefined = decodeUtf8,
  ) {
    this.#decoded = decode;
    this.#path = path;
    this.#options = options;
    this.#onRecord = onRecord;
  }

  get damage(): readonly Damage[] {
    return this.#damage.list;
  }

  push(chunk: Uint8Array, at: number): void {
    let from = 0;
    if (this.#openBytes > 0) {
      const end = chunk.indexOf(newline);
      if (end === -1) this.#keep(chunk, at);
      else this.#line(chunk.subarray(0, end), at, false);
      from = end === -1 ? chunk.length : end + 1;
    }
    while (from < chunk.length) {
      const to = windowEnd(chunk, from);
      if (to === 0) this.#keep(chunk.subarray(from), at + from);
      else this.#window(chunk.subarray(from, to), at + from);
      from = to === 0 ? chunk.length : to;
    }
  }

  end(at: number): void {
    if (this.#openBytes > 0) this.#line(new Uint8Array(0), at, true);
  }

  /** Of a line that is too long only its length is kept. */
  #keep(piece: Uint8Array, at: number): void {
    if (this.#openBytes === 0) this.#openFrom = at;
    this.#openBytes += piece.length;
    if (this.#openBytes <= this.#options.lineBytesMax) this.#open.push(piece.slice());
    else this.#open = [];
  }

  /** Whole lines. Where a byte is no character each is decoded by itself, so that it harms no neighbour. */
  #window(bytes: Uint8Array, at: number): void {
    const text = this.#decoded(bytes);
    if (text === undefined || bytes.length > this.#options.lineBytesMax) this.#lines(bytes, at);
    else this.#text(text, bytes, at);
  }

  /** @param text of the bytes; byte and character stand at the same place if there are as many of both. */
  #text(text: string, bytes: Uint8Array, at: number): void {
    const isPlain = text.length === bytes.length;
    let from = 0;
    let fromByte = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      const endByte = isPlain ? end : bytes.indexOf(newline, fromByte);
      const value = text.charCodeAt(from) === brace ? this.#parse(text.slice(from, end)) : undefined;
      if (value === undefined) this.#broken(bytes.subarray(fromByte, endByte), at + fromByte, false);
      else this.#onRecord({ value, range: { fromByte: at + fromByte, toByte: at + endByte } });
      from = end + 1;
      fromByte = endByte + 1;
    }
  }

  #lines(bytes: Uint8Array, at: number): void {
    let from = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      this.#line(bytes.subarray(from, end), at + from, false);
      from = end + 1;
    }
  }

  #line(rest: Uint8Array, at: number, isLast: boolean): void {
    const fromByte = this.#openBytes > 0 ? this.#openFrom : at;
    const length = this.#openBytes + rest.length;
    const line = this.#open.length === 0 ? rest : joined([...this.#open, rest], length);
    if (this.#openBytes > 0) this.#open = [];
    this.#openBytes = 0;
    if (length > this.#options.lineBytesMax) {
      const detail = `A line of ${length} bytes is longer than what is read as a record`;
      const range = { fromByte, toByte: fromByte + length };
      this.#damage.add({ code: "oversized-record", path: this.#path, range, detail });
      return;
    }
    // Whatever does not begin with a brace is left to the reader that knows all kinds of damage.
    const text = line[0] === brace ? this.#decoded(line) : undefined;
    const value = text === undefined ? undefined : this.#parse(text);
    if (value === undefined) this.#broken(line, fromByte, isLast);
    else this.#onRecord({ value, range: { fromByte, toByte: fromByte + length } });
  }

  #parse(text: string): Readonly<Record<string, unknown>> | undefined {
    const value = parseJson(text);
    return isRecord(value) && this.#options.isRecord(value) ? value : undefined;
  }

  #broken(line: Uint8Array, fromByte: number, isLast: boolean): void {
    const whole = isLast ? line : joined([line, new Uint8Array([newline])], line.length + 1);
    const { records, damage } = readLines(whole, this.#path, this.#options);
    for (const { value, range } of records) this.#onRecord({ value, range: shifted(range, fromByte) });
    for (const harm of damage) this.#damage.add({ ...harm, range: shifted(harm.range, fromByte) });
  }
}

/** Behind the last line that ends within a window, or behind the line that is longer than one; 0 when none ends. */
function windowEnd(chunk: Uint8Array, from: number): number {
  const most = from + windowBytes;
  const last = chunk.lastIndexOf(newline, Math.min(most, chunk.length) - 1);
  return (last >= from ? last : most < chunk.length ? chunk.indexOf(newline, most) : -1) + 1;
}

function shifted(range: { fromByte: number; toByte: number }, by: number) {
  return { fromByte: range.fromByte + by, toByte: range.toByte + by };
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
