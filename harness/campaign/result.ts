/**
 * What a campaign says in the end, and what its exit code follows from.
 */
import type { BoundaryCoverage } from "../boundary/draw.ts";
import type { Plan } from "../plan/plan.ts";
import type { MutantEnd } from "../strength/canary.ts";
import type { Defect, FlagCounts, Outcome, VerdictKind } from "./job.ts";
import type { Spent } from "./spent.ts";

/** Real processes, or the same orchestrator in memory. */
export const tiers = ["real", "memory"] as const;
export type Tier = (typeof tiers)[number];

export interface Progress {
  readonly runs: number;
  /** Of them in memory. */
  readonly inMemory: number;
  readonly verdicts: Readonly<Record<VerdictKind, number>>;
  readonly elapsedMs: number;
  readonly doing: "running" | "shrinking";
}

/** One distinct way to fail, with its smallest plan. */
export interface FoundDefect extends Defect {
  readonly tier: Tier;
  /** Number of runs that showed it. */
  readonly runs: number;
  /** The first plan that showed it, as a number of this campaign. */
  readonly firstPlan: number;
  readonly artifact: string;
  readonly replay: string;
  /** Agent events (call, result, text) and faults of the smallest plan. */
  readonly size: { readonly events: number; readonly faults: number };
  readonly reproduced: string;
  /** The smallest plan that shows it. */
  readonly plan: Plan;
}

/** A run that says nothing for or against a promise. */
export interface Problem {
  readonly tier: Tier;
  readonly plan: number;
  readonly verdict: VerdictKind;
  readonly why: string;
  readonly artifact?: string;
}

/** What one tier has of the whole. */
export interface TierResult {
  readonly runs: number;
  readonly counted: number;
  readonly freeRuns: number;
  readonly doubled: number;
  readonly distinctTraces: number;
  readonly verdicts: Readonly<Record<VerdictKind, number>>;
  readonly flags: FlagCounts;
  /** Executions a second of the clock. */
  readonly runsPerSecond: number;
}

export interface MemoryTierResult extends TierResult {
  readonly cpuMs: number;
  readonly runsPerCpuSecond: number;
  /** Runs by what ended the world first: `none` (the plan's own faults alone), `kill`, a disk model of power cuts. */
  readonly models: Readonly<Record<string, number>>;
  /** Distinct pairs of a crash point and the disk state left there, and the same after each CPU second. */
  readonly pairs: number;
  readonly curve: readonly number[];
  /** The seeded bug that this campaign had to find, and how soon it did. */
  readonly mutant?: MutantEnd;
}

/** Where servers ended at operations of their own. */
export interface BoundaryTable extends BoundaryCoverage {
  /** Executions whose drawn end did not come; other ends were drawn for them. */
  readonly neverCame: number;
  /** Why none did. */
  readonly whyNone?: string;
}

/** Numbers are of both tiers together where nothing else is said; `tiers` has them apart. */
export interface CampaignResult {
  readonly seed: number;
  readonly subject: string;
  readonly runs: number;
  readonly counted: number;
  readonly freeRuns: number;
  readonly doubled: number;
  readonly verdicts: Readonly<Record<VerdictKind, number>>;
  readonly problems: readonly Problem[];
  readonly defects: readonly FoundDefect[];
  readonly promises: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly sometimes: Readonly<Record<string, number | "n/a" | "not attempted">>;
  readonly flags: FlagCounts;
  readonly tiers: { readonly real?: TierResult; readonly memory?: MemoryTierResult };
  /** Of real processes, where the fault was asked for. */
  readonly boundaries?: BoundaryTable;
  readonly canary: "died as expected" | string;
  readonly distinctTraces: number;
  readonly durationMs: number;
  /** Of real processes, where there are any. */
  readonly runsPerSecond: number;
  /** What the executions on real processes cost, all together. */
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
  return { events, faults: plan.rounds.length + (plan.boundaries?.ends.length ?? 0) };
}

/** Exit code of a campaign, by precedence: 1 a defect · 3 not trustworthy · 0 green. */
export function exitCodeOf(result: CampaignResult): 0 | 1 | 3 {
  if (result.verdicts.defect > 0) return 1;
  return isTrustworthy(result) ? 0 : 3;
}

/** Could the campaign tell of all that it ran, and would it have noticed? Also a red one may have been blind besides. */
export function isTrustworthy(result: CampaignResult): boolean {
  const { unknown, nondeterministic, invalid, infra } = result.verdicts;
  const hasZeroRow = Object.values(result.sometimes).some((count) => count === 0);
  const isDoubtful =
    unknown + nondeterministic + invalid + infra > 0 || hasZeroRow || result.canary !== "died as expected";
  return !isDoubtful && result.runs > 0 && !result.interrupted;
}
