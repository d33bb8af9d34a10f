/**
 * no-orphan-unseen: see `says`. An agent that has said its end, or was gone when the answer came, is not counted.
 */
import {
  acknowledged,
  type Facts,
  factsOf,
  type Observation,
  observedSession,
  phaseOf,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import { sessionAt } from "../oracle/session-at.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable, withoutCut } from "./judging.ts";

export const noOrphanUnseen: Check = {
  promise: "no-orphan-unseen",
  says: "An agent that is alive when the restarted server is asked is said to be alive.",
  stays:
    "An unseen agent is also a flag or a run that is missing; subjects without flags, or with agents that no run knows, are judged by it alone.",
  judge(run) {
    const facts = factsOf(run);
    const asked = facts.observations.filter(({ cut }) => cut !== undefined && cut.alive.length > 0);
    if (facts.observations.length === 0) return judged([], ["nothing was observed"]);
    const undecided = withoutCut(facts);
    if (asked.length === 0 && undecided.length === 0)
      return notApplicable("no agent was alive when the server was asked");
    return judged(
      asked.flatMap((observation) => unseen(facts, observation)),
      undecided,
    );
  },
};

function unseen(facts: Facts, observation: Observation): readonly Violation[] {
  const { cut } = observation;
  if (cut === undefined) return [];
  return sessionsOf(facts).flatMap((session): Violation[] => {
    const at = sessionAt(facts, cut, session);
    if (at.life !== "alive" || !acknowledged(facts, session, observation.ns)) return [];
    const alive = at.attempts.filter(
      ({ nonce, goneByNs }) =>
        cut.alive.some((agent) => agent.nonce === nonce) &&
        (goneByNs === undefined || goneByNs > observation.ns),
    );
    const observed = observedSession(facts, observation, session);
    if (alive.length === 0 || observed?.live === "yes") return [];
    const who = `the agent of session ${session} (attempt ${alive.at(-1)?.attempt}) was alive`;
    const said =
      observed === undefined ? "the session is not listed" : `live is said to be "${observed.live}"`;
    const story = `${who}, ${said} ${whenOf(facts, observation)}`;
    return [{ kind: "orphan-unseen", phase: phaseOf(observation), story }];
  });
}
