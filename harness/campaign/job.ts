/**
 * What goes between the campaign and its workers: jobs out, outcomes back, as plain JSON.
 */
import type { Violation } from "../check/contract.ts";
import type { CountedBoundaries } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import type { Spent } from "./spent.ts";

/** One plan to execute and judge. */
export interface Job {
  readonly id: number;
  readonly subject: string;
  readonly plan: Plan;
  /** `auto`: once, and a defect a second time · `twice`: always, and compared · `once`: while shrinking. */
  readonly times: "auto" | "twice" | "once";
  /** Keep the record, disk and logs here when the verdict is not pass. */
  readonly artifactDir?: string;
  /** How the plan came about; stored with the artifact. */
  readonly origin: string;
}

/** Verdict of a run; the first that applies, in this order. */
export const verdictKinds = ["defect", "unknown", "nondeterministic", "invalid", "infra", "pass"] as const;
export type VerdictKind = (typeof verdictKinds)[number];

/** A broken promise, with the story that the check tells. */
export interface Defect extends Violation {
  readonly promise: string;
  readonly signature: string;
}

export interface FlagCounts {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
  readonly either: number;
  readonly changed: number;
}

export const noFlagCounts: FlagCounts = {
  truePositive: 0,
  falsePositive: 0,
  falseNegative: 0,
  trueNegative: 0,
  either: 0,
  changed: 0,
};

export function addFlagCounts(left: FlagCounts, right: FlagCounts): FlagCounts {
  return {
    truePositive: left.truePositive + right.truePositive,
    falsePositive: left.falsePositive + right.falsePositive,
    falseNegative: left.falseNegative + right.falseNegative,
    trueNegative: left.trueNegative + right.trueNegative,
    either: left.either + right.either,
    changed: left.changed + right.changed,
  };
}

/** What a worker says of a job. */
export interface Outcome {
  readonly id: number;
  readonly verdict: VerdictKind;
  /** Why it is neither a defect nor a pass. */
  readonly why?: string;
  readonly defects: readonly Defect[];
  /** How each promise was judged. */
  readonly promises: Readonly<Record<string, "pass" | "fail" | "unknown" | "not-applicable">>;
  /** Rows of the sometimes table that this run met. */
  readonly met: readonly string[];
  readonly flags: FlagCounts;
  /** It counts: two server starts, an agent, a fault that fired, an observation, and every session settled. */
  readonly counts: boolean;
  readonly executions: number;
  /** A free plan executed again: in how many of the executions its first signature came. */
  readonly reproduced?: { readonly times: number; readonly of: number };
  readonly traceHash: string;
  readonly mode: Plan["mode"];
  /** Of a plan with boundaries. */
  readonly boundaries?: CountedBoundaries;
  readonly durationMs: number;
  readonly spent: Spent;
  readonly artifact?: string;
}
