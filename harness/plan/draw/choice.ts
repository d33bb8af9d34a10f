/**
 * What every part of a plan is drawn with: the options, and choices that shrink to the simplest.
 */
import fc from "fast-check";
import type { FaultName } from "../../fault/index.ts";
import type { Abilities } from "../../subject/contract.ts";

/** What plans may hold. */
export interface GenerateOptions {
  readonly can: Abilities;
  /** Kinds of fault to draw from; all by default. */
  readonly faults?: readonly FaultName[];
}

/** A weighted choice that shrinks towards its first alternative. */
export function simplestFirst<T>(
  ...choices: { weight: number; arbitrary: fc.Arbitrary<T> }[]
): fc.Arbitrary<T> {
  return fc.oneof({ withCrossShrink: true }, ...choices);
}
