/**
 * call-state-honest: see `says`. Compares an observed state with primitive facts; where they leave room, nothing
 * is demanded.
 */
import {
  type Facts,
  factsOf,
  mayHaveLostShown,
  type Observation,
  phaseOf,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import { logHas, runsATool, type SessionAt, sessionAt } from "../oracle/session-at.ts";
import { type CallUse, executionsAt, stepOfCall, useOfCall } from "../oracle/steps.ts";
import type { ObservedCall } from "../subject/contract.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, observationsOf } from "./judging.ts";

export const callStateHonest: Check = {
  promise: "call-state-honest",
  says: "What is said of a call's state agrees with its effect, its result, and whether an agent lives that could run it.",
  judge(run) {
    const facts = factsOf(run);
    const calls = facts.observations.flatMap(({ sessions }) => sessions.flatMap((session) => session.calls));
    if (calls.length === 0) return notApplicable("no call was listed");
    if (calls.every(({ id }) => id === undefined))
      return notApplicable("no call is listed with its id, so that nobody can tell which it is");
    const undecided: string[] = [];
    const violations = sessionsOf(facts).flatMap((session) =>
      observationsOf(facts, session).flatMap(({ observation, observed }) => {
        if (observation.cut === undefined) {
          undecided.push(`there is no cut for the observation ${whenOf(facts, observation)}`);
          return [];
        }
        const at = sessionAt(facts, observation.cut, session);
        return observed.calls.flatMap((call) => dishonest(facts, observation, at, call));
      }),
    );
    return judged(violations, undecided);
  },
};

function dishonest(
  facts: Facts,
  observation: Observation,
  at: SessionAt,
  call: ObservedCall,
): readonly Violation[] {
  if (call.id === undefined) return [];
  const use = useOfCall(facts, at.session, call.id);
  if (use === undefined) return [];
  const kind = dishonestKind(facts, observation, at, call, use);
  if (kind === undefined) return [];
  const story = `call ${call.id} (${call.name}) is said to be ${call.state} ${whenOf(facts, observation)}: ${told[kind]}`;
  return [{ kind, phase: phaseOf(observation), story }];
}

type Kind =
  | "running-without-agent"
  | "done-without-evidence"
  | "success-said-failed"
  | "error-said-done"
  | "known-said-unknown"
  | "finished-said-not-started"
  | "executed-said-not-started";

const told: Readonly<Record<Kind, string>> = {
  "running-without-agent": "neither an agent of the session nor a tool of the call was alive",
  "done-without-evidence":
    "it had neither an effect nor a result, in the workspace, the stream or the agent's log",
  "success-said-failed": "its result was a success",
  "error-said-done": "its result was an error",
  "known-said-unknown": "its result had been received or is in the agent's log",
  "finished-said-not-started": "its result had been received or is in the agent's log",
  "executed-said-not-started": "its effect is in the workspace",
};

function dishonestKind(
  facts: Facts,
  observation: Observation,
  at: SessionAt,
  call: ObservedCall,
  use: CallUse,
): Kind | undefined {
  const { state } = call;
  if (state === "running")
    return at.life === "dead" && !runsATool(at, use.callId) ? "running-without-agent" : undefined;
  if (state === "done" || state === "failed") {
    if (!hasEvidence(observation, at, use)) return "done-without-evidence";
    const step = stepOfCall(facts, at.session, use.callId);
    if (step === undefined || !isFinished(facts, observation, at, use.callId)) return undefined;
    if (step.call.outcome === "append") return state === "failed" ? "success-said-failed" : undefined;
    return state === "done" ? "error-said-done" : undefined;
  }
  if (isFinished(facts, observation, at, use.callId))
    return state === "unknown" ? "known-said-unknown" : "finished-said-not-started";
  return state === "not-started" && isExecuted(facts, at, use) ? "executed-said-not-started" : undefined;
}

/** Anything, anywhere, that says that the call came to something before the observation. */
function hasEvidence(observation: Observation, at: SessionAt, use: CallUse): boolean {
  const before = (ns: bigint | undefined) => ns !== undefined && ns <= observation.ns;
  return before(use.effect?.beginNs) || before(use.result?.beginNs) || logHas(at, "results", use.callId);
}

/** The result lies where the orchestrator can read it, or was shown by it. */
function isFinished(facts: Facts, observation: Observation, at: SessionAt, callId: string): boolean {
  const wasShown = facts.shown.some(
    ({ session, event, at: shownAt }) =>
      session === at.session &&
      event.type === "result" &&
      event.callId === callId &&
      shownAt < observation.at,
  );
  const stillHas = wasShown && !mayHaveLostShown(facts, at.session, observation.ns);
  // While an agent works, the orchestrator may be a moment behind what lies in the files.
  return stillHas || (at.life === "dead" && (at.heldResults.has(callId) || logHas(at, "results", callId)));
}

function isExecuted(facts: Facts, at: SessionAt, use: CallUse): boolean {
  const step = stepOfCall(facts, at.session, use.callId);
  if (step === undefined || use.effect === undefined || use.effect.beginNs > at.ns) return false;
  return (
    executionsAt(at.cut, step.tokens) > 0 && use.effect.doneNs !== undefined && use.effect.doneNs <= at.ns
  );
}
