/**
 * Judges the numbers of a segment's records: doubled, out of order, missing.
 *
 * Always: each number is in the result at most once, ascending; what the numbers show to be wrong is a damage.
 * Never: it cannot see a missing end: a removed last record of a segment without a seal leaves no trace.
 */
import type { ByteRange } from "../model/cite.ts";
import type { Damage } from "../model/fact.ts";
import type { ScannedRecord } from "./segment.ts";

/** The records that are history, and the damage of the scan with that of the numbers. */
export interface Sequence {
  readonly records: readonly ScannedRecord[];
  readonly damage: readonly Damage[];
}

/**
 * Orders the records of one segment by number.
 *
 * @param found records and damage in the order of the file.
 * @param sealed what the seal says, where there is one: the last number, and where the bytes end.
 */
export function sequence(
  path: string,
  found: { readonly records: readonly ScannedRecord[]; readonly damage: readonly Damage[] },
  sealed?: { readonly n: number; readonly bytes: number },
): Sequence {
  const damage = [...found.damage];
  const byNumber = new Map<number, ScannedRecord>();
  let highest = 0;
  for (const record of found.records) {
    const { n, range } = record;
    if (byNumber.has(n)) {
      damage.push({
        code: "seq-repeat",
        path,
        range,
        detail: `Record ${n} stands in the file a second time.`,
      });
      continue;
    }
    byNumber.set(n, record);
    if (n < highest) {
      damage.push({ code: "seq-gap", path, range, detail: `Record ${n} stands behind record ${highest}.` });
    }
    highest = Math.max(highest, n);
  }
  const records = [...byNumber.values()].sort((left, right) => left.n - right.n);
  for (const gap of gaps(records, sealed)) explain(damage, path, gap);
  damage.sort((left, right) => left.range.fromByte - right.range.fromByte);
  return { records, damage };
}

/** Numbers `first` to `last` are missing; their bytes, if they are anywhere, are within `place`. */
interface Gap {
  readonly first: number;
  readonly last: number;
  readonly place: ByteRange;
  /** The record that should stand behind them. */
  readonly next?: ScannedRecord;
}

function gaps(
  records: readonly ScannedRecord[],
  sealed: { readonly n: number; readonly bytes: number } | undefined,
): Gap[] {
  const found: Gap[] = [];
  let n = 0;
  let fromByte = 0;
  for (const next of records) {
    if (next.n > n + 1) {
      found.push({ first: n + 1, last: next.n - 1, place: { fromByte, toByte: next.range.fromByte }, next });
    }
    n = next.n;
    fromByte = next.range.toByte;
  }
  if (sealed !== undefined && sealed.n > n) {
    const toByte = Math.max(fromByte, sealed.bytes);
    found.push({ first: n + 1, last: sealed.n, place: { fromByte, toByte } });
  }
  return found;
}

/** Adds the missing numbers to the damage that stands in their place; a gap without one is a damage itself. */
function explain(damage: Damage[], path: string, gap: Gap): void {
  const which = gap.first === gap.last ? `Record ${gap.first} is` : `Records ${gap.first} to ${gap.last} are`;
  // Bytes of a missing end may have moved behind the seal: only its start is known.
  const endByte = gap.next === undefined ? Number.POSITIVE_INFINITY : gap.place.toByte;
  const at = damage.findIndex(
    ({ code, range }) =>
      range.fromByte >= gap.place.fromByte &&
      range.toByte <= endByte &&
      code !== "seq-gap" &&
      code !== "seq-repeat",
  );
  const cause = damage[at];
  if (cause !== undefined) {
    damage[at] = { ...cause, detail: `${cause.detail} ${which} lost in it.` };
    return;
  }
  const empty = gap.place.fromByte >= gap.place.toByte;
  const range = empty && gap.next !== undefined ? gap.next.range : gap.place;
  damage.push({
    code: "seq-gap",
    path,
    range,
    detail: `${which} missing${empty ? " before these bytes" : ""}.`,
  });
}
