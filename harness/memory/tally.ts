/**
 * What the runs of a campaign in memory came to, added up as they come: there are too many to keep.
 *
 * Always: plain JSON, so that it goes from the process that runs them to the campaign that tells them.
 */
import type { Assessment } from "../campaign/assess.ts";
import {
  addFlagCounts,
  type FlagCounts,
  noFlagCounts,
  type VerdictKind,
  verdictKinds,
} from "../campaign/job.ts";
import type { CampaignResult } from "../campaign/result.ts";
import type { RunRecord } from "../history.ts";
import type { Crash } from "./crash.ts";
import { memoryRows } from "./crashes.ts";

export interface Tally {
  readonly runs: number;
  /** Runs with restart, agent, fault, look and end. */
  readonly counted: number;
  readonly freeRuns: number;
  /** Runs that were executed twice, and compared byte by byte. */
  readonly doubled: number;
  readonly distinctTraces: number;
  readonly verdicts: Readonly<Record<VerdictKind, number>>;
  readonly promises: CampaignResult["promises"];
  /** Rows of the sometimes table, this tier's own among them → runs that met them. */
  readonly met: Readonly<Record<string, number>>;
  readonly flags: FlagCounts;
  /** Runs by what ended the world first; `none`: only the plan's own faults. */
  readonly models: Readonly<Record<string, number>>;
}

/** Adds up. */
export class Tallying {
  #runs = 0;
  #counted = 0;
  #free = 0;
  doubled = 0;
  #flags = noFlagCounts;
  readonly #verdicts = Object.fromEntries(verdictKinds.map((kind) => [kind, 0])) as Record<
    VerdictKind,
    number
  >;
  readonly #promises: Record<string, Record<string, number>> = {};
  readonly #met: Record<string, number> = {};
  readonly #models: Record<string, number> = {};
  readonly #traces = new Set<string>();

  add(record: RunRecord, assessment: Assessment, verdict: VerdictKind, crashes: readonly Crash[]): void {
    this.#runs += 1;
    if (assessment.counts) this.#counted += 1;
    if (record.plan.mode === "free") this.#free += 1;
    else this.#traces.add(assessment.traceHash);
    count(this.#verdicts, verdict);
    count(this.#models, crashes[0]?.model ?? "none");
    this.#flags = addFlagCounts(this.#flags, assessment.flags);
    for (const [promise, status] of Object.entries(assessment.promises)) {
      this.#promises[promise] ??= { pass: 0, fail: 0, unknown: 0, "not-applicable": 0 };
      count(this.#promises[promise], status);
    }
    for (const name of assessment.met) count(this.#met, name);
    for (const row of memoryRows) if (row.met(record)) count(this.#met, row.name);
  }

  sum(): Tally {
    return {
      runs: this.#runs,
      counted: this.#counted,
      freeRuns: this.#free,
      doubled: this.doubled,
      distinctTraces: this.#traces.size,
      verdicts: { ...this.#verdicts },
      promises: this.#promises,
      met: this.#met,
      flags: this.#flags,
      models: this.#models,
    };
  }
}

function count(table: Record<string, number>, name: string): void {
  table[name] = (table[name] ?? 0) + 1;
}
