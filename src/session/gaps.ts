/**
 * Stretches of the journal that may have held records of which nothing is left, and whose records those can have been.
 *
 * Always: the records of an attempt stand between its dispatch and its end, so a stretch elsewhere hides none of them.
 * Never: an attempt is taken for whole whose own place in the journal is not certain.
 */
import { generationOf } from "../journal/index.ts";
import type { Context } from "./context.ts";
import type { AttemptState } from "./state.ts";

/** Segments, by generation, the ends included. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

/** Of a segment of which records may be lost; nothing else is said where it is not named as one. */
export function gapAt(path: string, isMissing = false): Gap {
  const generation = generationOf(path);
  if (generation === undefined) return { first: 0, last: Number.POSITIVE_INFINITY };
  // Several that are missing are told by the name of the first.
  return { first: generation, last: isMissing ? Number.POSITIVE_INFINITY : generation };
}

/** What is not on record of this attempt may have been, all the same. */
export function mayLackRecords(
  { gaps }: Pick<Context, "gaps">,
  { cite, ended, restoredFrom }: AttemptState,
): boolean {
  if (gaps.length === 0) return false;
  const begun = restoredFrom === undefined ? (generationOf(cite.path) ?? 0) : 0;
  const over = ended === undefined ? undefined : generationOf(ended.cite.path);
  return gaps.some(({ first, last }) => last >= begun && first <= (over ?? Number.POSITIVE_INFINITY));
}
