/**
 * Replays a stored plan, and judges a stored run again.
 */
import path from "node:path";
import type { Plan } from "../plan/plan.ts";
import { loadSubject } from "../subject/load.ts";
import { readArtifactRecord } from "./artifact.ts";
import { type Assessment, assess } from "./assess.ts";
import type { Outcome } from "./job.ts";
import { workersFor } from "./pool.ts";
import { withPool } from "./with-pool.ts";

export interface ReplayOptions {
  readonly plan: Plan;
  readonly subject: string;
  readonly times: number;
  readonly workers: number;
  readonly outDir?: string;
  readonly onOutcome?: (outcome: Outcome, index: number) => void;
}

/** Executes the plan `times` times; throws when the harness itself fails. */
export async function replayPlan(options: ReplayOptions): Promise<Outcome[]> {
  const subject = await loadSubject(options.subject);
  const workers = Math.min(workersFor(subject, options.workers), options.times);
  const counter = options.plan.boundaries?.by ?? "preload";
  return withPool({ workers, subject, counter }, (pool) =>
    Promise.all(
      Array.from({ length: options.times }, async (_, index) => {
        const outcome = await pool.run({
          id: index,
          subject: options.subject,
          plan: options.plan,
          times: "once",
          origin: "replay",
          ...(options.outDir === undefined
            ? {}
            : { artifactDir: path.join(options.outDir, `replay-${index}`) }),
        });
        if ("failed" in outcome) throw new Error(outcome.failed);
        options.onOutcome?.(outcome, index);
        return outcome;
      }),
    ),
  );
}

/** Judges the stored record of an artifact with the checks of today. */
export async function recheck(target: string): Promise<Assessment> {
  return assess(await readArtifactRecord(target));
}
