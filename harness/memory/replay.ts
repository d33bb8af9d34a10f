/**
 * Replays a run in memory: the plan, its seed and its crashes, which give the same run each time.
 */
import { type MemoryArtifact, writeMemoryArtifact } from "../campaign/artifact.ts";
import { type Assessment, assess } from "../campaign/assess.ts";
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
      const { record, hits, calls } = await executeWithCrashes(plan, seed, crashes.map(asCrash));
      const assessment = withCrashes(assess(record), crashes, hits, calls);
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

/** A run that was to be crashed and was not says nothing of crashes: its planned fault did not fire. */
function withCrashes(
  assessment: Assessment,
  [first]: MemoryArtifact["crashes"],
  hits: number,
  calls: number,
): Assessment {
  if (assessment.verdict !== "pass" || first === undefined || hits > 0) return assessment;
  const why = `the world did not end at call ${first.call}: the run made ${calls}`;
  return { ...assessment, verdict: "invalid", why };
}

/** As an artifact has it, without what is left out. */
export function asCrash({ state, picks, drops, ...crash }: MemoryArtifact["crashes"][number]): Crash {
  return {
    ...crash,
    ...(state === undefined ? {} : { state }),
    ...(picks === undefined ? {} : { picks }),
    ...(drops === undefined ? {} : { drops }),
  };
}
