/**
 * Reads back what is on record of a spool, and proves it while reading.
 *
 * Always: a unit whose bytes are missing or others than those that were synced comes back as a hole, never as
 * lines: what cannot be trusted is not shown as said. Its neighbours are untouched.
 * Never: nothing behind the last cover is read here.
 */
import { coverOf, crc32, readRecent, type SpoolLine, SpoolReader, spoolLinesIn } from "../journal/index.ts";
import type { ByteRange } from "../model/cite.ts";
import type { ReadFile } from "../model/ports.ts";
import { unlessBad } from "./bad-sector.ts";
import { type Covers, fileByteOf, noCrc } from "./covers.ts";

/** One unit of a spool, read. Ranges of lines are offsets of the stream. */
export interface Unit {
  readonly range: ByteRange;
  /** Where it is in the file; cites name these bytes. */
  readonly fileFromByte: number;
  /** `unproven`: read, but its own record is lost, so nothing vouches for it. `unreadable`: the disk does not give it. */
  readonly status: "proven" | "unproven" | "missing" | "altered" | "unreadable";
  readonly lines: readonly SpoolLine[];
}

/** Nothing can be told of its lines. */
export function isHole({ status }: Unit): boolean {
  return status !== "proven" && status !== "unproven";
}

/** Units are read together up to so many bytes, so that a long spool is read in few pieces. */
const batchBytesMax = 256 * 1024;

/**
 * Reads units from `fromUnit` on: at least one, and as many as fit into one piece.
 *
 * @param file undefined when the spool is gone: then every unit is a hole.
 */
export async function readUnits(
  file: ReadFile | undefined,
  covers: Covers,
  fromUnit: number,
): Promise<readonly Unit[]> {
  const plan = planPiece(covers, fromUnit);
  if (plan === undefined) return [];
  const { toUnit, fileFromByte, fileToByte } = plan;
  const units: Unit[] = [];
  const read = () => (file === undefined ? new Uint8Array() : readRecent(file, fileFromByte, fileToByte));
  // Where the disk does not give all of it, each unit is asked for by itself.
  const piece = fileToByte - fileFromByte <= batchBytesMax ? await unlessBad(read) : undefined;
  if (piece !== undefined) {
    for (let index = fromUnit; index < toUnit; index++)
      units.push(unitIn(piece, fileFromByte, covers, index));
    return units;
  }
  for (let index = fromUnit; index < toUnit; index++) units.push(await readUnit(file, covers, index));
  return units;
}

interface Piece {
  readonly toUnit: number;
  readonly fileFromByte: number;
  readonly fileToByte: number;
}

function planPiece(covers: Covers, fromUnit: number): Piece | undefined {
  const start = covers.starts[fromUnit];
  const firstEnd = covers.ends[fromUnit];
  if (start === undefined || firstEnd === undefined) return undefined;
  const fileFromByte = fileByteOf(covers, start);
  const delta = start - fileFromByte;
  let toUnit = fromUnit + 1;
  let end = firstEnd;
  for (; toUnit < covers.ends.length; toUnit++) {
    const nextStart = covers.starts[toUnit] ?? 0;
    const nextEnd = covers.ends[toUnit] ?? 0;
    if (nextEnd - start > batchBytesMax || nextStart - fileByteOf(covers, nextStart) !== delta) break;
    end = nextEnd;
  }
  return { toUnit, fileFromByte, fileToByte: end - delta };
}

/** A unit of a piece that was read, whose first byte is `pieceFromByte` of the file: no waiting for each line. */
function unitIn(piece: Uint8Array, pieceFromByte: number, covers: Covers, index: number): Unit {
  const { unit, crc, fileToByte } = placeOf(covers, index);
  const bytes = piece.subarray(unit.fileFromByte - pieceFromByte, fileToByte - pieceFromByte);
  if (bytes.length < fileToByte - unit.fileFromByte) return { ...unit, status: "missing", lines: [] };
  if (crc !== noCrc && crc32(bytes) !== crc) return { ...unit, status: "altered", lines: [] };
  return {
    ...unit,
    status: crc === noCrc ? "unproven" : "proven",
    lines: spoolLinesIn(bytes, unit.range.fromByte),
  };
}

