/**
 * no-blind-retry: see `says`. A step that is counted as finished-call-not-repeated is not counted here again.
 */
import { type Facts, factsOf } from "../oracle/facts.ts";
import { type StepFacts, stepsOf } from "../oracle/steps.ts";
import type { Check, Violation } from "./contract.ts";
import { isKnowableBefore } from "./evidence-before.ts";
import { repetitionOf, uncounted } from "./finished-call-not-repeated.ts";
import { judged, notApplicable } from "./judging.ts";

export const noBlindRetry: Check = {
  promise: "no-blind-retry",
  says: "A call whose outcome is unknown is executed again only by a model that was told so and looked first.",
  stays:
    "A retry that nobody was warned of comes after a hand-over that lacked the call; that harm came of it is said here alone.",
  judge(run) {
    const facts = factsOf(run);
    const resumed = facts.attempts.some(({ attempt }) => attempt > 1);
    if (!resumed) return notApplicable("no session was resumed");
    return judged(
      stepsOf(facts).flatMap((step) => blindly(facts, step)),
      uncounted(facts),
    );
  },
};

function blindly(facts: Facts, step: StepFacts): readonly Violation[] {
  if (step.executions < 2 || repetitionOf(facts, step) !== undefined) return [];
  const executed = step.uses.filter(({ effect }) => effect !== undefined);
  return executed.flatMap((again, index): Violation[] => {
    const before = executed
      .slice(0, index)
      .find(
        ({ effect, attempt }) =>
          attempt !== again.attempt && (effect?.doneNs ?? again.attempt.startNs) < again.attempt.startNs,
      );
    if (before === undefined) return [];
    const knows = again.attempt.knows?.[step.step];
    if (knows !== "nothing" && knows !== "told-not-done") return [];
    // Damage may have taken every trace of the call: then there was nothing to tell.
    if (!isKnowableBefore(facts, step.session, "calls", before.callId, again.attempt.startNs)) return [];
    const told = knows === "nothing" ? "was told nothing of it" : "was told that it was not done";
    const story = `call ${before.callId} had left its effect and no result; attempt ${again.attempt.attempt} ${told} and did it again as call ${again.callId}`;
    return [
      { kind: knows === "nothing" ? "retried-untold" : "retried-told-not-done", phase: "resume", story },
    ];
  });
}
