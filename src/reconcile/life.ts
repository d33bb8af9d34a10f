/**
 * Findings about who is there: agents that are gone and recorded as running, agents that nobody expects, two
 * agents on one session.
 *
 * Always: an agent that was seen alive raises nothing here if it is the latest and its end is not on record; that
 * it has said its last word and not yet gone is no divergence.
 */
import type { Fact } from "../model/fact.ts";
import type { Finding } from "../model/verdict.ts";
import type { AttemptCase, Case } from "./case.ts";
import { citeFact, placeOf, raise } from "./finding.ts";

/** All findings about processes and writers. */
export function lifeFindings(one: Case): Finding[] {
  return [
    ...ghostRunning(one),
    ...one.attempts.flatMap((attempt) => unexpected(one, attempt)),
    ...one.attempts.flatMap((attempt) => reused(one, attempt)),
    ...stranger(one),
    ...writers(one),
  ];
}

/**
 * Only the latest start still claims to run: to start another was to know that the one before is over. That the
 * process ended, and how, is no end of what it was started for.
 */
function ghostRunning(one: Case): Finding[] {
  const { latest } = one;
  if (latest === undefined || latest.state !== "interrupted") return [];
  const { attempt, dispatchCite, processCite } = latest.evidence;
  const summary = `Attempt ${attempt} was started and no source has the end of its turn, but its agent is gone.`;
  const cites = [dispatchCite, processCite];
  const at = `attempt-${attempt}`;
  return [raise(one, { code: "ghost-running", severity: "warning", attempt, at, summary, cites })];
}

function unexpected(one: Case, { evidence }: AttemptCase): Finding[] {
  const { attempt, liveness, processCite, dispatchCite, ended } = evidence;
  if (liveness !== "alive") return [];
  const latest = one.latest?.evidence;
  const isLatest = latest?.attempt === attempt;
  if (isLatest && ended === undefined) return [];
  const other = latest === undefined ? "no start of it is" : `the start of attempt ${latest.attempt} is`;
  const why = `${isLatest ? "its end is" : other} on record`;
  const summary = `The agent of attempt ${attempt} is alive, although ${why}.`;
  const against = isLatest ? ended?.cite : latest?.dispatchCite;
  const cites = [processCite, against ?? dispatchCite];
  const at = `attempt-${attempt}`;
  return [raise(one, { code: "unexpected-live", severity: "blocks", attempt, at, summary, cites })];
}

/** The pid lives and the agent does not. */
function reused(one: Case, { evidence }: AttemptCase): Finding[] {
  const { attempt, pidReused } = evidence;
  if (pidReused === undefined) return [];
  const summary = `The pid of attempt ${attempt}'s agent belongs to another process now; it is not signalled.`;
  const at = `attempt-${attempt}`;
  return [raise(one, { code: "pid-reused", severity: "info", attempt, at, summary, cites: [pidReused] })];
}

/** Our record says that every agent of ours is gone, and one that names this session is there. */
function stranger(one: Case): Finding[] {
  const { latest } = one;
  const other = one.evidence.stranger;
  if (latest === undefined || latest.state === "live" || other?.certain !== true) return [];
  const summary = "An agent works on this session that was not started from here.";
  const cites = [other.cite, latest.evidence.processCite];
  return [raise(one, { code: "unexpected-live", severity: "blocks", at: "stranger", summary, cites })];
}

/**
 * Records of one turn behind the prompt of a later one: the agent of the earlier turn wrote on. Behind a hole alone they
 * may be the earlier turn's own: no finding without the prompt.
 */
function writers(one: Case): Finding[] {
  return one.turns.flatMap((turn, index) => {
    if (turn.interleaved.length === 0) return [];
    const prompts = one.turns
      .slice(index + 1)
      .flatMap(({ L }) => L.filter(({ body }) => body.kind === "prompt"));
    const promptBefore = (fact: Fact) =>
      prompts.findLast(({ range, path }) => path === fact.path && range.fromByte < fact.range.fromByte);
    const first = turn.interleaved.find((fact) => promptBefore(fact) !== undefined);
    const prompt = first === undefined ? undefined : promptBefore(first);
    if (first === undefined || prompt === undefined) return [];
    const cites = [citeFact(first), citeFact(prompt)];
    const summary = "Two agents wrote to one log: a record of an earlier turn stands behind a later prompt.";
    const attempt = turn.attempt;
    const at = placeOf(first);
    return [raise(one, { code: "second-writer", severity: "blocks", attempt, at, summary, cites })];
  });
}
