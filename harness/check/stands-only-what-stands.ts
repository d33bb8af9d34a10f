/**
 * stands-only-what-stands: see `says`. What a power cut took from the workspace was done all the same; to say that it
 * still stands would send nobody to look.
 */
import { factsOf, phaseOf, sessionsOf, whenOf } from "../oracle/facts.ts";
import { stepOfCall } from "../oracle/steps.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, observationsOf, withoutCut } from "./judging.ts";

export const standsOnlyWhatStands: Check = {
  promise: "stands-only-what-stands",
  says: "After a power cut no effect is said to stand that the workspace has lost.",
  stays: "What was lost is also missing at the end; that it was said to stand, and when, is said here alone.",
  judge(run) {
    const facts = factsOf(run);
    const loss = facts.losses.find(({ role }) => role === "effects");
    if (loss === undefined) return notApplicable("nothing was taken from the workspace");
    const calls = facts.observations.flatMap(({ sessions }) => sessions.flatMap((session) => session.calls));
    if (calls.length > 0 && calls.every(({ stands }) => stands === undefined))
      return notApplicable("the orchestrator does not say what stands");
    const violations = sessionsOf(facts).flatMap((session) =>
      observationsOf(facts, session).flatMap(({ observation, observed }): Violation[] => {
        const { cut } = observation;
        if (cut === undefined || observation.ns < BigInt(loss.t)) return [];
        const wrong = observed.calls.filter(({ id, state, stands }) => {
          const step = id === undefined ? undefined : stepOfCall(facts, session, id);
          // Of a call that may not have happened nothing is said to stand.
          const isDone = state === "done" || state === "failed";
          return (
            isDone && stands === "yes" && step !== undefined && !cut.effects.includes(step.tokens.effectToken)
          );
        });
        return wrong.map(({ id }) => ({
          kind: "lost-effect-stands",
          phase: phaseOf(observation),
          story: `call ${id} is said to stand ${whenOf(facts, observation)}; the power cut took its effect from the workspace`,
        }));
      }),
    );
    return judged(violations, withoutCut(facts));
  },
};
