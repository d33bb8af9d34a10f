/**
 * no-invented-call: see `says`. Nothing may be shown before its agent began to emit or log it.
 */
import { atMs, type Facts, factsOf, phaseOf, sessionsOf, whenOf } from "../oracle/facts.ts";
import { replyNames, sessionAt, withHidden } from "../oracle/session-at.ts";
import { stepOfCall, stepOfResult, stepsNamedIn, useOfCall } from "../oracle/steps.ts";
import type { ObservedCall, ObservedSession, Shown } from "../subject/contract.ts";
import type { Check, Violation } from "./contract.ts";
import { jsonOf, judged, nameOf, notApplicable, observationsOf } from "./judging.ts";

export const noInventedCall: Check = {
  promise: "no-invented-call",
  says: "Every call and result that is shown or listed was emitted or logged by an agent.",
  judge(run) {
    const facts = factsOf(run);
    if (facts.attempts.length === 0) return notApplicable("no agent was started");
    const isTold = ({ history, calls }: ObservedSession) => history.length > 0 || calls.length > 0;
    const told = facts.observations.some(({ sessions }) => sessions.some(isTold));
    if (!told && facts.shown.length === 0) return notApplicable("nothing was shown or listed");
    return judged(sessionsOf(facts).flatMap((session) => inSession(facts, session)));
  },
};

function inSession(facts: Facts, session: number): readonly Violation[] {
  const violations: Violation[] = [];
  for (const { event, ns, session: of, client } of facts.shown) {
    const kind = of === session ? inventedEvent(facts, session, event, ns) : undefined;
    if (kind === undefined) continue;
    const story = `${nameOf(event)} was shown to client ${client} at ${atMs(facts, ns)} after start, but no agent had emitted or logged it`;
    violations.push({ kind, phase: "stream", story });
  }
  for (const { observation, observed } of observationsOf(facts, session)) {
    const place = { phase: phaseOf(observation) };
    for (const event of observed.history) {
      const kind = inventedEvent(facts, session, event, observation.ns);
      if (kind === undefined) continue;
      const story = `${nameOf(event)} is in the history ${whenOf(facts, observation)}, but no agent had emitted or logged it`;
      violations.push({ kind, ...place, story });
    }
    for (const call of observed.calls) {
      const kind = inventedCall(facts, session, call, observation.ns);
      if (kind === undefined) continue;
      const story = `call ${call.id ?? "without an id"} (${call.name}) is listed ${whenOf(facts, observation)}, but no agent had emitted or logged ${kind === "result-invented" ? "its result" : "it"}`;
      violations.push({ kind, ...place, story });
    }
  }
  return violations;
}

function inventedEvent(facts: Facts, session: number, event: Shown, ns: bigint): string | undefined {
  if (event.type === "call") return isKnownCall(facts, session, event.callId, event.input, ns);
  if (event.type !== "result") return undefined;
  return isKnownResult(facts, session, event.callId, event.text ?? "", ns) ? undefined : "result-invented";
}

function inventedCall(facts: Facts, session: number, call: ObservedCall, ns: bigint): string | undefined {
  const kind = isKnownCall(facts, session, call.id, call.input, ns);
  if (kind !== undefined || call.result === undefined) return kind;
  return isKnownResult(facts, session, call.id, call.result, ns) ? undefined : "result-invented";
}

/** Returns what is wrong with a call; undefined when an agent made it. */
function isKnownCall(
  facts: Facts,
  session: number,
  callId: string | undefined,
  input: unknown,
  ns: bigint,
): "call-invented" | "call-altered" | undefined {
  if (callId === undefined) {
    if (input === undefined || input === null) return undefined;
    return stepsNamedIn(facts, session, input).length > 0 ? undefined : "call-invented";
  }
  const step = stepOfCall(facts, session, callId);
  if (step === undefined || !wasMade(facts, session, callId, ns))
    return isNamedInReply(facts, session, callId) ? undefined : "call-invented";
  if (input === undefined || input === null) return undefined;
  return jsonOf(input).includes(step.tokens.callToken) ? undefined : "call-altered";
}

/** The model's reply names a call before the agent makes it, and the agent logs the reply; also one that never told whose log it is. */
function isNamedInReply(facts: Facts, session: number, callId: string): boolean {
  return facts.run.cuts.some((cut) => replyNames(withHidden(sessionAt(facts, cut, session)), callId));
}

function wasMade(facts: Facts, session: number, callId: string, ns: bigint): boolean {
  const use = useOfCall(facts, session, callId);
  return (
    use?.attempt.entries.some(
      (entry) => "callId" in entry && entry.callId === callId && BigInt(entry.t) <= ns,
    ) === true
  );
}

function isKnownResult(
  facts: Facts,
  session: number,
  callId: string | undefined,
  text: string,
  ns: bigint,
): boolean {
  if (callId === undefined) return text === "" || stepOfResult(facts, session, text) !== undefined;
  const use = useOfCall(facts, session, callId);
  if (use === undefined) return false;
  return use.attempt.entries.some((entry) => {
    if (BigInt(entry.t) > ns) return false;
    if (entry.kind === "out") return entry.callId === callId && entry.type === "result";
    return entry.kind === "store" && entry.callId === callId && entry.type === "tool_result";
  });
}
