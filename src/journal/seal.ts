/**
 * Seals: up to where an older segment is history, recorded by the life that took over.
 *
 * Always: of several seals of one segment the one of the lowest sealing generation holds, since that life read
 * the length first; each life repeats the newest seals, so that one damaged record does not lose one.
 * Never: a seal is not believed from a record that itself stands behind a seal.
 */
import * as z from "zod/mini";
import type { Damage } from "../model/fact.ts";
import type { ScannedRecord } from "./segment.ts";

const sealSchema = z.object({
  generation: z.int().check(z.positive()),
  /** Length of the segment's history. */
  bytes: z.int().check(z.nonnegative()),
  /** CRC-32 of these bytes. */
  crc: z.int().check(z.nonnegative()),
  /** Highest number of a whole record in them; 0 for none. */
  n: z.int().check(z.nonnegative()),
});

export type Seal = z.infer<typeof sealSchema>;

/** A seal with the stamp that its segment had before it was read; see `FileStat.stamp`. */
export interface StampedSeal extends Seal {
  readonly stamp?: string;
}

/** Types of a segment's first record: of a new server life, and of a segment opened after a failed sync. */
export const lifeType = "life";
export const continuedType = "continued";

/** So many of the newest seals are written again by every life. */
const sealsRepeatedMax = 16;

/** What a life records: every seal that is new, and the newest old ones. Ascending. */
export function sealsToRecord(known: readonly Seal[], fresh: readonly Seal[]): Seal[] {
  const ascending = [...known].sort((left, right) => left.generation - right.generation);
  return [...ascending.slice(-sealsRepeatedMax), ...fresh].sort(
    (left, right) => left.generation - right.generation,
  );
}

/** The seals that a segment's records state: its first record alone may. */
export function sealsIn(records: readonly ScannedRecord[]): {
  readonly seals: readonly Seal[];
  readonly damage: readonly Damage[];
} {
  const first = records[0];
  if (first === undefined || first.n !== 1) return { seals: [], damage: [] };
  if (first.type !== lifeType && first.type !== continuedType) return { seals: [], damage: [] };
  const parsed = z.array(sealSchema).safeParse(first.data.seals);
  if (parsed.success) {
    return { seals: parsed.data.filter((seal) => seal.generation < first.generation), damage: [] };
  }
  const detail =
    "The seals in this record cannot be read: late writes to older segments cannot be told from history.";
  return {
    seals: [],
    damage: [{ code: "corrupt-middle", path: first.path, range: first.range, detail }],
  };
}
