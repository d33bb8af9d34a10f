/**
 * Places of our facts in a session's stream: where the next one stands, and in which order they are kept.
 *
 * Always: of two facts that are recorded one after the other, the later stands behind the earlier. A place that one life
 * has given no other gives, also where the record of it is lost: a client goes on behind it, and misses nothing.
 * What remains: a newest segment that is gone as a file leaves its number, and so its places, to the next life.
 */
import { isRecord } from "../model/json.ts";
import { factK } from "../model/position.ts";
import type { Place } from "./records.ts";

/** So many places behind one byte are a life's own. */
const placesPerLife = 10_000;
/** Further ones would be no positions any more; see `model/position.ts`. */
const generationsApartMax = 99_000_000_000;

/** The first of the places that the life with this generation of the journal gives behind any byte. */
export function firstKOf(generation: number): number {
  return factK + Math.min(generation, generationsApartMax) * placesPerLife;
}

/**
 * Where a fact recorded now stands: behind everything that is on record, or about to be.
 *
 * @param firstK see {@link firstKOf}: what an earlier life gave may be lost without a trace, and a client may know it.
 * @example placeAfter(undefined, 1, 900, firstKOf(2)) // { attempt: 1, byte: 900, k: 1_020_000 }
 */
export function placeAfter(last: Place | undefined, attempt: number, byte: number, firstK: number): Place {
  const same = last !== undefined && last.attempt === attempt && last.byte === byte;
  return { attempt, byte, k: same ? Math.max(last.k + 1, firstK) : firstK };
}

/** Where a fact is kept among others: in the order of places, in which they come but for those that are restored. */
export function indexOfPlace(facts: readonly { readonly at: Place }[], at: Place): number {
  return facts.findLastIndex((fact) => comparePlaces(fact.at, at) <= 0) + 1;
}

/** The one that stands further behind. */
export function laterPlace(left: Place | undefined, right: Place | undefined): Place | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return comparePlaces(left, right) < 0 ? right : left;
}

/** What a record of another version says of its place; undefined for anything else. */
export function placeIn(value: unknown): Place | undefined {
  if (!isRecord(value)) return undefined;
  const { attempt, byte, k } = value;
  const isPlace = [attempt, byte, k].every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
  return isPlace ? { attempt: Number(attempt), byte: Number(byte), k: Number(k) } : undefined;
}

function comparePlaces(left: Place, right: Place): number {
  return left.attempt - right.attempt || left.byte - right.byte || left.k - right.k;
}
