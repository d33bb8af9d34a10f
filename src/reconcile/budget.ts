/**
 * A run that is started again and again and comes to nothing.
 *
 * Always: what counts is progress, not the number of starts: an attempt in which a call was finished begins the count
 * anew. Each start is on record before it happens, so one that takes the server down with it is counted too.
 */
import type { CallVerdict, Finding } from "../model/verdict.ts";
import type { AttemptCase, Case } from "./case.ts";
import { raise } from "./finding.ts";

/** So many starts of one run in a row may come to nothing; then a person decides. */
export const idleAttemptsMax = 5;

export function budgetFindings(one: Case, calls: readonly CallVerdict[]): Finding[] {
  const idle = idleAttempts(one, calls);
  const [first] = idle;
  const last = idle.at(-1);
  if (first === undefined || last === undefined || idle.length < idleAttemptsMax) return [];
  const attempt = first.evidence.attempt;
  const summary = `The last ${idle.length} starts of this run, from attempt ${attempt} on, ended without a finished call. Something ends it each time: look at it before it is started again.`;
  const cites = [first.evidence.dispatchCite, last.evidence.dispatchCite, last.evidence.processCite];
  const at = `attempt-${attempt}`;
  return [raise(one, { code: "budget-exhausted", severity: "blocks", attempt, at, summary, cites })];
}

/** The starts of the latest run since its last progress, oldest first. */
function idleAttempts({ attempts }: Case, calls: readonly CallVerdict[]): AttemptCase[] {
  const runId = attempts.at(-1)?.evidence.runId;
  const started = attempts.filter(
    ({ evidence, state }) => evidence.runId === runId && state !== "never-started",
  );
  const progress = started.findLastIndex(
    ({ evidence, state }) =>
      state !== "interrupted" || calls.some((call) => call.attempt === evidence.attempt && isFinished(call)),
  );
  return started.slice(progress + 1);
}

function isFinished({ effect }: CallVerdict): boolean {
  return effect === "done" || effect === "failed";
}
