/**
 * Judges a cut of evidence.
 *
 * Always: pure. The same cut gives the same verdict, years later and on any machine.
 * Never: no input or output, no clock, no randomness, and nothing is guessed: what the sources cannot tell is
 * `unknown` in the verdict.
 */
import type { Evidence } from "../model/evidence.ts";
import type { Finding, Verdict } from "../model/verdict.ts";
import { budgetFindings } from "./budget.ts";
import { callFindings, callVerdict } from "./calls.ts";
import { mayLackRecords, openCase } from "./case.ts";
import { coverageFindings } from "./coverage.ts";
import { lifeFindings } from "./life.ts";
import { placeFindings } from "./place.ts";
import { recoveryOf, runState } from "./recovery.ts";
import { storeFindings } from "./stores.ts";
import { supersededBy } from "./superseded.ts";

/**
 * Says what happened to a session, from what its sources said: the state of its latest run, each call, each
 * divergence with its evidence, and what is safe to do.
 *
 * @example
 * const verdict = reconcile(evidence);
 * for (const call of verdict.calls) console.log(call.id, call.effect, call.modelKnows);
 * if (verdict.recovery.action === "resume") await resume(verdict);
 */
export function reconcile(evidence: Evidence): Verdict {
  const one = openCase(evidence);
  const links = supersededBy(one);
  const calls = one.calls.map((judged) => callVerdict(one, judged, links));
  const findings = uniqueById([
    ...lifeFindings(one),
    ...storeFindings(one),
    ...placeFindings(one),
    ...coverageFindings(one),
    ...callFindings(one, links),
    ...budgetFindings(one, calls),
  ]);
  const state = runState(one, calls, findings);
  const runId = evidence.attempts.at(-1)?.runId;
  return {
    schema: 1,
    sessionId: evidence.session.id,
    run: { ...(runId === undefined ? {} : { id: runId }), state },
    attempts: one.attempts.map(({ evidence: { attempt, runId: id }, state: ended }) => ({
      attempt,
      runId: id,
      state: ended,
    })),
    calls,
    findings,
    recovery: recoveryOf(state, calls, findings, (call) =>
      mayLackRecords(evidence, call.attempt, ["O", "L"]),
    ),
  };
}

function uniqueById(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.toReversed().map((finding) => [finding.id, finding])).values()].toReversed();
}
