/**
 * The canary of the tier in memory: a computer that is known to be bad, since it forgets what was synced.
 *
 * It takes the same path as every other run. Where it lives, whatever is green in memory may only be blind.
 */
import { assess } from "../campaign/assess.ts";
import { canaryPlan } from "../campaign/canary.ts";
import { executeWithCrashes } from "./crash.ts";

/** The promise that must be seen broken: an acknowledged run is gone. */
const brokenPromise = "no-lost-run";

/** Everything that the orchestrator keeps but its token. */
const forgotten = /\/home\/(journal|sessions)\//;

/** Says "died as expected", or in which way it lived. */
export async function memoryCanary(): Promise<string> {
  const plan = canaryPlan(1);
  const { calls } = await executeWithCrashes(plan, 1, []);
  // In the middle: long after the run was acknowledged.
  const crash = { call: Math.floor(calls / 2), when: "before", model: "kill" } as const;
  let isForgotten = false;
  const { record } = await executeWithCrashes(plan, 1, [crash], {
    watch: (_, { computer: { disk } }, hits) => {
      if (hits === 0 || isForgotten) return;
      isForgotten = true;
      for (const path of [...disk.paths().keys()]) if (forgotten.test(path)) disk.remove(path);
    },
  });
  const { defects, verdict } = assess(record);
  if (defects.some(({ promise }) => promise === brokenPromise)) return "died as expected";
  const seen = defects.map(({ signature }) => signature).join(", ");
  return `lived in memory: expected ${brokenPromise} to be broken, saw ${seen === "" ? verdict : seen}`;
}
