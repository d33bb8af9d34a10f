/**
 * A campaign: directed plans, then generated ones, on all workers, until the runs or the time are used up; then
 * the defects are shrunk and told.
 *
 * Always: everything that decides is in the seed; nothing is retried silently; the canary must die.
 */
import { rm } from "node:fs/promises";
import path from "node:path";
import type { FaultName } from "../fault/index.ts";

import type { DiskModel } from "../memory/power.ts";

import { boundaryPlan, directedPlans } from "../plan/directed.ts";
import { generatePlan } from "../plan/generate.ts";
import type { Plan } from "../plan/plan.ts";
import type { Abilities, Subject } from "../subject/contract.ts";
import { subjectSlug } from "../subject/load.ts";
import { BoundaryPlans } from "./boundary-plans.ts";
import { canaryPlan, canarySignature } from "./canary.ts";
import {
  addFlagCounts,
  type Job,
  noFlagCounts,
  type Outcome,
  type VerdictKind,
  verdictKinds,
} from "./job.ts";

import { emptyResult } from "./join.ts";
import { type Failure, type Pool, workersFor } from "./pool.ts";
import {
  type BoundaryTable,
  type CampaignResult,
  type FoundDefect,
  type Progress,
  promiseTable,
  type Tier,
  type TierResult,
} from "./result.ts";

import { boundaryRow, rows } from "./sometimes.ts";
import { addSpent, nothingSpent } from "./spent.ts";
import { tellDefects } from "./tell-defects.ts";
import { withPool } from "./with-pool.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** As `loadSubject` takes it. */
  readonly subject: string;
  readonly faults: readonly FaultName[];
  readonly runs?: number;
  readonly budgetMs?: number;
  /** Where runs take place; memory is for the reference orchestrator alone. */
  readonly tiers: readonly Tier[];
  /** What ends the world in memory. */
  readonly models: readonly DiskModel[];
  /** Folder of runs in memory that are kept from one campaign to the next, and run first. */
  readonly corpus?: string;
  readonly workers: number;
  /** Artifacts go to a folder of this campaign below. */
  readonly outDir: string;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

export const noVerdicts = Object.fromEntries(verdictKinds.map((kind) => [kind, 0])) as Record<
  VerdictKind,
  number
>;
/** Executed twice whatever the verdict. */
const doubledEvery = 20;

/** Artifacts of one campaign. */
export function outDirOf({ outDir, subject, seed }: CampaignOptions): string {
  return path.join(path.resolve(outDir), `${subjectSlug(subject)}-seed-${seed}`);
}

/** Runs the part of a campaign that is on real processes. */
export function runReal(options: CampaignOptions, subject: Subject): Promise<CampaignResult> {
  const workers = workersFor(subject, options.workers);
  return withPool({ workers, subject }, (pool) =>
    new Campaign({ ...options, workers }, subject.can, pool).run(),
  );
}

class Campaign {
  private readonly started = performance.now();
  private readonly outcomes = new Map<number, Outcome | Failure>();
  private readonly plans: readonly Plan[];
  private readonly boundaries: BoundaryPlans;
  /** Plans that were not known before they were played. */
  private readonly drawn = new Map<number, Plan>();
  private readonly outDir: string;
  private doing: Progress["doing"] = "running";
  private jobs = 0;

  constructor(
    private readonly options: CampaignOptions,
    private readonly can: Abilities,
    private readonly pool: Pool,
  ) {
    this.boundaries = new BoundaryPlans(options.seed, options.models, options.faults);
    const withBoundary = options.faults.includes("boundary") ? [boundaryPlan] : [];
    this.plans = [...directedPlans(can, options.faults), ...withBoundary];
    this.outDir = outDirOf(options);
  }

  async run(): Promise<CampaignResult> {
    const canary = this.runCanary();
    await Promise.all(Array.from({ length: this.options.workers }, () => this.keepRunning()));
    const ranMs = this.elapsedMs();
    this.doing = "shrinking";
    const defects = await tellDefects({
      pool: this.pool,
      options: this.options,
      outDir: this.outDir,
      outcomes: this.outcomes,
      planOf: (index) => this.planOf(index),
      originOf: (index) => this.originOf(index),
      elapsedMs: () => this.elapsedMs(),
    });
    return this.sumUp(defects, await canary, ranMs);
  }

  private elapsedMs(): number {
    return performance.now() - this.started;
  }

  private async keepRunning(): Promise<void> {
    while (!this.isOver()) {
      const index = this.jobs;
      this.jobs += 1;
      this.outcomes.set(index, await this.play(index));
      this.options.onProgress?.({
        runs: this.outcomes.size,
        inMemory: 0,
        verdicts: this.verdicts(),
        elapsedMs: this.elapsedMs(),
        doing: this.doing,
      });
    }
  }

  private async play(index: number): Promise<Outcome | Failure> {
    const isDoubled = index % doubledEvery === doubledEvery - 1;
    const artifactDir = path.join(this.outDir, `plan-${index}`);
    const execute = (plan: Plan, times: Job["times"]) =>
      this.pool.run({
        id: index,
        subject: this.options.subject,
        plan,
        times,
        artifactDir,
        origin: this.originOf(index),
      });
    const isEnded =
      this.options.faults.includes("boundary") &&
      this.boundaries.isOne(index, this.plans.length) &&
      this.boundaries.canEnd(this.planOf(index));
    if (!isEnded) return execute(this.planOf(index), isDoubled ? "twice" : "auto");
    const { plan, outcome } = await this.boundaries.play(this.planOf(index), index, async (plan) => {
      this.drawn.set(index, plan);
      // A run whose end did not come has left what it was; another one is played in its place.
      await rm(artifactDir, { recursive: true, force: true });
      return execute(plan, "auto");
    });
    this.drawn.set(index, plan);
    if ("verdict" in outcome && outcome.verdict === "pass")
      await rm(artifactDir, { recursive: true, force: true });
    return outcome;
  }

