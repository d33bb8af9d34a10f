/**
 * no-lost-shown-event: see `says`. Prompts, ends and events of unknown type are not compared: subjects word them
 * in their own way. Whether a result changed is another promise. "Missing" is nowhere to be seen; "hidden" is still on
 * the disk, whole, in a file that was damaged elsewhere; "altered" is there under another name than it was shown by.
 */
import {
  atMs,
  damagesOf,
  type Facts,
  factsOf,
  type Observation,
  type ShownAt,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import { stepOfCall } from "../oracle/steps.ts";
import type { ObservedSession, Shown } from "../subject/contract.ts";
import type { Check, Phase, Violation } from "./contract.ts";
import {
  emissionOf,
  isReportedHole,
  jsonOf,
  judged,
  nameOf,
  notApplicable,
  observationsOf,
} from "./judging.ts";

export const noLostShownEvent: Check = {
  promise: "no-lost-shown-event",
  says: "What a client was shown is in every later history, or inside a hole that is reported with its byte range.",
  judge(run) {
    const facts = factsOf(run);
    if (!facts.shown.some(({ event }) => isCompared(event)))
      return notApplicable("no client was shown an event");
    const violations = sessionsOf(facts).flatMap((session) => lostEvents(facts, session));
    const settled = facts.observations.some(({ label }) => label === "settled");
    return judged(violations, settled ? [] : ["there is no observation at the end"]);
  },
};

/** Events of one session that were shown and are missing later; each told at the first place it is missing. */
export function lostEvents(facts: Facts, session: number): readonly Violation[] {
  const shown = facts.shown.filter((one) => one.session === session && isCompared(one.event));
  const told = new Set<string>();
  const violations: Violation[] = [];
  for (const { observation, observed } of observationsOf(facts, session)) {
    for (const one of missingFrom(shown, observation, observed)) {
      const key = keyOf(one.event);
      const line = emissionOf(facts, session, one.event);
      if (told.has(key) || isReportedHole(facts, session, observation, observed, line)) continue;
      told.add(key);
      const how = howLost(facts, session, observation, observed, one.event);
      violations.push({
        kind: `${one.event.type}-${how}`,
        phase: phaseAt(facts, observation),
        story: `${nameOf(one.event)} was shown to client ${one.client} at ${atMs(facts, one.ns)} after start, ${inWords[how]} ${whenOf(facts, observation)}`,
      });
    }
  }
  return violations;
}

const inWords = {
  altered: "has another name",
  hidden: "is hidden by damage to another record of its file",
  missing: "is missing",
};

function howLost(
  facts: Facts,
  session: number,
  observation: Observation,
  { history }: ObservedSession,
  event: Shown,
): keyof typeof inWords {
  const isThere = event.callId !== undefined && history.some((other) => isOfOneCall(other, event));
  if (isThere) return "altered";
  return isOnDisk(facts, session, observation, event) ? "hidden" : "missing";
}

/** Do the session's damaged files still hold the event, by its token? */
function isOnDisk(facts: Facts, session: number, { cut, ns }: Observation, { type, callId }: Shown): boolean {
  const damaged = new Set(damagesOf(facts, session, ns).map(({ path }) => path));
  const tokens = callId === undefined ? undefined : stepOfCall(facts, session, callId)?.tokens;
  if (tokens === undefined || damaged.size === 0) return false;
  const token = type === "call" ? tokens.callToken : `${tokens.resultToken}h`;
  return cut?.files.some(({ path, content }) => damaged.has(path) && content?.includes(token)) === true;
}

function phaseAt(facts: Facts, observation: Observation): Phase {
  if (facts.faults.length === 0) return "before-fault";
  return observation.label === "settled" ? "settled" : "restart";
}

function isCompared({ type }: Shown): boolean {
  return type === "call" || type === "result" || type === "text";
}

function missingFrom(
  shown: readonly ShownAt[],
  observation: Observation,
  observed: ObservedSession,
): readonly ShownAt[] {
  // What comes while the answer is on its way may be newer than the answer; the cut is the moment of the question.
  const askedNs = observation.cut === undefined ? observation.ns : BigInt(observation.cut.t);
  const earlier = shown.filter(({ at, ns }) => at < observation.at && ns < askedNs);
  const seen = new Set<string>();
  return earlier.filter((one) => {
    const key = keyOf(one.event);
    if (seen.has(key)) return false;
    seen.add(key);
    return countIn(observed.history, one.event) < mostAtOnce(earlier, key);
  });
}

/** How often one connection was shown the event: several clients, and reconnects, are shown it again. */
function mostAtOnce(shown: readonly ShownAt[], key: string): number {
  const byConnection = new Map<string, Set<string>>();
  for (const { client, connection, event, at } of shown) {
    if (keyOf(event) !== key) continue;
    const where = `${client}/${connection}`;
    const seen = byConnection.get(where) ?? new Set<string>();
    // One id is one event: whether it may be shown twice is another promise.
    seen.add(event.callId ?? event.cursor ?? String(at));
    byConnection.set(where, seen);
  }
  return Math.max(0, ...[...byConnection.values()].map((seen) => seen.size));
}

function countIn(history: readonly Shown[], event: Shown): number {
  return history.filter((other) => other.type === event.type && isSame(other, event)).length;
}

function isOfOneCall(other: Shown, event: Shown): boolean {
  return other.type === event.type && other.callId === event.callId;
}

function isSame(other: Shown, event: Shown): boolean {
  if (event.type === "text") return other.text === event.text;
  if (event.callId !== undefined && other.callId !== undefined)
    return event.callId === other.callId && isOneName(event.name, other.name);
  // Without ids on both sides, content has to do.
  return event.type === "call" ? jsonOf(event.input) === jsonOf(other.input) : event.text === other.text;
}

/** Who does not name calls everywhere has said nothing else. */
function isOneName(left: string | undefined, right: string | undefined): boolean {
  return left === undefined || right === undefined || left === "" || right === "" || left === right;
}

function keyOf(event: Shown): string {
  const content = event.type === "call" ? jsonOf(event.input) : (event.text ?? "");
  return `${event.type}/${event.callId ?? content}`;
}
