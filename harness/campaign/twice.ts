/**
 * Two executions of one plan, and the one verdict of both.
 *
 * Always: the worse one speaks, and with it goes its own record: what is kept shows what is told. Two executions of a
 * lockstep plan that both passed must have equal traces.
 */
import type { RunRecord } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import type { Assessment } from "./assess.ts";
import { verdictKinds } from "./job.ts";
import { firstDifference, traceOf } from "./trace.ts";

export interface Executed {
  readonly record: RunRecord;
  readonly assessment: Assessment;
}

export interface Compared<E extends Executed> {
  readonly assessment: Assessment;
  /** Whose record shows it. */
  readonly shownBy: E;
  /** Of a defect: in how many of the executions its first signature came. */
  readonly reproduced?: { readonly times: number; readonly of: number };
}

/** The verdict of two executions of one plan. */
export function compare<E extends Executed>(plan: Plan, first: E, second: E): Compared<E> {
  const shownBy = rankOf(second) < rankOf(first) ? second : first;
  const { assessment } = shownBy;
  const [defect] = assessment.defects;
  if (defect !== undefined) {
    // That it does not come each time is said beside it.
    const times = [first, second].filter((one) =>
      one.assessment.defects.some(({ signature }) => signature === defect.signature),
    ).length;
    return { assessment, shownBy, reproduced: { times, of: 2 } };
  }
  if (assessment.verdict !== "pass" || plan.mode === "free") return { assessment, shownBy };
  const difference = firstDifference(traceOf(first.record), traceOf(second.record));
  if (difference === undefined) return { assessment, shownBy };
  const why = `two executions differ: ${difference}`;
  return { assessment: { ...assessment, verdict: "nondeterministic", why }, shownBy };
}

/** The first of the kinds outweighs all others. */
function rankOf({ assessment }: Executed): number {
  return verdictKinds.indexOf(assessment.verdict);
}
