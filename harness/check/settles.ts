/**
 * settles: see `says`. A scripted user resumes and answers; refusing for ever is a breach, not safety.
 */
import { serverFails, serverLeft } from "../history.ts";
import { entriesOf } from "../oracle/attempts.ts";
import { isEffectTaken, isTraceless } from "../oracle/crash-losses.ts";
import {
  damagesOf,
  type Facts,
  factsOf,
  type Observation,
  observedSession,
  sessionsOf,
} from "../oracle/facts.ts";
import { type StepFacts, stepsOf } from "../oracle/steps.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, withoutCut } from "./judging.ts";

export const settles: Check = {
  promise: "settles",
  says: "After the last fault every session comes to its end, with every step's effect in the workspace exactly once.",
  judge(run) {
    const facts = factsOf(run);
    const stuck = entriesOf(run, "watchdog").map(
      ({ waitingFor }): Violation => ({
        kind: kindOf(waitingFor),
        phase: "settled",
        story: `the run did not come to its end: the watchdog fired while waiting for ${waitingFor}`,
      }),
    );
    if (!run.subject.can.resume && run.plan.rounds.length > 0) {
      // That nobody can go on with a session is one thing; that the server itself does not come back is another.
      const gone = stuck.filter((_, at) => isOfServer(entriesOf(run, "watchdog")[at]?.waitingFor ?? ""));
      return gone.length > 0 ? judged(gone) : notApplicable("the orchestrator cannot resume a session");
    }
    const settled = facts.observations.findLast(({ label }) => label === "settled");
    if (settled === undefined) return judged(stuck, ["there is no observation at the end"]);
    // Without a copy of the disk nobody knows what is in the workspace.
    if (settled.cut === undefined) return judged(stuck, withoutCut(facts));
    const open = sessionsOf(facts).flatMap((session) => unsettled(facts, settled, session));
    return judged([...stuck, ...open]);
  },
};

function kindOf(waitingFor: string): string {
  if (waitingFor.startsWith(serverLeft)) return "server-ended-by-itself";
  return waitingFor.startsWith(serverFails) ? "server-fails" : "stuck";
}

function isOfServer(waitingFor: string): boolean {
  return kindOf(waitingFor) !== "stuck" || /^(server life \d+|the reloaded server)\b/.test(waitingFor);
}

function unsettled(facts: Facts, settled: Observation, session: number): readonly Violation[] {
  const of = (kind: string, story: string): Violation => ({ kind, phase: "settled", story });
  const id = facts.run.sessionIds[session];
  if (id === undefined) return [of("never-accepted", `session ${session} was never acknowledged`)];
  const observed = observedSession(facts, settled, session);
  const violations: Violation[] = [];
  // A session that is missing altogether is a lost run; one without a word for it cannot be said to be open.
  if (observed !== undefined && observed.ended === "no")
    violations.push(of("not-ended", `session ${session} (${id}) is still "${observed.state}" at the end`));
  else if (observed?.live === "yes")
    violations.push(of("not-ended", `session ${session} (${id}) is still said to be at work at the end`));
  const steps = stepsOf(facts).filter((step) => step.session === session);
  return [...violations, ...steps.flatMap((step) => miscounted(facts, step))];
}

function miscounted(facts: Facts, step: StepFacts): readonly Violation[] {
  const { executions, call } = step;
  if (executions === 1) return [];
  if (executions === 0) {
    // It was done, and whoever knows that does not do it again.
    if (isEffectTaken(facts, step.tokens, step.uses)) return [];
    if (call.unprobeable === true && step.uses.length > 0) return [];
    const story = `the effect of step ${step.step} is not in the workspace at the end`;
    return [{ kind: "step-missing", phase: "settled", story }];
  }
  // Damage may have taken every trace of the first execution.
  if (damagesOf(facts, step.session).length > 0) return [];
  // So may a power cut.
  const earlier = step.uses.slice(0, -1);
  if (earlier.length > 0 && earlier.every((use) => isTraceless(facts, use))) return [];
  const story = `the effect of step ${step.step} is in the workspace ${executions} times at the end (calls ${step.uses.map(({ callId }) => callId).join(", ")})`;
  return [{ kind: "step-repeated", phase: "settled", story }];
}
