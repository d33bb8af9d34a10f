/**
 * stream-resumes-without-gap: see `says`. Compared with the history at the end, by call id and text. What an event is
 * otherwise, it must have a cursor of its own: who lost the connection behind it could not come back to there.
 */

import { entriesOf } from "../oracle/attempts.ts";
import {
  damagesOf,
  type Facts,
  factsOf,
  observedSession,
  type ShownAt,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import { useOfCall } from "../oracle/steps.ts";
import type { Shown } from "../subject/contract.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, nameOf, notApplicable, observationsOf } from "./judging.ts";

export const streamResumesWithoutGap: Check = {
  promise: "stream-resumes-without-gap",
  says: "A client that comes back with a cursor is shown exactly what follows it, nothing twice and nothing missing.",
  judge(run) {
    if (!run.subject.can.cursor) return notApplicable("the orchestrator's stream has no cursor");
    const facts = factsOf(run);
    const shared = sessionsOf(facts).flatMap((session) => sharedCursor(facts, session) ?? []);
    if (shared.length > 0) return judged(shared);
    const returned = entriesOf(run, "connect").filter(({ after }) => after !== undefined);
    if (returned.length === 0) return notApplicable("no client came back with a cursor");
    const settled = facts.observations.findLast(({ label }) => label === "settled");
    if (settled === undefined) return judged([], ["there is no observation at the end"]);
    let compared = 0;
    const violations = sessionsOf(facts).flatMap((session) => {
      const observed = observedSession(facts, settled, session);
      // Where records were damaged, what was shown before may rightly be gone from the history.
      if (observed === undefined || damagesOf(facts, session).length > 0) return [];
      const history = observed.history.filter((event) => isCompared(facts, session, event));
      const connections = connectionsOf(facts, session, settled.at);
      compared += connections.length;
      return connections.flatMap((connection) => gapIn(session, connection, history));
    });
    return compared === 0
      ? notApplicable(
          "no client came back, to a session without damage, with a cursor that it had been given",
        )
      : judged(violations);
  },
};

/** Two events of one stream, or of one look at the history, that have one cursor. */
function sharedCursor(facts: Facts, session: number): Violation | undefined {
  // A fact that damage took, and that is recorded anew, may stand where it stood.
  if (damagesOf(facts, session).length > 0) return undefined;
  const streams = new Map<number, Shown[]>();
  for (const { session: of, connection, event } of facts.shown)
    if (of === session) streams.set(connection, [...(streams.get(connection) ?? []), event]);
  const lists = [
    ...[...streams.values()].map((events) => ({ where: "a stream", events })),
    ...observationsOf(facts, session).map(({ observation, observed }) => ({
      where: `the history ${whenOf(facts, observation)}`,
      events: observed.history,
    })),
  ];
  for (const { where, events } of lists) {
    const seen = new Map<string, Shown>();
    for (const event of events) {
      if (event.cursor === undefined) continue;
      const other = seen.get(event.cursor);
      seen.set(event.cursor, event);
      // The same one twice is a matter of order.
      if (other === undefined || (event.type !== "other" && keyOf(other) === keyOf(event))) continue;
      const story = `in ${where} of session ${session}, ${nameOf(other)} and ${nameOf(event)} both have the cursor ${event.cursor}`;
      return { kind: "cursor-shared", phase: "stream", story };
    }
  }
  return undefined;
}

interface Connection {
  readonly client: number;
  readonly after: string;
  /**
   * The last event up to the cursor that is compared, and how many equal ones the client had been shown with it;
   * absent where there was none.
   */
  readonly last: { readonly event: Shown; readonly nth: number } | undefined;
  readonly shown: readonly ShownAt[];
  /** It lasted until the look at the end, and what that shows was waited for. */
  readonly lasted: boolean;
}

/** Connections that began with a cursor which the same session's stream had given out. */
function connectionsOf(facts: Facts, session: number, endAt: number): readonly Connection[] {
  const all = facts.shown.filter((one) => one.session === session);
  let number = 0;
  return facts.run.history.flatMap((entry, at): Connection[] => {
    if (entry.kind !== "connect") return [];
    number += 1;
    const { client, after } = entry;
    if (entry.session !== session || after === undefined) return [];
    const given = all.findLast((one) => one.event.cursor === after && one.at < at && one.client === client);
    if (given === undefined) return [];
    const connection = number;
    const line = lineOf(all, given).filter(({ event }) => isCompared(facts, session, event));
    const last = line.at(-1)?.event;
    const nth = last === undefined ? 0 : line.filter(({ event }) => keyOf(event) === keyOf(last)).length;
    const shown = all.filter((one) => one.connection === connection && isCompared(facts, session, one.event));
    const isBroken = facts.run.history
      .slice(at, endAt)
      .some((one) => one.kind === "disconnected" && one.client === client && one.session === session);
    const lasted = at < endAt && !isBroken;
    return [{ client, after, last: last === undefined ? undefined : { event: last, nth }, shown, lasted }];
  });
}

/** What the client had been shown up to an event, each cursor once. */
function lineOf(all: readonly ShownAt[], until: ShownAt): readonly ShownAt[] {
  const seen = new Set<string>();
  return all.filter((one) => {
    if (one.client !== until.client || one.at > until.at) return false;
    const cursor = one.event.cursor ?? String(one.at);
    if (seen.has(cursor)) return false;
    seen.add(cursor);
    return true;
  });
}

function gapIn(session: number, connection: Connection, history: readonly Shown[]): readonly Violation[] {
  const { last, shown, client, after, lasted } = connection;
  let left = last?.nth ?? 0;
  const from =
    last === undefined
      ? -1
      : history.findIndex((event) => {
          if (keyOf(event) === keyOf(last.event)) left -= 1;
          return left === 0;
        });
  // The history lacks what the cursor stands for: that is a lost event, another promise's matter.
  if (last !== undefined && from === -1) return [];
  for (const [index, { event }] of shown.entries()) {
    const expected = history[from + 1 + index];
    if (expected === undefined || keyOf(expected) === keyOf(event)) continue;
    const isEarlier = history.slice(0, from + 1 + index).some((other) => keyOf(other) === keyOf(event));
    const kind = isEarlier ? "event-repeated" : "event-skipped";
    const story = `client ${client} of session ${session} came back after ${after} and was shown ${nameOf(event)} where ${nameOf(expected)} follows`;
    return [{ kind, phase: "stream", story }];
  }
  // What stands in the history twice is a matter of order.
  const seen = new Set([...history.slice(0, from + 1), ...shown.map(({ event }) => event)].map(keyOf));
  const missing = history.slice(from + 1).find((event) => !seen.has(keyOf(event)));
  if (!lasted || missing === undefined) return [];
  const story = `client ${client} of session ${session} came back after ${after}, was connected to the end, and was never shown ${nameOf(missing)}`;
  return [{ kind: "event-withheld", phase: "stream", story }];
}

/** Events that both stream and history certainly have: what an agent emitted. */
function isCompared(facts: Facts, session: number, event: Shown): boolean {
  if (event.type === "text") return true;
  if ((event.type !== "call" && event.type !== "result") || event.callId === undefined) return false;
  const use = useOfCall(facts, session, event.callId);
  const line = event.type === "call" ? use?.call : use?.result;
  return line?.doneNs !== undefined;
}

function keyOf(event: Shown): string {
  return `${event.type}/${event.callId ?? event.text ?? ""}`;
}
