/**
 * What a campaign says in the end, and what its exit code follows from.
 */
import type { Plan } from "../plan/plan.ts";
import type { Defect, FlagCounts, Outcome, VerdictKind } from "./job.ts";
import type { Spent } from "./spent.ts";

export interface Progress {
  readonly runs: number;
  readonly verdicts: Readonly<Record<VerdictKind, number>>;
  readonly elapsedMs: number;
  readonly doing: "running" | "shrinking";
}

/** One distinct way to fail, with its smallest plan. */
export interface FoundDefect extends Defect {
  /** Number of runs that showed it. */
  readonly runs: number;
  /** The first plan that showed it, as a number of this campaign. */
  readonly firstPlan: number;
  readonly artifact: string;
  readonly replay: string;
  /** Agent events (call, result, text) and faults of the smallest plan. */
  readonly size: { readonly events: number; readonly faults: number };
  readonly reproduced: string;
}

export interface CampaignResult {
  readonly seed: number;
  readonly subject: string;
  readonly runs: number;
  readonly counted: number;
  readonly freeRuns: number;
  readonly doubled: number;
  readonly verdicts: Readonly<Record<VerdictKind, number>>;
  readonly problems: readonly {
    readonly plan: number;
    readonly verdict: VerdictKind;
    readonly why: string;
    readonly artifact?: string;
  }[];
  readonly defects: readonly FoundDefect[];
  readonly promises: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly sometimes: Readonly<Record<string, number | "n/a" | "not attempted">>;
  readonly flags: FlagCounts;
  readonly canary: "died as expected" | string;
  readonly distinctTraces: number;
  readonly durationMs: number;
  readonly runsPerSecond: number;
  /** What the executions cost, all together. */
  readonly spent: Spent;
  readonly interrupted: boolean;
}

export function promiseTable(judged: readonly Outcome[]): CampaignResult["promises"] {
  const table: Record<string, Record<string, number>> = {};
  for (const { promises } of judged) {
    for (const [promise, status] of Object.entries(promises)) {
      const row = table[promise] ?? { pass: 0, fail: 0, unknown: 0, "not-applicable": 0 };
      table[promise] = { ...row, [status]: (row[status] ?? 0) + 1 };
    }
  }
  return table;
}

/** Agent events (calls, results, texts) that the plan asks for, and its faults. */
export function sizeOf(plan: Plan): { events: number; faults: number } {
  const scripts = plan.sessions.flatMap(({ turns }) => turns.map(({ script }) => script));
  const events = scripts.reduce(
    (sum, { replies }) =>
      sum +
      1 +
      replies.reduce((count, { text, calls }) => count + (text === undefined ? 0 : 1) + 2 * calls.length, 0),
    0,
  );
  return { events, faults: plan.rounds.length };
}

/** Exit code of a campaign, by precedence: 1 a defect · 3 not trustworthy · 0 green. */
export function exitCodeOf(result: CampaignResult): 0 | 1 | 3 {
  if (result.verdicts.defect > 0) return 1;
  const { unknown, nondeterministic, invalid, infra } = result.verdicts;
  const hasZeroRow = Object.values(result.sometimes).some((count) => count === 0);
  const isDoubtful =
    unknown + nondeterministic + invalid + infra > 0 || hasZeroRow || result.canary !== "died as expected";
  return isDoubtful || result.runs === 0 || result.interrupted ? 3 : 0;
}
