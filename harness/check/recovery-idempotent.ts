/**
 * recovery-idempotent: see `says`. Two looks in one round are compared where nothing acted on the session between.
 */
import {
  type Facts,
  factsOf,
  type Observation,
  observedSession,
  phaseOf,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import type { ObservedFlag, ObservedSession } from "../subject/contract.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, unasked } from "./judging.ts";

export const recoveryIdempotent: Check = {
  promise: "recovery-idempotent",
  says: "Looking twice, or recovering twice, gives the same flags and call states, and multiplies none.",
  judge(run) {
    const facts = factsOf(run);
    if (facts.faults.length === 0) return notApplicable("there was no fault to recover from");
    const violations: Violation[] = [];
    let looks = 0;
    for (const session of sessionsOf(facts)) {
      for (const [index, observation] of facts.observations.entries()) {
        const observed = observedSession(facts, observation, session);
        if (observed === undefined) continue;
        if (observed.flags !== "no-surface") looks += 1;
        violations.push(...multiplied(facts, observation, session, observed));
        violations.push(...raisedAgain(facts, observation, session, observed));
        const before = facts.observations[index - 1];
        if (before === undefined || !isQuiet(facts, before, observation, session)) continue;
        const earlier = observedSession(facts, before, session);
        if (earlier === undefined) continue;
        looks += 1;
        violations.push(...changed(facts, observation, session, earlier, observed));
      }
    }
    const undecided = unasked(facts);
    if (looks === 0 && violations.length === 0 && undecided.length === 0)
      return notApplicable("no flags are shown, and no two looks had nothing between them");
    return judged(violations, undecided);
  },
};

/** Same round, and neither an agent of the session nor a person did anything between the two looks. */
function isQuiet(facts: Facts, before: Observation, after: Observation, session: number): boolean {
  if (before.round !== after.round || after.label === "settled") return false;
  const cuts = [before.cut, after.cut];
  const [alive, aliveAfter] = cuts.map((cut) =>
    cut?.alive
      .filter((agent) => agent.session === session)
      .map(({ nonce }) => nonce)
      .join(),
  );
  if (cuts.includes(undefined) || alive !== aliveAfter) return false;
  if (isEndedByItsServer(facts, before, session)) return false;
  // A free agent is only stopped for each look: what it said since the last server went may be taken in between the two.
  const isFree = facts.run.plan.mode === "free";
  if (alive !== "" && isFree) return false;
  const gone = facts.run.history.findLast((entry, at) => at < before.at && entry.kind === "server-exit");
  const from = BigInt((isFree ? gone?.t : before.cut?.t) ?? 0);
  const acted = facts.attempts.some(
    (attempt) =>
      attempt.session === session &&
      attempt.entries.some(({ t }) => BigInt(t) >= from && BigInt(t) <= after.ns),
  );
  const asked = facts.run.history.some(
    (entry, at) =>
      at > before.at &&
      at < after.at &&
      (entry.kind === "resume" || entry.kind === "submit" || entry.kind === "fault") &&
      (!("session" in entry) || entry.session === session),
  );
  return !acted && !asked;
}

/**
 * An agent that speaks ACP does not end with its turn: its server ends it, at a moment of its own. So does the next one,
 * also where nobody can tell whether it was given its prompt.
 */
function isEndedByItsServer(facts: Facts, before: Observation, session: number): boolean {
  if (facts.run.plan.sessions[session]?.agent !== "acp") return false;
  const killed = facts.run.cuts.findLast(({ label, t }) => label === "killed" && BigInt(t) <= before.ns);
  return facts.attempts.some(({ nonce, emissions }) => {
    const said = emissions.filter(({ doneNs }) => doneNs !== undefined);
    const isDue = said.length === 0 || said.some(({ type }) => type === "end");
    return isDue && killed?.alive.some((agent) => agent.nonce === nonce) === true;
  });
}

function changed(
  facts: Facts,
  observation: Observation,
  session: number,
  earlier: ObservedSession,
  later: ObservedSession,
): readonly Violation[] {
  const violations: Violation[] = [];
  const story = (what: string) =>
    `session ${session}: ${what} between two looks with nothing between them, ${whenOf(facts, observation)}`;
  const flags = difference(flagWords(earlier), flagWords(later));
  if (flags.length > 0)
    violations.push({
      kind: "flags-changed",
      phase: phaseOf(observation),
      story: story(`the flags (${flags.join(", ")}) changed`),
    });
  const calls = difference(callWords(earlier), callWords(later));
  if (calls.length > 0)
    violations.push({
      kind: "call-states-changed",
      phase: phaseOf(observation),
      story: story(`the states of calls (${calls.join(", ")}) changed`),
    });
  return violations;
}

function flagWords({ flags }: ObservedSession): readonly string[] {
  if (flags === "no-surface") return [];
  return flags.map(
    ({ code, callId, resolved }) => `${code}/${callId ?? ""}${resolved === true ? "/resolved" : ""}`,
  );
}

function callWords({ calls }: ObservedSession): readonly string[] {
  return calls.map(({ id, name, state }, index) => `${id ?? `${name} ${index}`} ${state}`);
}

function difference(left: readonly string[], right: readonly string[]): readonly string[] {
  return [...left.filter((word) => !right.includes(word)), ...right.filter((word) => !left.includes(word))];
}

/** The same finding under the same evidence, more than once. */
function multiplied(
  facts: Facts,
  observation: Observation,
  session: number,
  observed: ObservedSession,
): readonly Violation[] {
  if (observed.flags === "no-surface") return [];
  const seen = new Set<string>();
  for (const flag of observed.flags) {
    const key = keyOf(flag);
    if (!seen.has(key)) {
      seen.add(key);
      continue;
    }
    const story = `session ${session} is flagged ${flag.code} more than once for the same evidence ${whenOf(facts, observation)}`;
    return [{ kind: "flags-multiplied", phase: phaseOf(observation), story }];
  }
  return [];
}

/** The history tells of a flag that it is raised, and again, though nothing resolved it in between. */
function raisedAgain(
  facts: Facts,
  observation: Observation,
  session: number,
  { history }: ObservedSession,
): readonly Violation[] {
  const open = new Set<string>();
  for (const { type, text } of history) {
    if (text === undefined) continue;
    if (type === "flag-resolved") open.delete(text);
    if (type !== "flag") continue;
    if (open.has(text)) {
      const story = `the history of session ${session} says twice that ${text} is raised ${whenOf(facts, observation)}`;
      return [{ kind: "flag-raised-again", phase: phaseOf(observation), story }];
    }
    open.add(text);
  }
  return [];
}

function keyOf({ code, callId, resolved, cites }: ObservedFlag): string {
  const places = cites.map(({ source, path, range, value }) => [source, path ?? "", range ?? null, value]);
  return JSON.stringify([code, callId ?? "", resolved === true, places]);
}
