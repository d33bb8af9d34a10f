/**
 * Makes a run in memory small that breaks a promise: fewer crashes, then a smaller plan with its crash moved to where
 * the same step of the protocol is in it.
 *
 * Always: what is returned was executed and showed the signature.
 */
import { type Assessment, assess } from "../campaign/assess.ts";
import type { Plan } from "../plan/plan.ts";
import { shrinkPlan } from "../plan/shrink.ts";
import { type Crash, type CrashedRun, executeWithCrashes } from "./crash.ts";
import { stepOf } from "./steps.ts";

export interface Failing {
  readonly plan: Plan;
  readonly seed: number;
  readonly crashes: readonly Crash[];
  readonly signature: string;
}

export interface Small {
  readonly plan: Plan;
  readonly crashes: readonly Crash[];
  readonly executed: CrashedRun;
  readonly assessment: Assessment;
}

/** Places of one step that are tried in a smaller plan. */
const placesMax = 6;

/** The smallest that is found until `isOver`; at least the run itself. */
export async function shrinkInMemory(failing: Failing, isOver: () => boolean): Promise<Small> {
  const { seed, signature } = failing;
  const tryOut = async (plan: Plan, crashes: readonly Crash[]): Promise<Small> => {
    const executed = await executeWithCrashes(plan, seed, crashes);
    return { plan, crashes, executed, assessment: assess(executed.record) };
  };
  const shows = ({ assessment }: Small) =>
    assessment.defects.some((defect) => defect.signature === signature);
  let smallest = await tryOut(failing.plan, failing.crashes);
  for (const crashes of fewerCrashes(failing.crashes)) {
    const candidate = await tryOut(failing.plan, crashes);
    if (!shows(candidate)) continue;
    smallest = candidate;
    break;
  }
  const steps = await stepsOf(smallest, seed);
  await shrinkPlan(smallest.plan, {
    width: 1,
    isOver,
    stillFails: async (plan) => {
      for (const crashes of await placesIn(plan, seed, smallest.crashes, steps[0])) {
        if (isOver()) return false;
        const candidate = await tryOut(plan, crashes);
        if (!shows(candidate)) continue;
        smallest = candidate;
        return true;
      }
      return false;
    },
  });
  return smallest;
}

/** None, then each alone. */
function fewerCrashes(crashes: readonly Crash[]): (readonly Crash[])[] {
  if (crashes.length === 0) return [];
  return crashes.length === 1 ? [[]] : [[], ...crashes.map((crash) => [crash])];
}

/** The step of the protocol at which each crash came. */
async function stepsOf({ plan, crashes }: Small, seed: number): Promise<string[]> {
  const steps: string[] = [];
  if (crashes.length === 0) return steps;
  await executeWithCrashes(plan, seed, crashes, {
    watch: (call, _, hits) => {
      if (crashes[hits]?.call === call.number) steps.push(stepOf(call));
    },
  });
  return steps;
}

/** The crashes, moved to where the first one's step is in this plan; the second keeps its distance. */
async function placesIn(
  plan: Plan,
  seed: number,
  crashes: readonly Crash[],
  step: string | undefined,
): Promise<(readonly Crash[])[]> {
  const [first] = crashes;
  if (first === undefined || step === undefined) return [crashes];
  const calls: number[] = [];
  await executeWithCrashes(plan, seed, [], {
    watch: (call) => {
      if (stepOf(call) === step) calls.push(call.number);
    },
  });
  const stride = Math.max(1, Math.ceil(calls.length / placesMax));
  return calls
    .filter((_, at) => at % stride === 0)
    .map((call) => crashes.map((crash) => moved(crash, call - first.call)));
}

/** Exported for its test. A sync before the first call of the run is none that could fail. */
export function moved({ drops, ...crash }: Crash, calls: number): Crash {
  const fails = drops === undefined ? 0 : drops + calls;
  return { ...crash, call: crash.call + calls, ...(fails < 1 ? {} : { drops: fails }) };
}