/** A unit that is larger than a piece, or in one that cannot be read. */
async function readUnit(file: ReadFile | undefined, covers: Covers, index: number): Promise<Unit> {
  const unit = await unlessBad(() => readAlone(file, covers, index));
  return unit ?? { ...placeOf(covers, index).unit, status: "unreadable", lines: [] };
}

async function readAlone(file: ReadFile | undefined, covers: Covers, index: number): Promise<Unit> {
  const { unit, crc, fileToByte } = placeOf(covers, index);
  const { fileFromByte } = unit;
  if (file === undefined) return { ...unit, status: "missing", lines: [] };
  const found = await coverOf(file, fileFromByte, fileToByte);
  if (found.toByte < fileToByte) return { ...unit, status: "missing", lines: [] };
  if (crc !== noCrc && found.crc !== crc) return { ...unit, status: "altered", lines: [] };
  const lines = await linesOf(windowFile(file, fileFromByte, fileToByte), unit.range.fromByte);
  return { ...unit, status: crc === noCrc ? "unproven" : "proven", lines };
}

function placeOf(covers: Covers, index: number) {
  const fromByte = covers.starts[index] ?? 0;
  const toByte = covers.ends[index] ?? 0;
  const crc = covers.crcs[index] ?? noCrc;
  const fileFromByte = fileByteOf(covers, fromByte);
  return {
    unit: { range: { fromByte, toByte }, fileFromByte },
    crc,
    fileToByte: fileFromByte + toByte - fromByte,
  };
}

/** Lines of a unit, with ranges of the stream; a gap may end inside a line, which then is its last. */
async function linesOf(file: ReadFile, base: number): Promise<SpoolLine[]> {
  const reader = new SpoolReader(file);
  const { lines } = await reader.next();
  return [...lines, ...reader.tail()].map((line) => ({
    ...line,
    range: { fromByte: line.range.fromByte + base, toByte: line.range.toByte + base },
  }));
}

/** The bytes `[fromByte, toByte)` of a file as a file. */
function windowFile(file: ReadFile, fromByte: number, toByte: number): ReadFile {
  return {
    path: file.path,
    size: () => Promise.resolve(toByte - fromByte),
    read: (from, to) => file.read(fromByte + from, Math.min(toByte, fromByte + to)),
    sync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/**
 * CRCs of lines that are about to be covered, in units.
 *
 * @param read their bytes, where those are at hand.
 */
export async function unitsToCover(
  file: ReadFile,
  lines: readonly SpoolLine[],
  read?: Uint8Array,
): Promise<{
  readonly fromByte: number;
  readonly ends: readonly number[];
  readonly crcs: readonly number[];
}> {
  const fromByte = lines[0]?.range.fromByte ?? 0;
  const toByte = lines.at(-1)?.range.toByte ?? fromByte;
  const ends = unitEnds(lines);
  const crcs: number[] = [];
  const isFew = toByte - fromByte <= 8 * batchBytesMax;
  const bytes = read ?? (isFew ? await file.read(fromByte, toByte) : undefined);
  let start = fromByte;
  for (const end of ends) {
    if (bytes === undefined) crcs.push((await coverOf(file, start, end)).crc);
    else crcs.push(crc32(bytes.subarray(start - fromByte, end - fromByte)));
    start = end;
  }
  return { fromByte, ends, crcs };
}

/** A burst of more lines is recorded in larger units: the record of a line must not outweigh the line. */
const singleLinesMax = 256;
const largeUnitBytes = 16 * 1024;

function unitEnds(lines: readonly SpoolLine[]): number[] {
  const ends: number[] = [];
  const unitBytesMin = lines.length <= singleLinesMax ? 0 : largeUnitBytes;
  let start = lines[0]?.range.fromByte ?? 0;
  lines.forEach((line, index) => {
    const end = line.range.toByte;
    const last = index === lines.length - 1;
    // Parts of one glued line have no newline between them; a unit ends where a line does.
    const midLine = lines[index + 1]?.glued === true && line.glued === true;
    if (last || (end - start >= unitBytesMin && !midLine)) {
      ends.push(end);
      start = end;
    }
  });
  return ends;
}
