/**
 * What checks share: how findings become a result, how events are named in stories, and what damage excuses.
 */

import type { Emission } from "../oracle/attempts.ts";
import { classOf } from "../oracle/classes.ts";
import {
  attemptsOf,
  damagesOf,
  type Facts,
  type Observation,
  observedSession,
  whenOf,
} from "../oracle/facts.ts";
import type { ObservedSession, Shown } from "../subject/contract.ts";
import type { CheckResult, Violation } from "./contract.ts";

/** A breach outweighs what could not be decided; what could not be decided is no pass. */
export function judged(violations: readonly Violation[], undecided: readonly string[] = []): CheckResult {
  if (violations.length > 0) return { status: "fail", violations };
  const [why] = undecided;
  return why === undefined ? { status: "pass" } : { status: "unknown", why };
}

export function notApplicable(why: string): CheckResult {
  return { status: "not-applicable", why };
}

/** An event in words: `result of call c2 (run_command)`. */
export function nameOf(event: Shown): string {
  if (event.type === "call" || event.type === "result") {
    const id = event.callId === undefined ? "without an id" : event.callId;
    const name = event.name === undefined ? "" : ` (${event.name})`;
    return event.type === "call" ? `call ${id}${name}` : `result of call ${id}${name}`;
  }
  const text = event.text ?? "";
  return `${event.type} "${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}

/** Every observation with what it says of one session; those that do not name it are left out. */
export function observationsOf(
  facts: Facts,
  session: number,
): readonly { readonly observation: Observation; readonly observed: ObservedSession }[] {
  return facts.observations.flatMap((observation) => {
    const observed = observedSession(facts, observation, session);
    return observed === undefined ? [] : [{ observation, observed }];
  });
}

/** Line of an agent's stdout for a call or result that a client was shown. */
export function emissionOf(facts: Facts, session: number, event: Shown): Emission | undefined {
  if (event.callId === undefined) return undefined;
  return attemptsOf(facts, session)
    .flatMap(({ emissions }) => emissions)
    .find((line) => line.callId === event.callId && line.type === event.type);
}

/** Nobody can say that what was never asked for is as promised. */
export function unasked({ observations }: Facts): readonly string[] {
  return observations.length === 0 ? ["nothing was observed"] : [];
}

/** Looks that no copy of the disk belongs to: what was true then nobody can say. */
export function withoutCut(facts: Facts): readonly string[] {
  return facts.observations
    .filter(({ cut }) => cut === undefined)
    .map((observation) => `there is no cut for the observation ${whenOf(facts, observation)}`);
}

type Range = { readonly fromByte: number; readonly toByte: number };

export function overlaps(left: Range, right: Range): boolean {
  return left.fromByte < right.toByte && right.fromByte < left.toByte;
}

/** Ranges that the orchestrator itself reports as lost or unreadable: holes in the history, and flags. */
export function reportedRanges(observed: ObservedSession): readonly Range[] {
  const holes = observed.history.flatMap(({ type, range }) => (type === "hole" && range ? [range] : []));
  const flags = observed.flags === "no-surface" ? [] : observed.flags;
  const cited = flags
    .filter(({ code }) => classOf(code) === "unreadable")
    .flatMap(({ cites }) => cites.flatMap(({ range }) => range ?? []));
  return [...holes, ...cited];
}

/**
 * Is the absence of a line excused? Only where a file was damaged before, and the orchestrator reports a range
 * that covers the line or (in a file of its own) the damage.
 */
export function isReportedHole(
  facts: Facts,
  session: number,
  observation: Observation,
  observed: ObservedSession,
  line: Emission | undefined,
): boolean {
  const damages = damagesOf(facts, session, observation.ns);
  if (damages.length === 0) return false;
  const ranges = reportedRanges(observed);
  if (line !== undefined && ranges.some((range) => overlaps(range, line))) return true;
  return damages.some((damage) => ranges.some((range) => touches(range, damage)));
}

/** Also an empty range at the place counts: a file cut to nothing has no bytes to point at. */
function touches(left: Range, right: Range): boolean {
  return left.fromByte <= right.toByte && right.fromByte <= left.toByte;
}

/** The value as JSON text, for looking into. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? "";
}