  private isOver(): boolean {
    const { runs, budgetMs, signal } = this.options;
    if (signal?.aborted === true || this.pool.isOver) return true;
    if (runs !== undefined) return this.jobs >= runs;
    if (budgetMs === undefined) return true;
    // A red campaign needs the rest of its time to make the failures small.
    const isRed = [...this.outcomes.values()].some(
      (outcome) => "verdict" in outcome && outcome.verdict === "defect",
    );
    return this.elapsedMs() > budgetMs * (isRed ? 0.4 : 1);
  }

  private planOf(index: number): Plan {
    return (
      this.drawn.get(index) ??
      this.plans[index] ??
      generatePlan({ can: this.can, faults: this.options.faults }, this.options.seed, index)
    );
  }

  private originOf(index: number): string {
    const drawn = this.drawn.has(index) ? ", its end drawn from what was counted" : "";
    return index < this.plans.length
      ? `directed plan ${index}${drawn}`
      : `plan ${index} of seed ${this.options.seed}${drawn}`;
  }

  private async runCanary(): Promise<string> {
    const outcome = await this.pool.run({
      id: -1,
      subject: "naive",
      plan: canaryPlan(this.options.seed),
      times: "once",
      origin: "canary",
    });
    if ("failed" in outcome) return `could not be run: ${outcome.failed}`;
    if (outcome.defects.some(({ signature }) => signature === canarySignature)) return "died as expected";
    const signatures = outcome.defects.map(({ signature }) => signature).join(", ");
    return `lived: expected ${canarySignature}, saw ${signatures === "" ? outcome.verdict : signatures}`;
  }

  private verdicts(): Record<VerdictKind, number> {
    const counts = { ...noVerdicts };
    for (const outcome of this.outcomes.values())
      counts["failed" in outcome ? "infra" : outcome.verdict] += 1;
    return counts;
  }

  private sumUp(defects: readonly FoundDefect[], canary: string, ranMs: number): CampaignResult {
    const judged = [...this.outcomes.values()].filter((outcome): outcome is Outcome => "verdict" in outcome);
    const executed = judged.reduce((sum, { executions }) => sum + executions, 0);
    const tier: TierResult = {
      runs: this.outcomes.size,
      counted: judged.filter(({ counts }) => counts).length,
      freeRuns: judged.filter(({ mode }) => mode === "free").length,
      doubled: judged.filter(({ executions, id }) => executions > 1 && !this.drawn.has(id)).length,
      distinctTraces: new Set(
        judged.filter(({ mode }) => mode === "lockstep").map(({ traceHash }) => traceHash),
      ).size,
      verdicts: this.verdicts(),
      flags: judged.reduce((sum, { flags }) => addFlagCounts(sum, flags), noFlagCounts),
      runsPerSecond: Math.round((executed / ranMs) * 10_000) / 10,
    };
    return {
      ...emptyResult(this.options),
      ...tier,
      tiers: { real: tier },
      problems: this.problems(),
      defects,
      promises: promiseTable(judged),
      sometimes: this.sometimesTable(judged),
      canary,
      durationMs: Math.round(this.elapsedMs()),
      ...(this.options.faults.includes("boundary") ? { boundaries: this.boundaryTable() } : {}),
      spent: judged.reduce((sum, { spent }) => addSpent(sum, spent), nothingSpent),
      interrupted: this.options.signal?.aborted === true,
    };
  }

  private boundaryTable(): BoundaryTable {
    const { draws, neverCame, whyNone } = this.boundaries;
    return { ...draws.coverage(), neverCame, ...(whyNone === undefined ? {} : { whyNone }) };
  }

  private problems(): CampaignResult["problems"] {
    return [...this.outcomes].flatMap(([plan, outcome]) => {
      if ("failed" in outcome)
        return [{ tier: "real" as const, plan, verdict: "infra" as const, why: outcome.failed }];
      if (outcome.verdict === "pass" || outcome.verdict === "defect") return [];
      return [
        {
          tier: "real" as const,
          plan,
          verdict: outcome.verdict,
          why: outcome.why ?? "",
          ...(outcome.artifact === undefined ? {} : { artifact: outcome.artifact }),
        },
      ];
    });
  }

  private sometimesTable(judged: readonly Outcome[]): CampaignResult["sometimes"] {
    const { faults, runs } = this.options;
    const isShort = runs !== undefined && runs < this.plans.length;
    return Object.fromEntries(
      rows.map((row) => {
        if (!row.applies(this.can, faults)) return [row.name, "n/a"];
        if (row === boundaryRow && this.boundaries.whyNone !== undefined) return [row.name, "n/a"];
        const count = judged.filter(({ met }) => met.includes(row.name)).length;
        return [row.name, count === 0 && isShort ? "not attempted" : count];
      }),
    );
  }
}
