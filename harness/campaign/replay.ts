/**
 * Replays a stored plan, and judges a stored run again.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOnce } from "../launch/bundle.ts";
import type { Plan } from "../plan/plan.ts";
import { loadSubject } from "../subject/load.ts";
import { readArtifactRecord } from "./artifact.ts";
import { type Assessment, assess } from "./assess.ts";
import type { Outcome } from "./job.ts";
import { makePlace } from "./place.ts";
import { Pool, workersFor } from "./pool.ts";

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
  const place = await makePlace();
  try {
    const { agent } = await bundleOnce(
      { agent: fileURLToPath(new URL("../agent/main.ts", import.meta.url)) },
      path.join(place.dir, "bundles"),
    );
    const subject = await loadSubject(options.subject);
    const count = Math.min(workersFor(subject, options.workers), options.times);
    const pool = await Pool.open({
      dir: place.dir,
      agentBundle: agent,
      count,
      ownNetwork: subject.port !== undefined,
    });
    try {
      return await Promise.all(
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
      );
    } finally {
      await pool.close();
    }
  } finally {
    await place.remove();
  }
}

/** Judges the stored record of an artifact with the checks of today. */
export async function recheck(target: string): Promise<Assessment> {
  return assess(await readArtifactRecord(target));
}
