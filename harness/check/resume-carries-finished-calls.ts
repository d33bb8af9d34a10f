/**
 * resume-carries-finished-calls: see `says`. What had to be carried is what the last cut before the start holds;
 * what came after that cut is not judged.
 */
import { type Attempt, isUnallowed } from "../oracle/attempts.ts";
import { atMs, attemptsOf, type Facts, factsOf, sessionsOf } from "../oracle/facts.ts";
import { logHas, type SessionAt, sessionAt } from "../oracle/session-at.ts";
import { type StepFacts, stepsOf } from "../oracle/steps.ts";
import type { Check, Violation } from "./contract.ts";
import { cutBefore, isKnowableBefore } from "./evidence-before.ts";
import { judged, notApplicable } from "./judging.ts";

export const resumeCarriesFinishedCalls: Check = {
  promise: "resume-carries-finished-calls",
  says: "A resumed agent's model is sent every finished call with its result, and is told of every call whose outcome is unknown.",
  judge(run) {
    const facts = factsOf(run);
    const asked = sessionsOf(facts).flatMap((session) =>
      attemptsOf(facts, session)
        .slice(1)
        .filter(({ knows }) => knows !== undefined),
    );
    if (asked.length === 0) return notApplicable("no resumed agent got as far as asking its model");
    // A copy of the disk comes before every restart; before the first one a later turn, whose agent may show itself after
    // its server was killed, is carried by what was shown.
    const restart = run.history.find((entry) => entry.kind === "server-start" && entry.life > 1);
    const blind = asked.filter(
      ({ startNs }) =>
        restart !== undefined && BigInt(restart.t) < startNs && cutBefore(facts, startNs) === undefined,
    );
    return judged(
      asked.flatMap((attempt) => uncarried(facts, attempt)),
      blind.map(({ attempt }) => `there is no cut before attempt ${attempt}`),
    );
  },
};

function uncarried(facts: Facts, attempt: Attempt): readonly Violation[] {
  const { session, startNs } = attempt;
  const cut = cutBefore(facts, startNs);
  const at = cut === undefined ? undefined : sessionAt(facts, cut, session);
  const earlier = attemptsOf(facts, session).filter((other) => other.startNs < startNs);
  // With another agent at work nobody can say what was finished when the model was asked.
  if (earlier.some((other) => other.aliveUntilNs > startNs)) return [];
  return stepsOf(facts)
    .filter((step) => step.session === session)
    .flatMap((step): Violation[] => {
      const kind = uncarriedKind(facts, attempt, step, at);
      if (kind === undefined) return [];
      const ids = step.uses.filter((use) => earlier.includes(use.attempt)).map(({ callId }) => callId);
      const story = `attempt ${attempt.attempt} of session ${session}, started at ${atMs(facts, startNs)} after start: ${told[kind]} call ${ids.join(", ")}`;
      return [{ kind, phase: "resume", story }];
    });
}

type Kind =
  | "finished-call-untold"
  | "finished-call-told-unknown"
  | "finished-call-told-not-done"
  | "finished-result-cut"
  | "unknown-call-untold"
  | "unknown-call-told-not-done";

const told: Readonly<Record<Kind, string>> = {
  "finished-call-untold": "its model was sent nothing of the finished",
  "finished-call-told-unknown": "its model was told that the outcome is unknown of the finished",
  "finished-call-told-not-done": "its model was told that it was not done of the finished",
  "finished-result-cut": "its model was sent only a part of the result of",
  "unknown-call-untold": "its model was sent nothing of the unknown",
  "unknown-call-told-not-done": "its model was told that it was not done of the unknown",
};

function uncarriedKind(
  facts: Facts,
  attempt: Attempt,
  step: StepFacts,
  at: SessionAt | undefined,
): Kind | undefined {
  const knows = attempt.knows?.[step.step];
  if (knows === undefined || knows === "known") return undefined;
  const uses = step.uses.filter((use) => use.attempt.startNs < attempt.startNs);
  const isKnown = (what: "calls" | "results", callId: string) =>
    isKnowableBefore(facts, step.session, what, callId, attempt.startNs);
  const finished = uses.filter(({ callId }) => isKnown("results", callId));
  if (finished.length > 0) {
    if (knows === "nothing") return "finished-call-untold";
    if (knows === "told-unknown") return "finished-call-told-unknown";
    if (knows === "told-not-done") return "finished-call-told-not-done";
    // The agent's log holds only the head of a long result; without the stream's there is no more to send.
    const whole = finished.some(({ callId }) => !onlyLogged(at, callId) && at?.heldResults.has(callId));
    return whole ? "finished-result-cut" : undefined;
  }
  const made = uses.filter((use) => !isUnallowed(use.attempt, use.callId));
  if (!made.some(({ callId }) => isKnown("calls", callId))) return undefined;
  // An attempt in between has looked, so nothing depends on it any more.
  const between = facts.attempts.filter(
    (other) =>
      other.session === step.session && other.startNs < attempt.startNs && other.skipped.has(step.step),
  );
  if (between.length > 0) return undefined;
  if (knows === "nothing") return "unknown-call-untold";
  return knows === "told-not-done" ? "unknown-call-told-not-done" : undefined;
}

function onlyLogged(at: SessionAt | undefined, callId: string): boolean {
  return at !== undefined && logHas(at, "results", callId) && !at.heldResults.has(callId);
}
