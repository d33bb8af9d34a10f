/**
 * A point of an enumeration: where it lies, and what came of it.
 */
import type { Outcome } from "../campaign/job.ts";
import type { Failure } from "../campaign/pool.ts";
import type { CountedBoundaries } from "../history.ts";
import type { Boundary } from "../plan/plan.ts";

/** One executed end, or two, the second in the recovery from the first. */
export interface Point {
  readonly boundaries: readonly Boundary[];
  /** Of a small disk, which has no operation of its own. */
  readonly freeBytes?: number;
  /** Of the last end. */
  readonly step: string;
  /** Verdict, or the signatures of the defects. */
  readonly outcomes: readonly string[];
  /** Distinct states that the last end had, over all executions. */
  readonly states: readonly string[];
  readonly stories: readonly string[];
  readonly artifact?: string;
}

export function hitOf(counted: CountedBoundaries | undefined, { life, operation }: Boundary) {
  return counted?.hits.find((hit) => hit.life === life && hit.operation === operation);
}

export function nameOf({ boundaries, freeBytes }: Pick<Point, "boundaries" | "freeBytes">): string {
  if (freeBytes !== undefined) return `disk-of-${freeBytes}-bytes`;
  return boundaries
    .map(({ life, operation, mode, power, fails }) => {
      const fault = fails && `${fails.code}${fails.stays ? "-for-good" : ""}`;
      const how = power === undefined ? (fault ?? mode) : `power-${power.model}-${power.state}`;
      return `server-${life}-operation-${operation}-${how}`;
    })
    .join("--");
}

export function verdictOf(outcome: Outcome | Failure): string {
  if ("failed" in outcome) return "infra";
  return outcome.verdict === "defect"
    ? outcome.defects.map(({ signature }) => signature).join(" + ")
    : outcome.verdict;
}
