/**
 * finished-call-not-repeated: see `says`. Finished means that the result's bytes reached the stream.
 */
import { atMs, damagesOf, type Facts, factsOf } from "../oracle/facts.ts";
import { type CallUse, type StepFacts, stepsOf } from "../oracle/steps.ts";
import type { Check, Violation } from "./contract.ts";
import { isKnowableBefore } from "./evidence-before.ts";
import { judged, notApplicable } from "./judging.ts";

export const finishedCallNotRepeated: Check = {
  promise: "finished-call-not-repeated",
  says: "A call whose result reached the stream is not executed again.",
  stays:
    "An effect that is there twice also keeps a run from settling; that it was finished work, done again by whom, is said here alone.",
  judge(run) {
    const facts = factsOf(run);
    const steps = stepsOf(facts).filter((step) => step.uses.some((use) => use.result?.doneNs !== undefined));
    if (steps.length === 0) return notApplicable("no result reached the stream");
    return judged(
      steps.flatMap((step) => repeated(facts, step)),
      uncounted(facts),
    );
  },
};

/** How often a step was executed is counted in the workspace, as the last copy of it holds. */
export function uncounted({ run }: Facts): readonly string[] {
  return run.cuts.length === 0 ? ["there is no copy of the workspace"] : [];
}

/** A use that finished, and a later execution of the same step. */
export function repetitionOf(
  facts: Facts,
  step: StepFacts,
): { readonly finished: CallUse; readonly again: CallUse } | undefined {
  if (step.executions < 2) return undefined;
  for (const finished of step.uses) {
    const doneNs = finished.result?.doneNs;
    if (doneNs === undefined) continue;
    const again = step.uses.find(
      ({ effect, attempt }) =>
        effect !== undefined && effect.beginNs > doneNs && attempt !== finished.attempt,
    );
    if (again === undefined) continue;
    const lost = facts.losses.length > 0 || damagesOf(facts, step.session, again.attempt.startNs).length > 0;
    // Damage may have taken every trace of the result: then nobody could know.
    if (lost && !isKnowableBefore(facts, step.session, "results", finished.callId, again.attempt.startNs))
      continue;
    return { finished, again };
  }
  return undefined;
}

function repeated(facts: Facts, step: StepFacts): readonly Violation[] {
  const found = repetitionOf(facts, step);
  if (found === undefined) return [];
  const { finished, again } = found;
  const story = `the result of call ${finished.callId} reached the stream at ${atMs(facts, finished.result?.doneNs ?? 0n)} after start; attempt ${again.attempt.attempt} did the same again as call ${again.callId}, ${step.executions} times in all`;
  return [{ kind: "finished-repeated", phase: "resume", story }];
}
