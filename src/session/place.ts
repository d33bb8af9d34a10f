/**
 * Places of our facts in a session's stream: where the next one stands, and in which order they are kept.
 *
 * Always: of two facts that are recorded one after the other, the later stands behind the earlier.
 */
import { factK } from "../model/position.ts";
import type { Place } from "./records.ts";

/** Where a fact recorded now stands: behind everything that is on record, or about to be. */
export function placeAfter(last: Place | undefined, attempt: number, byte: number): Place {
  const same = last !== undefined && last.attempt === attempt && last.byte === byte;
  return { attempt, byte, k: same ? last.k + 1 : factK };
}

/** Where a fact is kept among others: in the order of places, in which they come but for those that are restored. */
export function indexOfPlace(facts: readonly { readonly at: Place }[], at: Place): number {
  return facts.findLastIndex((fact) => comparePlaces(fact.at, at) <= 0) + 1;
}

function comparePlaces(left: Place, right: Place): number {
  return left.attempt - right.attempt || left.byte - right.byte || left.k - right.k;
}
