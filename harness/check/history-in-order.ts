/**
 * history-in-order: see `says`. Calls and results have names that both sides share; texts are not ordered by it.
 */
import { attemptsOf, type Facts, factsOf, phaseOf, sessionsOf, whenOf } from "../oracle/facts.ts";
import type { Shown } from "../subject/contract.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, nameOf, notApplicable, observationsOf } from "./judging.ts";

export const historyInOrder: Check = {
  promise: "history-in-order",
  says: "Within an attempt, the history and every stream show events in the order in which the agent emitted them, each once.",
  judge(run) {
    const facts = factsOf(run);
    if (facts.attempts.length === 0) return notApplicable("no agent was started");
    const told = facts.observations.some(({ sessions }) =>
      sessions.some(({ history }) => history.length > 0),
    );
    if (!told && facts.shown.length === 0) return notApplicable("no event was shown");
    return judged(sessionsOf(facts).flatMap((session) => inSession(facts, session)));
  },
};

interface Place {
  readonly attempt: number;
  readonly index: number;
}

function inSession(facts: Facts, session: number): readonly Violation[] {
  const places = new Map<string, Place>();
  for (const { attempt, emissions } of attemptsOf(facts, session))
    for (const [index, line] of emissions.entries())
      if (line.callId !== undefined) places.set(`${line.type}/${line.callId}`, { attempt, index });
  const violations: Violation[] = [];
  for (const { observation, observed } of observationsOf(facts, session)) {
    const found = firstDisorder(observed.history, places);
    if (found === undefined) continue;
    const story = `${found.story} in the history of session ${session} ${whenOf(facts, observation)}`;
    violations.push({ kind: found.kind, phase: phaseOf(observation), story });
  }
  const connections = new Map<number, Shown[]>();
  for (const { session: of, connection, event } of facts.shown)
    if (of === session) connections.set(connection, [...(connections.get(connection) ?? []), event]);
  for (const events of connections.values()) {
    const found = firstDisorder(events, places);
    if (found === undefined) continue;
    const story = `${found.story} in a stream of session ${session}`;
    violations.push({ kind: found.kind, phase: "stream", story });
  }
  return violations;
}

function firstDisorder(
  events: readonly Shown[],
  places: ReadonlyMap<string, Place>,
): { kind: string; story: string } | undefined {
  const seen = new Set<string>();
  const latest = new Map<number, { index: number; event: Shown }>();
  for (const event of events) {
    if ((event.type !== "call" && event.type !== "result") || event.callId === undefined) continue;
    const key = `${event.type}/${event.callId}`;
    if (seen.has(key)) return { kind: "event-twice", story: `${nameOf(event)} is there twice` };
    seen.add(key);
    const place = places.get(key);
    if (place === undefined) continue;
    const before = latest.get(place.attempt);
    if (before !== undefined && before.index > place.index)
      return { kind: "out-of-order", story: `${nameOf(event)} stands after ${nameOf(before.event)}` };
    latest.set(place.attempt, { index: place.index, event });
  }
  return undefined;
}
