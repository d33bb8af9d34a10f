/**
 * From the record of a run to its verdict.
 *
 * Always: by precedence defect > unknown > nondeterministic > invalid > infra > pass; a run in which a planned
 * fault did not fire is invalid, never a pass.
 */
import { judge } from "../check/index.ts";
import type { RunRecord } from "../history.ts";
import { scoreFlags } from "../oracle/flags.ts";
import type { Defect, FlagCounts, Outcome, VerdictKind } from "./job.ts";
import { rows } from "./sometimes.ts";
import { traceHash, traceOf } from "./trace.ts";

export interface Assessment {
  readonly verdict: VerdictKind;
  readonly why?: string;
  readonly defects: readonly Defect[];
  readonly promises: Outcome["promises"];
  readonly met: readonly string[];
  readonly flags: FlagCounts;
  readonly counts: boolean;
  readonly traceHash: string;
}

/** Judges a record; pure, so that a stored one can be judged again. */
export function assess(run: RunRecord): Assessment {
  const { results } = judge(run);
  const defects = results.flatMap(({ check, result }): Defect[] =>
    result.status === "fail"
      ? result.violations.map((violation) => ({
          ...violation,
          promise: check.promise,
          signature: `${check.promise}/${violation.kind}/${violation.phase}`,
        }))
      : [],
  );
  const unknown = results.find(({ result }) => result.status === "unknown");
  const notFired = missingFaults(run);
  const base = {
    defects,
    promises: Object.fromEntries(results.map(({ check, result }) => [check.promise, result.status])),
    met: rows.filter((row) => row.met(run)).map(({ name }) => name),
    flags: scoreFlags(run),
    counts: countsAsRun(run),
    traceHash: traceHash(traceOf(run)),
  };
  if (run.infra !== undefined) return { ...base, defects: [], verdict: "infra", why: run.infra };
  if (defects.length > 0) return { ...base, verdict: "defect" };
  if (unknown?.result.status === "unknown") {
    return { ...base, verdict: "unknown", why: `${unknown.check.promise}: ${unknown.result.why}` };
  }
  if (notFired !== undefined) return { ...base, verdict: "invalid", why: notFired };
  return { ...base, verdict: "pass" };
}

function missingFaults(run: RunRecord): string | undefined {
  const fired = new Set(run.history.flatMap((entry) => (entry.kind === "fault" ? [entry.round] : [])));
  const missing = run.plan.rounds.findIndex((_, round) => !fired.has(round));
  if (missing < 0) return undefined;
  return `the fault of round ${missing + 1} (${JSON.stringify(run.plan.rounds[missing]?.at)}) did not fire`;
}

function countsAsRun(run: RunRecord): boolean {
  const has = (kind: string) => run.history.some((entry) => entry.kind === kind);
  const starts = run.history.filter((entry) => entry.kind === "server-start").length;
  const settled = run.history.filter((entry) => entry.kind === "settled").length;
  return (
    starts >= 2 &&
    has("agent-hello") &&
    has("fault") &&
    has("observe") &&
    settled === run.plan.sessions.length
  );
}
