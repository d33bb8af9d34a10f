/**
 * Reads a log of JSON lines piece by piece: a log of any size costs one chunk and its longest line.
 *
 * Always: records come in order with their bytes; a line that is no record goes through {@link readLines}, so damage
 * is named in the same way whatever the size; the file is read up to the length that it had at the start.
 * Never: it throws on content, and a line longer than `lineBytesMax` is not held in memory.
 */
import type { Damage } from "../model/fact.ts";
import { isRecord } from "../model/json.ts";
import { type Files, IoError, type ReadFile } from "../model/ports.ts";
import { type LineOptions, type LineRecord, lineBytesMaxDefault, readLines } from "./lines.ts";

export type LineScan =
  | { readonly status: "read"; readonly damage: readonly Damage[] }
  | { readonly status: "missing" }
  | { readonly status: "unreadable"; readonly why: string };

/** So many damaged places of one file are listed; a last entry counts the rest. */
export const damageMax = 1_000;

const chunkBytes = 512 * 1024;
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
  const scan = new Scan(path, { isRecord: isLine, lineBytesMax }, onRecord);
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

/** While one piece is taken apart, the next one is read. */
async function readInto(file: ReadFile, scan: Scan): Promise<void> {
  const size = await file.size();
  const readFrom = (fromByte: number) => {
    const piece = file.read(fromByte, Math.min(size, fromByte + chunkBytes));
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

class Scan {
  readonly damage: Damage[] = [];
  readonly #path: string;
  readonly #options: LineOptions;
  readonly #onRecord: (record: LineRecord) => void;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** Pieces of a line that has not ended yet. */
  #open: Uint8Array[] = [];
  #openFrom = 0;
  #openBytes = 0;

  constructor(path: string, options: LineOptions, onRecord: (record: LineRecord) => void) {
    this.#path = path;
    this.#options = options;
    this.#onRecord = onRecord;
  }

  push(chunk: Uint8Array, at: number): void {
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      this.#line(chunk.subarray(from, end), at + from, false);
      from = end + 1;
    }
    if (from === chunk.length) return;
    if (this.#openBytes === 0) this.#openFrom = at + from;
    this.#openBytes += chunk.length - from;
    // Of a line that is too long only its length is kept.
    if (this.#openBytes <= this.#options.lineBytesMax) this.#open.push(chunk.slice(from));
    else this.#open = [];
  }

  end(at: number): void {
    if (this.#openBytes > 0) this.#line(new Uint8Array(0), at, true);
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
      this.#harm({ code: "oversized-record", path: this.#path, range, detail });
      return;
    }
    // Whatever does not begin with a brace is left to the reader that knows all kinds of damage.
    const value = line[0] === brace ? this.#parse(line) : undefined;
    if (value === undefined) this.#broken(line, fromByte, isLast);
    else this.#onRecord({ value, range: { fromByte, toByte: fromByte + length } });
  }

  #parse(line: Uint8Array): Readonly<Record<string, unknown>> | undefined {
    try {
      const value: unknown = JSON.parse(this.#decoder.decode(line));
      return isRecord(value) && this.#options.isRecord(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #broken(line: Uint8Array, fromByte: number, isLast: boolean): void {
    const whole = isLast ? line : joined([line, new Uint8Array([newline])], line.length + 1);
    const { records, damage } = readLines(whole, this.#path, this.#options);
    for (const { value, range } of records) this.#onRecord({ value, range: shifted(range, fromByte) });
    for (const harm of damage) this.#harm({ ...harm, range: shifted(harm.range, fromByte) });
  }

  #harm(harm: Damage): void {
    if (this.damage.length < damageMax) this.damage.push(harm);
    else {
      const detail = "From here on there are more damaged places, which are not listed";
      this.damage[damageMax] ??= { ...harm, code: "corrupt-middle", detail };
    }
  }
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
