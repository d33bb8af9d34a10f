/**
 * Ways to choose where the world ends, side by side: ours, and two that a person would write first.
 *
 * - `ours`: the plans of a campaign as they are, then with the world ending at drawn calls, power and failed syncs
 *   among the ends.
 * - `boundary`: the same workloads without a plan of faults; the server is killed at a uniformly random call.
 * - `time`: the same; it is killed at a uniformly random moment of the run without a fault, most of which is waiting
 *   for the agent.
 *
 * Always: run number n of a chooser and a seed is the same everywhere; a chooser that needs to know the run without a
 * fault executes it, and pays for it.
 */

import { faultNames } from "../fault/index.ts";
import { type Crash, executeWithCrashes } from "../memory/crash.ts";
import { drawCrashes, runsPerPlan } from "../memory/crashes.ts";
import type { DiskFault } from "../memory/disk-faults.ts";
import { type MemoryRun, memoryAbilities } from "../memory/execute.ts";
import { powerModels } from "../memory/power.ts";
import { Random } from "../memory/random.ts";
import { withDamage } from "../memory/with-damage.ts";
import { directedPlans } from "../plan/directed.ts";
import { generatePlan, planSeed } from "../plan/generate.ts";
import type { Plan } from "../plan/plan.ts";

export const chooserNames = ["ours", "boundary", "time"] as const;
export type ChooserName = (typeof chooserNames)[number];

/** What ends the world in a run. */
export const layers = ["gates", "damage", "boundary", "power", "disk"] as const;
export type Layer = (typeof layers)[number];

/** One run, ready to be executed. */
export interface Draw {
  readonly plan: Plan;
  readonly seed: number;
  readonly crashes: readonly Crash[];
  readonly fault?: { readonly call: number; readonly fault: DiskFault };
  readonly layer: Layer;
}

/** Draws the runs of one chooser and seed, one after the other. */
export class Chooser {
  readonly #name: ChooserName;
  readonly #seed: number;
  readonly #directed = directedPlans(memoryAbilities, faultNames);
  #next = 0;
  #clean: { readonly plan: Plan; readonly seed: number; readonly shape: Shape } | undefined;

  constructor(name: ChooserName, seed: number) {
    this.#name = name;
    this.#seed = seed;
  }

  async draw(): Promise<Draw> {
    const number = this.#next++;
    return this.#name === "ours" ? this.#ours(number) : this.#plain(number, this.#name);
  }

  async #ours(number: number): Promise<Draw> {
    const index = Math.floor(number / runsPerPlan);
    const random = new Random(planSeed(this.#seed, number) ^ 0x6f757273);
    if (number % runsPerPlan === 0) {
      const plan =
        this.#directed[index] ??
        generatePlan({ can: memoryAbilities, faults: faultNames }, this.#seed, index);
      this.#clean = undefined;
      this.#plan = { plan, seed: random.bits() };
      return { ...this.#plan, crashes: [], layer: "gates" };
    }
    const { plan, seed } = this.#plan;
    if (number % runsPerPlan === runsPerPlan - 1) {
      const damaged = withDamage(plan, random);
      if (damaged !== undefined) return { plan: damaged, seed, crashes: [], layer: "damage" };
    }
    this.#clean ??= { plan, seed, shape: await shapeOf(plan, seed) };
    const { calls, syncs } = this.#clean.shape;
    const kind = random.below(20);
    if (kind < 2 && syncs.length > 0) {
      const call = syncs[random.below(syncs.length)] ?? 1;
      const crash: Crash = {
        call: call + 1 + random.below(80),
        when: "before",
        model: "posix",
        state: "least",
      };
      return { plan, seed, crashes: [crash], fault: { call, fault: "drop" }, layer: "disk" };
    }
    if (kind < 4) {
      const call = 1 + random.below(calls);
      const late: Crash = { call, when: "late", model: "kill" };
      const later: Crash = { call: call + 1 + random.below(160), when: "before", model: "kill" };
      return { plan, seed, crashes: [late, later], layer: "boundary" };
    }
    const isPower = kind < 12;
    const crashes = drawCrashes(random, calls, isPower ? powerModels : ["kill"]);
    return { plan, seed, crashes, layer: isPower ? "power" : "boundary" };
  }

  #plan: { readonly plan: Plan; readonly seed: number } = { plan: noPlan, seed: 0 };

  /** A workload of its own for each run: what a fault meets is as much a matter of luck as where it comes. */
  async #plain(number: number, name: "boundary" | "time"): Promise<Draw> {
    const random = new Random(planSeed(this.#seed, number) ^ 0x706c61);
    const drawn = generatePlan({ can: memoryAbilities, faults: ["kill"] }, this.#seed, number);
    const plan: Plan = { ...drawn, rounds: [] };
    const seed = random.bits();
    const shape = await shapeOf(plan, seed);
    const call = name === "boundary" ? 1 + random.below(shape.calls) : momentIn(shape, random);
    return { plan, seed, crashes: [{ call, when: "before", model: "kill" }], layer: "boundary" };
  }
}

const noPlan: Plan = { version: 1, mode: "lockstep", sessions: [], clients: 1, rounds: [] };

/** What is known of a run without a crash. */
interface Shape {
  readonly calls: number;
  /** Calls that sync a file. */
  readonly syncs: readonly number[];
  /** What each call takes in milliseconds, and what was waited before it for the agent. */
  readonly costsMs: readonly { readonly waitedMs: number; readonly tookMs: number }[];
}

/** Medians on a disk with ext4: a sync, and anything else. */
const syncMs = 0.55;
const callMs = 0.03;
/** Between two events of an agent: its model thinks, or its tool runs. Short for a real one. */
const betweenEventsMs = 1_000;

async function shapeOf(plan: Plan, seed: number): Promise<Shape> {
  const syncs: number[] = [];
  const costsMs: { waitedMs: number; tookMs: number }[] = [];
  let events = 0;
  const { calls } = await executeWithCrashes(plan, seed, [], {
    watch: ({ number, op }, made) => {
      const isSync = op === "sync" || op === "syncFolder";
      if (op === "sync") syncs.push(number);
      const now = eventsOf(made);
      costsMs.push({ waitedMs: now > events ? betweenEventsMs : 0, tookMs: isSync ? syncMs : callMs });
      events = now;
    },
  });
  return { calls: Math.max(1, calls), syncs, costsMs };
}

function eventsOf({ computer }: MemoryRun): number {
  let events = 0;
  for (const entries of computer.ledgers.values())
    for (const { kind } of entries) if (kind === "out" || kind === "effect") events += 1;
  return events;
}

/** The call that comes next at a uniformly random moment. */
function momentIn({ costsMs }: Shape, random: Random): number {
  const wholeMs = costsMs.reduce((sum, { waitedMs, tookMs }) => sum + waitedMs + tookMs, 0);
  let leftMs = (random.bits() / 0x1_0000_0000) * wholeMs;
  for (const [at, { waitedMs, tookMs }] of costsMs.entries()) {
    leftMs -= waitedMs + tookMs;
    if (leftMs < 0) return at + 1;
  }
  return costsMs.length;
}
