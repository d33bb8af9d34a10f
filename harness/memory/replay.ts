/**
 * Replays a run in memory: the plan, its seed and its crashes, which give the same run each time.
 */
import { type MemoryArtifact, writeMemoryArtifact } from "../campaign/artifact.ts";
import { assess } from "../campaign/assess.ts";
import type { Outcome } from "../campaign/job.ts";
import type { ReplayOptions } from "../campaign/replay.ts";
import { nothingSpent } from "../campaign/spent.ts";
import { type Crash, executeWithCrashes } from "./crash.ts";

/** Executes what an artifact says, as often as it is asked for. */
export function replayInMemory({
  seed,
  crashes,
}: MemoryArtifact): (options: ReplayOptions) => Promise<Outcome[]> {
  return async ({ plan, subject, times, outDir, onOutcome }) => {
    const outcomes: Outcome[] = [];
    for (let index = 0; index < times; index += 1) {
      const { record } = await executeWithCrashes(plan, seed, crashes.map(asCrash));
      const assessment = assess(record);
      const { durationMs } = record;
      const outcome = {
        id: index,
        ...assessment,
        executions: 1,
        mode: plan.mode,
        durationMs,
        spent: nothingSpent,
      };
      outcomes.push(outcome);
      onOutcome?.(outcome, index);
      if (outDir === undefined || assessment.verdict === "pass") continue;
      const header = { subject, origin: "replay, in memory", plan, memory: { seed, crashes } };
      await writeMemoryArtifact(`${outDir}/replay-${index}`, header, record, assessment);
    }
    return outcomes;
  };
}

/** As an artifact has it, without what is left out. */
export function asCrash({ state, drops, ...crash }: MemoryArtifact["crashes"][number]): Crash {
  return {
    ...crash,
    ...(state === undefined ? {} : { state }),
    ...(drops === undefined ? {} : { drops }),
  };
}
