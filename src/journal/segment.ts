/**
 * Reads one segment: which records stand in a range of its bytes, and which bytes are none.
 *
 * Always: every byte of the range is in a record or in a damage; a damaged line never hides the records before,
 * behind or even beside it on the same line.
 * Never: a record is not believed on its form: only checksum, length and generation together make it one.
 */
import type { Damage } from "../model/fact.ts";
import type { ReadFile } from "../model/ports.ts";
import { crc32 } from "./crc32.ts";
import { LineSplitter, type RawLine } from "./lines.ts";
import { readChunks } from "./read.ts";
import { findRecord, type NoRecord, parseRecord } from "./record.ts";
import type { JournalRecord } from "./types.ts";

/** A record with what only the journal itself needs of it. */
export interface ScannedRecord extends JournalRecord {
  readonly replaces?: string;
}

export interface SegmentScan {
  /** As they stand in the file. */
  readonly records: readonly ScannedRecord[];
  readonly damage: readonly Damage[];
  /** CRC-32 of the bytes scanned. */
  readonly crc: number;
  /** End of the bytes scanned; less than asked for where the file ends. */
  readonly toByte: number;
}

const namePattern = /^(\d{8,15})\.journal$/;

/** The last one that has a name. Nobody gets there, but for the stray file of somebody else. */
export const generationMax = 999_999_999_999_999;

/** File name of a segment; up to eight digits, names sort as generations do. */
export function segmentName(generation: number): string {
  return `${String(generation).padStart(8, "0")}.journal`;
}

/** The generations whose segments are among the names of a folder, ascending; other names are nobody's. */
export function generationsIn(names: readonly string[]): number[] {
  return names
    .filter((name) => namePattern.test(name))
    .map((name) => [name, Number.parseInt(name, 10)] as const)
    .filter(([name, generation]) => generation > 0 && name === segmentName(generation))
    .map(([, generation]) => generation)
    .sort((left, right) => left - right);
}

/** The generation whose segment a path names; undefined for any other path. */
export function generationOf(path: string | undefined): number | undefined {
  return generationsIn([path?.slice(path.lastIndexOf("/") + 1) ?? ""])[0];
}

/** Scans the bytes `[0, toByte)` of a segment. @throws IoError when the file cannot be read. */
export async function scanSegment(
  file: ReadFile,
  generation: number,
  toByte: number,
  recordBytesMax: number,
): Promise<SegmentScan> {
  const scanner = new LineScanner(file.path, generation);
  const splitter = new LineSplitter(0, recordBytesMax);
  let crc = 0;
  for await (const chunk of readChunks(file, 0, toByte)) {
    crc = crc32(chunk, crc);
    splitter.push(chunk, (line) => scanner.line(line));
  }
  const tail = splitter.tail();
  if (tail !== undefined) scanner.line(tail);
  return { records: scanner.records, damage: scanner.damage, crc, toByte: splitter.end };
}

/** So many places of a line where a record begins and is none are tried; each can take the checksum of all that follows. */
const triesMax = 64;

/** Finds the records of lines. */
class LineScanner {
  readonly records: ScannedRecord[] = [];
  readonly damage: Damage[] = [];
  readonly #path: string;
  readonly #generation: number;
  #triesLeft = triesMax;

  constructor(path: string, generation: number) {
    this.#path = path;
    this.#generation = generation;
  }

  line(line: RawLine): void {
    if (line.oversized) {
      this.#report("oversized-record", line.fromByte, line.toByte, "A line is longer than a record may be.");
      return;
    }
    if (line.bytes.length === 0) {
      this.#report(
        "corrupt-middle",
        line.fromByte,
        line.toByte,
        "An empty line stands where a record should.",
      );
      return;
    }
    let at = 0;
    this.#triesLeft = triesMax;
    while (at < line.bytes.length) at = this.#step(line, at);
  }

  /** Reads what stands at `at`; returns where to go on. */
  #step(line: RawLine, at: number): number {
    const parsed = parseRecord(line.bytes, at);
    const whole = typeof parsed === "object";
    if (parsed === "checksum") this.#triesLeft -= 1;
    const next = this.#triesLeft > 0 ? findRecord(line.bytes, whole ? parsed.end : at + 1) : -1;
    const stop = next === -1 ? line.bytes.length : next;
    const toByte = next === -1 ? line.toByte : line.fromByte + next;
    if (!whole) {
      this.#reportBytes(line, at, stop, toByte, parsed);
      return stop;
    }
    const { end, ...fields } = parsed;
    const endsLine = end === line.bytes.length;
    const range = { fromByte: line.fromByte + at, toByte: endsLine ? line.toByte : line.fromByte + end };
    if (fields.generation === this.#generation) this.records.push({ ...fields, path: this.#path, range });
    else {
      const detail = `A whole record of generation ${fields.generation} stands in the segment of generation ${this.#generation}.`;
      this.#report("corrupt-middle", range.fromByte, range.toByte, detail);
    }
    if (endsLine) return end;
    if (next === -1 || next > end + 1) this.#reportBytes(line, end, stop, toByte, "form");
    else {
      const detail = "Two records stand on one line: the newline between them is gone or altered.";
      this.#report("glued-record", line.fromByte + end, Math.max(toByte, line.fromByte + end + 1), detail);
    }
    return stop;
  }

  /** Bytes `[from, stop)` of a line are no record. */
  #reportBytes(line: RawLine, from: number, stop: number, toByte: number, why: NoRecord): void {
    const bytes = line.bytes.subarray(from, stop);
    const fromByte = line.fromByte + from;
    if (bytes.some((byte, i) => byte === 0 && bytes[i + 1] === 0)) {
      this.#report("nul-run", fromByte, toByte, "NUL bytes stand where a record should.");
    } else if (why === "checksum") {
      this.#report("checksum", fromByte, toByte, "A record's bytes do not match its checksum.");
    } else if (!line.newline && stop === line.bytes.length) {
      this.#report("torn-tail", fromByte, toByte, "The last record was not written to its end.");
    } else {
      this.#report("corrupt-middle", fromByte, toByte, "These bytes are no record.");
    }
  }

  /** One damage is told once: neighbouring bytes that are no record (a byte became a newline) are one range. */
  #report(code: Damage["code"], fromByte: number, toByte: number, detail: string): void {
    const last = this.damage.at(-1);
    const joins =
      last?.code === "corrupt-middle" && code === "corrupt-middle" && last.range.toByte === fromByte;
    if (joins) this.damage.pop();
    const start = joins && last !== undefined ? last.range.fromByte : fromByte;
    this.damage.push({ code, path: this.#path, range: { fromByte: start, toByte }, detail });
  }
}
