/**
 * neighbours-unharmed: see `says`. A session is a neighbour of damage to another session's file, and of the kill of
 * another session's agent; the kill of the server meets every session.
 */
import { overlapsOf } from "../oracle/attempts.ts";
import { classOf } from "../oracle/classes.ts";
import {
  acknowledged,
  attemptsOf,
  damageSession,
  type Facts,
  factsOf,
  type Observation,
  observedSession,
  phaseOf,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import { truthAt } from "../oracle/truth.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, withoutCut } from "./judging.ts";
import { lostEvents } from "./no-lost-shown-event.ts";

export const neighboursUnharmed: Check = {
  promise: "neighbours-unharmed",
  says: "What happens to one session's files or agent leaves every other session's events, run and flags as they are.",
  stays:
    "Harm to a neighbour breaks the promises of that session too; that it came from somebody else's damage is said here alone.",
  judge(run) {
    const facts = factsOf(run);
    const struck = struckSessions(facts);
    const neighbours = sessionsOf(facts).filter((session) => !struck.sessions.has(session) && !struck.shared);
    if (struck.sessions.size === 0 || neighbours.length === 0)
      return notApplicable("no fault met one session's files or agent and left another's alone");
    // Without a copy of the disk nobody knows which of a neighbour's flags are right.
    return judged(
      neighbours.flatMap((session) => harmed(facts, session, struck.sinceNs)),
      withoutCut(facts),
    );
  },
};

interface Struck {
  readonly sessions: ReadonlySet<number>;
  /** A file of all sessions was damaged: then nobody is a neighbour. */
  readonly shared: boolean;
  readonly sinceNs: bigint;
}

function struckSessions(facts: Facts): Struck {
  const sessions = new Set<number>();
  const times: bigint[] = [];
  let shared = false;
  for (const damage of facts.damages) {
    const owner = damageSession(facts, damage);
    if (owner === undefined) shared = true;
    else sessions.add(owner);
    times.push(BigInt(damage.t));
  }
  for (const { fault, round, killed, t } of facts.faults) {
    if (fault.kind !== "kill" || fault.target !== "agent" || killed.length === 0) continue;
    const at = facts.run.plan.rounds[round]?.at;
    if (at === undefined || "phase" in at) continue;
    sessions.add(at.session);
    times.push(BigInt(t));
  }
  const sinceNs = times.sort((left, right) => (left < right ? -1 : 1))[0] ?? 0n;
  return { sessions, shared, sinceNs };
}

function harmed(facts: Facts, session: number, sinceNs: bigint): readonly Violation[] {
  const violations: Violation[] = lostEvents(facts, session).map((violation) => ({
    ...violation,
    kind: "neighbour-event-missing",
  }));
  for (const observation of facts.observations.filter(({ ns }) => ns > sinceNs)) {
    if (!acknowledged(facts, session, observation.ns)) continue;
    const kind = harmAt(facts, observation, session);
    if (kind === undefined) continue;
    const what = kind === "neighbour-missing" ? "is missing" : "is flagged";
    const story = `session ${session} was not met by the fault, and ${what} ${whenOf(facts, observation)}`;
    violations.push({ kind, phase: phaseOf(observation), story });
  }
  return violations;
}

function harmAt(facts: Facts, observation: Observation, session: number): string | undefined {
  const observed = observedSession(facts, observation, session);
  if (observed === undefined) return "neighbour-missing";
  if (observed.flags === "no-surface") return undefined;
  const truth = truthAt(facts, observation, session);
  const isFalse = observed.flags.some(({ code, resolved }) => {
    const name = classOf(code);
    if (resolved === true || name === "informational" || name === "other") return false;
    return truth?.[name].is === "no" && !wasEver(facts, session, name);
  });
  return isFalse ? "neighbour-flagged" : undefined;
}

/** The server's kill may have made the class true for this session at another time. */
function wasEver(
  facts: Facts,
  session: number,
  name: Exclude<ReturnType<typeof classOf>, "informational" | "other">,
): boolean {
  if (name === "second-writer") return overlapsOf(attemptsOf(facts, session)).length > 0;
  return facts.observations.some((observation) => {
    const truth = truthAt(facts, observation, session);
    return truth !== undefined && truth[name].is !== "no";
  });
}
