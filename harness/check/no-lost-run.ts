/**
 * no-lost-run: see `says`. Looks at acknowledgements and at what every later observation lists.
 */

import { entriesOf } from "../oracle/attempts.ts";
import {
  type DamageEntry,
  damagesOf,
  type Facts,
  factsOf,
  isAgentsFile,
  type Observation,
  phaseOf,
  sessionsOf,
  whenOf,
} from "../oracle/facts.ts";
import type { Check, Violation } from "./contract.ts";
import { judged, notApplicable } from "./judging.ts";

export const noLostRun: Check = {
  promise: "no-lost-run",
  says: "A submit that was acknowledged is exactly one run, a retried one is the same run, and every later observation has it.",
  judge(run) {
    const facts = factsOf(run);
    const submitted = entriesOf(run, "submitted");
    if (submitted.length === 0) return notApplicable("no submit was acknowledged");
    const violations = doubleAnswers(facts);
    for (const observation of facts.observations) {
      violations.push(...missing(facts, observation), ...doubled(facts, observation));
    }
    violations.push(...lostTurns(facts));
    return judged(violations, facts.observations.length === 0 ? ["nothing was observed"] : []);
  },
};

function doubleAnswers(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  const submitted = entriesOf(facts.run, "submitted");
  for (const [index, entry] of submitted.entries()) {
    const before = submitted.slice(0, index).find(({ session }) => session === entry.session);
    if (before === undefined || before.id === entry.id) continue;
    const retried = before.key === entry.key;
    violations.push({
      kind: retried ? "retry-made-second-run" : "turn-made-second-session",
      phase: facts.faults.length === 0 ? "before-fault" : "restart",
      story: `session ${entry.session}: the submit with key ${entry.key} was acknowledged as ${entry.id}, but the session is ${before.id}`,
    });
  }
  return violations;
}

function missing(facts: Facts, observation: Observation): Violation[] {
  return sessionsOf(facts).flatMap((session): Violation[] => {
    const ack = entriesOf(facts.run, "submitted").find(
      (entry) => entry.session === session && BigInt(entry.t) < observation.ns,
    );
    if (ack === undefined) return [];
    const count = observation.sessions.filter(({ id }) => id === ack.id).length;
    if (count === 1) return [];
    // A record of sessions that was damaged may have held this one.
    const damages = damagesOf(facts, session, observation.ns).filter((one) => isRecordOfRuns(facts, one));
    const isHidden = count === 0 && damages.some((damage) => isBeside(observation, damage, ack.id));
    if (count === 0 && damages.length > 0 && !isHidden) return [];
    const hidden = "is hidden by damage to another record of its file";
    const what = isHidden ? hidden : count === 0 ? "is missing" : `is listed ${count} times`;
    return [
      {
        kind: isHidden ? "run-hidden" : count === 0 ? "run-missing" : "run-listed-twice",
        phase: phaseOf(observation),
        story: `the submit of session ${session} was acknowledged as ${ack.id}; it ${what} ${whenOf(facts, observation)}`,
      },
    ];
  });
}

/** Does the damaged file still name the run, in records that the damage left alone? */
function isBeside({ cut }: Observation, { role, path, fromByte, toByte }: DamageEntry, id: string): boolean {
  const content = cut?.files.find((file) => file.path === path)?.content;
  if (content === undefined || role === "index") return false;
  // The record that says that there is such a run may be the damaged one: it is asked of those that have others.
  if (content.split("\n").filter((line) => line.includes(id)).length < 2) return false;
  const bytes = Buffer.from(content);
  return bytes.subarray(0, fromByte).includes(id) || bytes.subarray(toByte).includes(id);
}

/** A file of the subject's own in which it keeps what runs there are. */
function isRecordOfRuns(facts: Facts, { role, path }: DamageEntry): boolean {
  return !isAgentsFile(facts, path) && role !== "spool" && role !== "snapshot";
}

/** Sessions that nobody was told of: allowed only for submits whose answer was lost. */
function doubled(facts: Facts, observation: Observation): Violation[] {
  const known = new Set(facts.run.sessionIds);
  const strangers = observation.sessions.filter(({ id }) => !known.has(id));
  const unanswered = sessionsOf(facts).filter(
    (session) =>
      facts.run.sessionIds[session] === undefined &&
      facts.run.history.some((entry) => entry.kind === "submit" && entry.session === session),
  );
  if (strangers.length <= unanswered.length) return [];
  return [
    {
      kind: "run-doubled",
      phase: phaseOf(observation),
      story: `${strangers.map(({ id }) => id).join(", ")}: listed ${whenOf(facts, observation)}, but no submit made it`,
    },
  ];
}

/** A later turn that was acknowledged: its agent was started, or the history shows its prompt. */
function lostTurns(facts: Facts): Violation[] {
  const settled = facts.observations.findLast(({ label }) => label === "settled");
  if (settled === undefined) return [];
  return entriesOf(facts.run, "submitted").flatMap((entry): Violation[] => {
    const { session, turn } = entry;
    const started = facts.attempts.some((attempt) => attempt.session === session && attempt.turn >= turn);
    const prompt = entriesOf(facts.run, "submit").find(
      (submit) => submit.session === session && submit.turn === turn,
    )?.prompt;
    const observed = settled.sessions.find(({ id }) => id === entry.id);
    const isShown = observed?.history.some(
      ({ type, text }) => type === "prompt" && prompt !== undefined && (text ?? "").includes(prompt),
    );
    if (started || observed === undefined || isShown === true) return [];
    const story = `turn ${turn} of session ${session} was acknowledged, and neither an agent nor the history at the end knows of it`;
    return [{ kind: "turn-missing", phase: "settled", story }];
  });
}
