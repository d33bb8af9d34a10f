/**
 * Which bytes of a spool are on record, in compact form: a spool may have millions of lines.
 *
 * Units are in order and do not overlap; each is one line or a few whole ones, with the CRC-32 that its bytes had
 * when they were synced. A unit without a CRC is a gap: bytes before a later cover or fact, whose own record is lost.
 * Offsets are those of the stream; `shifts` maps them into the file, which may have been shortened under a
 * living agent.
 */
export interface Covers {
  readonly starts: number[];
  readonly ends: number[];
  /** {@link noCrc} for a gap. */
  readonly crcs: number[];
  readonly shifts: { readonly atByte: number; readonly fileByte: number }[];
  /** Where the last cover on record begins; undefined while there is none. */
  lastFromByte?: number;
}

/** No CRC-32 is negative. */
export const noCrc = -1;

export function emptyCovers(): Covers {
  return { starts: [], ends: [], crcs: [], shifts: [] };
}

/** End of the last covered byte; 0 when there is none. */
export function coveredByte(covers: Covers): number {
  return covers.ends.at(-1) ?? 0;
}

/**
 * The first byte of the stream of which nobody knows that it is on the disk: one cover at a time is on record before the
 * bytes that it vouches for are synced, and whoever recorded it may have been killed as its sync failed.
 */
export function unsureFromByte(covers: Covers): number {
  return covers.lastFromByte ?? 0;
}

/** Adds a journalled cover; what is covered already stays as it is. */
export function extendCovers(
  covers: Covers,
  cover: { readonly fromByte: number; readonly ends: readonly number[]; readonly crcs: readonly number[] },
): void {
  covers.lastFromByte = cover.fromByte;
  let start = cover.fromByte;
  cover.ends.forEach((end, index) => {
    const have = coveredByte(covers);
    extendToByte(covers, start);
    // A range that begins inside what is covered cannot be checked by its own CRC.
    if (end > have)
      push(covers, Math.max(start, have), end, start >= have ? (cover.crcs[index] ?? noCrc) : noCrc);
    start = end;
  });
}

/** Up to there bytes were on record, whoever says so; what no cover vouches for is a gap. */
export function extendToByte(covers: Covers, byte: number): void {
  const have = coveredByte(covers);
  if (byte > have) push(covers, have, byte, noCrc);
}

function push(covers: Covers, start: number, end: number, crc: number): void {
  covers.starts.push(start);
  covers.ends.push(end);
  covers.crcs.push(crc);
}

/** Offset in the file of a stream offset. */
export function fileByteOf(covers: Covers, streamByte: number): number {
  const shift = covers.shifts.findLast((one) => one.atByte <= streamByte);
  return shift === undefined ? streamByte : streamByte - shift.atByte + shift.fileByte;
}

/** Index of the first unit that ends at `streamByte` or behind it. */
export function firstUnitEndingAt(covers: Covers, streamByte: number): number {
  let low = 0;
  let high = covers.ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((covers.ends[middle] ?? 0) < streamByte) low = middle + 1;
    else high = middle;
  }
  return low;
}
