/**
 * What an enumeration has found so far: by step of the protocol how often it was run and what came of it, and every run
 * that was not green.
 */
import type { Crash } from "../crash.ts";
import type { DiskFault } from "../disk-faults.ts";
import type { DiskModel } from "../power.ts";
import type { EnumerationJob, JobOutcome } from "./job.ts";

/** One row of the table: what happened when the world ended at this step of the protocol. */
export interface StepRow {
  readonly step: string;
  readonly model: DiskModel | DiskFault;
  /** Calls of this step at which the world could end. */
  calls: number;
  /** Distinct states that were left, each run to its end. */
  runs: number;
  /** Verdict or defect signature → number of runs. */
  readonly outcomes: Map<string, number>;
}

/** A run that was not green, with what it takes to run it again. */
export interface Failure {
  readonly job: EnumerationJob;
  readonly crashes: readonly Crash[];
  readonly steps: readonly string[];
  readonly verdict: string;
  readonly stories: readonly string[];
}

/** A run that is to be made, and where in the table it belongs. */
export interface Task {
  readonly job: EnumerationJob;
  readonly steps: readonly string[];
  readonly model: StepRow["model"];
}

export class Table {
  readonly failures: Failure[] = [];
  readonly #rows = new Map<string, StepRow>();

  get rows(): readonly StepRow[] {
    return [...this.#rows.values()];
  }

  /** Takes what came of a run. */
  note({ job, steps, model }: Task, { verdict, stories }: Pick<JobOutcome, "verdict" | "stories">): void {
    const row = this.row(steps.at(-1) ?? "no crash", model);
    row.runs += 1;
    row.outcomes.set(verdict, (row.outcomes.get(verdict) ?? 0) + 1);
    if (verdict !== "pass") this.failures.push({ job, crashes: job.crashes, steps, verdict, stories });
  }

  row(step: string, model: StepRow["model"]): StepRow {
    const key = `${step} ${model}`;
    const row = this.#rows.get(key) ?? { step, model, calls: 0, runs: 0, outcomes: new Map() };
    this.#rows.set(key, row);
    return row;
  }
}
