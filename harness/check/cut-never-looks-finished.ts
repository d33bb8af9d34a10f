/**
 * cut-never-looks-finished: see `says`. An orchestrator that has no word for the end is asked for less: what it says of
 * a cut run must differ in anything from what it says of the same session once that has ended.
 */
import type { Attempt } from "../oracle/attempts.ts";
import {
  type Facts,
  factsOf,
  type Observation,
  observedSession,
  phaseOf,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import { type SessionAt, sessionAt } from "../oracle/session-at.ts";
import type { ObservedSession } from "../subject/contract.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, observationsOf, unasked } from "./judging.ts";

export const cutNeverLooksFinished: Check = {
  promise: "cut-never-looks-finished",
  says: "A run that was cut is never said to have ended by itself, and one that ended is not said to be cut.",
  judge(run) {
    const facts = factsOf(run);
    if (facts.attempts.length === 0) return notApplicable("no agent was started");
    const undecided = [...unasked(facts)];
    const violations = sessionsOf(facts).flatMap((session) =>
      observationsOf(facts, session).flatMap(({ observation, observed }) => {
        if (observation.cut === undefined) {
          undecided.push(`there is no cut for the observation ${whenOf(facts, observation)}`);
          return [];
        }
        return inObservation(facts, observation, observed, sessionAt(facts, observation.cut, session));
      }),
    );
    return judged(violations, undecided);
  },
};

function inObservation(
  facts: Facts,
  observation: Observation,
  observed: ObservedSession,
  at: SessionAt,
): readonly Violation[] {
  const latest = at.attempts.at(-1);
  if (latest === undefined || at.pending) return [];
  const began = latest.emissions.some(({ type, beginNs }) => type === "end" && beginNs <= observation.ns);
  const prompted = wasPrompted(latest, at.ns);
  // What was logged before a power cut took it may have been seen and recorded.
  const finalTaken =
    facts.losses.length > 0 &&
    latest.entries.some((entry) => entry.kind === "store" && entry.event === "final/log");
  const finalLogged = finalTaken || (prompted && at.logs.some((log) => log.lastTurnEnded));
  const phase = phaseOf(observation);
  const who = `session ${at.session} (attempt ${latest.attempt})`;
  // The log of an agent whose name may be known from before its own line was lost, or from what it opens with: both are right.
  if (!began && !finalLogged && prompted && at.hidden.logs.some((log) => log.lastTurnEnded)) return [];
  if (!began && !finalLogged) {
    if (logHeldTheEnd(facts, at, latest)) return [];
    const finished =
      observed.ended === "yes" || /\b(complete|completed|finished|succeeded)\b/i.test(observed.state);
    if (!finished) return toldLikeFinished(facts, observation, observed, at);
    const story = `${who} is said to be "${observed.state}", ended ${observed.ended}, ${whenOf(facts, observation)}; the agent never came to its end`;
    return [{ kind: observed.ended === "yes" ? "cut-said-ended" : "cut-said-completed", phase, story }];
  }
  // "At work" a moment after the end is behind, not wrong about it.
  if (observed.ended !== "no" || observed.live === "yes" || at.life !== "dead") return [];
  // Right after a restart only an end that reached the subject's own record is held against it.
  const received =
    at.spools.some((spool) => spool.ended) &&
    latest.emissions.some(({ type, doneNs }) => type === "end" && doneNs !== undefined && doneNs <= at.ns);
  const isDamaged = facts.damages.length > 0 || facts.losses.length > 0;
  if (observation.label !== "settled" && (!received || isDamaged)) return [];
  const story = `${who} came to its end, and is said to be "${observed.state}", not ended, ${whenOf(facts, observation)}`;
  return [{ kind: "finished-said-cut", phase, story }];
}

function wasPrompted({ entries }: Attempt, ns: bigint): boolean {
  return entries.some(
    (entry) => entry.kind === "store" && entry.type === "user_message" && BigInt(entry.t) <= ns,
  );
}

/** At an earlier cut, and damage took it since: it may stand in the subject's record, or not. */
function logHeldTheEnd(facts: Facts, at: SessionAt, latest: Attempt): boolean {
  return facts.run.cuts.some((cut) => {
    if (BigInt(cut.t) >= at.ns) return false;
    const earlier = sessionAt(facts, cut, at.session);
    const isSame = earlier.attempts.at(-1)?.attempt === latest.attempt && wasPrompted(latest, earlier.ns);
    return isSame && earlier.logs.some((log) => log.lastTurnEnded);
  });
}

/** The agent is dead and was cut; at the end, when the session has ended, the very same words are said of it. */
function toldLikeFinished(
  facts: Facts,
  observation: Observation,
  observed: ObservedSession,
  at: SessionAt,
): readonly Violation[] {
  const last = facts.observations.findLast(({ label }) => label === "settled");
  if (at.life !== "dead" || observed.ended === "no" || last?.cut === undefined || last === observation)
    return [];
  const later = observedSession(facts, last, at.session);
  const atEnd = sessionAt(facts, last.cut, at.session);
  const ended = atEnd.attempts
    .at(-1)
    ?.emissions.some(({ type, doneNs }) => type === "end" && doneNs !== undefined);
  if (later === undefined || ended !== true || atEnd.life !== "dead") return [];
  if (wordsOf(later) !== wordsOf(observed)) return [];
  const story = `session ${at.session} was cut, and is said to be "${observed.state}", ended ${observed.ended}, live ${observed.live} ${whenOf(facts, observation)}: the same as when it had come to its end`;
  return [{ kind: "cut-told-like-finished", phase: phaseOf(observation), story }];
}

function wordsOf({ state, ended, live, flags }: ObservedSession): string {
  const codes = flags === "no-surface" ? flags : flags.map(({ code }) => code).sort();
  return JSON.stringify([state, ended, live, codes]);
}
