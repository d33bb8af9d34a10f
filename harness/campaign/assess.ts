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
  const { results, defects, verdict, why } = judge(run);
  return {
    verdict,
    ...(why === undefined ? {} : { why }),
    defects: defects.map(({ signature, promise, violation }) => ({ ...violation, signature, promise })),
    promises: Object.fromEntries(results.map(({ check, result }) => [check.promise, result.status])),
    met: rows.filter((row) => row.met(run)).map(({ name }) => name),
    flags: scoreFlags(run).totals,
    counts: countsAsRun(run),
    traceHash: traceHash(traceOf(run)),
  };
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
