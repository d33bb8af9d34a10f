/**
 * Looks for a broken promise in memory, in one of four ways. Bundled together with the orchestrator that it looks at.
 *
 * Each answers what it found first, and undefined when it found nothing in all its runs.
 */
import { checks, judge } from "../../harness/check/index.ts";
import type { RunRecord } from "../../harness/history.ts";
import { type Crash, executeWithCrashes } from "../../harness/memory/crash.ts";
import { executeWithFault } from "../../harness/memory/disk-faults.ts";
import { type EnumerateOptions, enumerate } from "../../harness/memory/enumerate.ts";
import scenario from "../../scenarios/result-known-only-from-the-stream.ts";
import type { Mutant } from "./mutants.ts";

export interface Found {
  readonly what: string;
  readonly runs: number;
}

const { plan } = scenario;
const seed = 1;

/** `all-states`: as `power`, by runs that stand for all states that they cannot tell apart. */
export type Hunt = Mutant["hunt"] | "all-states";

export async function hunt(how: Hunt): Promise<Found | undefined> {
  if (how === "order") return order();
  if (how === "power") return power({ model: "posix", runsMax: 60 });
  if (how === "all-states") return power({ model: "ext4", runsMax: 1_000, statesMax: "all" });
  return how === "failed-sync" ? failedSync() : lateWrite();
}

async function order(): Promise<Found | undefined> {
  // The order of what happens at once is drawn anew with each seed.
  for (let runs = 1; runs <= 120; runs += 1) {
    const { record } = await executeWithCrashes(plan, runs, []);
    const [early] = record.early ?? [];
    if (early !== undefined) return { what: early.story, runs };
  }
  return undefined;
}

async function power(options: Omit<EnumerateOptions, "pairs" | "seed">): Promise<Found | undefined> {
  const { failures, runs } = await enumerate(plan, { ...options, pairs: false, seed });
  const [first] = failures;
  return first === undefined ? undefined : { what: first.verdict, runs };
}

/** A sync fails and drops its bytes; soon after, the power. */
async function failedSync(): Promise<Found | undefined> {
  const syncs = await numbersOf((op, path) => op === "sync" && path.endsWith(".journal"));
  let runs = 0;
  for (const call of syncs) {
    for (const later of [25, 60]) {
      runs += 1;
      const crash: Crash = { call: call + later, when: "before", model: "posix", state: "least" };
      const { record } = await executeWithFault(plan, seed, { call, fault: "drop" }, [crash]);
      const what = brokenIn(record);
      if (what !== undefined) return { what, runs };
    }
  }
  return undefined;
}

/** A write of a life that is dead comes after the next has read everything; then that one is killed too. */
async function lateWrite(): Promise<Found | undefined> {
  const appends = await numbersOf((op, path) => op === "append" && path.endsWith(".journal"));
  let runs = 0;
  for (const call of appends) {
    for (const later of [80, 140]) {
      runs += 1;
      const crashes: Crash[] = [
        { call, when: "late", model: "kill" },
        { call: call + later, when: "before", model: "kill" },
      ];
      const { record } = await executeWithCrashes(plan, seed, crashes);
      const what = brokenIn(record);
      if (what !== undefined) return { what, runs };
    }
  }
  return undefined;
}

async function numbersOf(wanted: (op: string, path: string) => boolean): Promise<number[]> {
  const numbers: number[] = [];
  await executeWithCrashes(plan, seed, [], {
    watch: ({ number, op, path }) => {
      if (wanted(op, path)) numbers.push(number);
    },
  });
  return numbers;
}

/** Flags are left to the other tests: late writes and failed syncs are no divergence that the oracle knows. */
function brokenIn(record: RunRecord): string | undefined {
  const { signatures } = judge(
    record,
    checks.filter(({ promise }) => !promise.startsWith("flag-")),
  );
  return signatures.length === 0 ? undefined : signatures.join(" + ");
}
