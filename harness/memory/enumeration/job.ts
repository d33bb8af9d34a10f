/**
 * One run of an enumeration, and what it came to: plain data both ways, so that it can be done by another process.
 *
 * Always: plan, seed and job decide everything.
 */
import { checks, judge } from "../../check/index.ts";
import type { RunRecord } from "../../history.ts";
import type { Plan } from "../../plan/plan.ts";
import { type Crash, type CrashedRun, executeWithCrashes } from "../crash.ts";
import { type DiskFault, diskFaults, executeWithFault, fateOf } from "../disk-faults.ts";
import type { Look } from "../looks.ts";
import type { DiskModel } from "../power.ts";
import { stepOf } from "../steps.ts";
import { type Place, placesAt } from "./place.ts";

export interface EnumerationJob {
  readonly crashes: readonly Crash[];
  /** One call that fails, instead of crashes. */
  readonly fault?: { readonly call: number; readonly fault: DiskFault };
  /** Tell the places that come up after the last of the crashes. */
  readonly looksFor?: { readonly model: DiskModel | "faults"; readonly statesMax: number };
}

/** A call that can fail, and how. */
export interface FaultPlace {
  readonly call: number;
  readonly fault: DiskFault;
  readonly step: string;
}

export interface JobOutcome {
  /** "pass", another verdict, or the signatures of the defects. */
  readonly verdict: string;
  readonly stories: readonly string[];
  /** Port calls of the whole run. */
  readonly calls: number;
  readonly places: readonly Place[];
  readonly faults: readonly FaultPlace[];
  /** Step → calls of it at which the world could end. */
  readonly steps: Readonly<Record<string, number>>;
  /** Calls at which more states are legal than were taken. */
  readonly sampled: number;
  /** What was seen of what the last crash left, where it was one by picks; and all that had been until then. */
  readonly looks: readonly Look[];
  readonly past?: number;
  readonly cpuMs: number;
}

/** Runs one job. */
export async function perform(plan: Plan, seed: number, job: EnumerationJob): Promise<JobOutcome> {
  const cpu = process.cpuUsage();
  const [places, faults]: [Place[], FaultPlace[]] = [[], []];
  const steps: Record<string, number> = {};
  let sampled = 0;
  const { looksFor, crashes, fault } = job;
  const ran =
    fault === undefined
      ? await executeWithCrashes(plan, seed, crashes, {
          watch: (call, made, hits) => {
            if (looksFor === undefined || hits < crashes.length) return;
            const step = stepOf(call);
            steps[step] = (steps[step] ?? 0) + 1;
            if (looksFor.model === "faults") {
              const mayFail = diskFaults.filter((one) => fateOf(one, call) !== undefined);
              faults.push(...mayFail.map((one) => ({ call: call.number, fault: one, step })));
              return;
            }
            const found = placesAt(call, made, looksFor.model, looksFor.statesMax);
            places.push(...found.places);
            if (!found.complete) sampled += 1;
          },
        })
      : await executeWithFault(plan, seed, fault);
  const judged = fault === undefined ? verdictOf(ran, crashes.length) : verdictUnderFault(ran.record);
  const { user, system } = process.cpuUsage(cpu);
  const { calls, looks, past } = ran;
  return {
    ...judged,
    calls,
    places,
    faults,
    steps,
    sampled,
    looks,
    ...(past === undefined ? {} : { past }),
    cpuMs: (user + system) / 1_000,
  };
}

type Verdict = Pick<JobOutcome, "verdict" | "stories">;

function verdictOf({ record, hits }: CrashedRun, wanted: number): Verdict {
  if (hits < wanted) return { verdict: "crash did not come", stories: [] };
  return told(judge(record));
}

/** Flags are left to other runs: a failed call is no divergence that the oracle knows. A cut-short plan is no breach. */
function verdictUnderFault(record: RunRecord): Verdict {
  const judgement = judge(
    record,
    checks.filter(({ promise }) => !promise.startsWith("flag-")),
  );
  const { verdict, stories } = told(judgement);
  return verdict === "invalid" ? { verdict: "pass", stories: [] } : { verdict, stories };
}

function told({ verdict, why, signatures, defects }: ReturnType<typeof judge>): Verdict {
  if (verdict === "pass") return { verdict, stories: [] };
  const stories = [why ?? "", ...defects.map(({ violation }) => violation.story)];
  return {
    verdict: verdict === "defect" ? signatures.join(" + ") : verdict,
    stories: stories.filter((story) => story !== ""),
  };
}
