/**
 * Ways to choose where the world ends, side by side: ours, and two that a person would write first.
 *
 * - `ours`: the plans of a campaign, directed and drawn ones in turn, as they are; then with the world ending at calls
 *   whose step of the protocol was met least, power and failed syncs among the ends; then with a record damaged,
 *   of our own those whose kind was harmed least.
 * - `boundary`: the same workloads without a plan of faults; the server is killed at a uniformly random call.
 * - `time`: the same; it is killed at a uniformly random moment of the run without a fault, most of which is waiting
 *   for the agent.
 *
 * Always: run number n of a chooser and a seed is the same everywhere; a chooser that needs to know the run without a
 * fault executes it, and pays for it.
 */

import { faultNames } from "../fault/index.ts";
import type { Crash } from "../memory/crash.ts";
import { drawCrashes, runsPerPlan } from "../memory/crashes.ts";
import type { DiskFault } from "../memory/disk-faults.ts";
import { memoryAbilities } from "../memory/execute.ts";
import { powerModels } from "../memory/power.ts";
import { Random } from "../memory/random.ts";
import { directedPlans } from "../plan/directed.ts";
import { generatePlan, planSeed } from "../plan/generate.ts";
import type { Plan } from "../plan/plan.ts";
import { Aim } from "./aim.ts";
import { Places } from "./places.ts";
import { type Shape, shapeOf } from "./shape.ts";
import { varied } from "./vary.ts";
import { withHarm } from "./with-harm.ts";

export const chooserNames = ["ours", "boundary", "time"] as const;
export type ChooserName = (typeof chooserNames)[number];

/** As a campaign runs each plan, and twice, not once, with a record damaged. */
const runsOfPlan = runsPerPlan + 1;

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

interface Seeded {
  readonly plan: Plan;
  readonly seed: number;
}

/** Draws the runs of one chooser and seed, one after the other. */
export class Chooser {
  readonly #name: ChooserName;
  readonly #seed: number;
  readonly #directed: readonly Plan[];
  readonly #places = new Places(2);
  readonly #writes = new Places(6);
  readonly #late = new Places(6);
  readonly #aim = new Aim();
  #next = 0;
  #current: Seeded = { plan: noPlan, seed: 0 };
  #clean: Shape | undefined;

  constructor(name: ChooserName, seed: number) {
    this.#name = name;
    this.#seed = seed;
    this.#directed = shuffled(directedPlans(memoryAbilities, faultNames), new Random(seed));
  }

  async draw(): Promise<Draw> {
    const number = this.#next++;
    return this.#name === "ours" ? this.#ours(number) : this.#plain(number, this.#name);
  }

  async #ours(number: number): Promise<Draw> {
    const index = Math.floor(number / runsOfPlan);
    const random = new Random(planSeed(this.#seed, number) ^ 0x6f757273);
    if (number % runsOfPlan === 0) {
      this.#clean = undefined;
      this.#current = { plan: this.#planOf(index, random), seed: random.bits() };
      return { ...this.#current, crashes: [], layer: "gates" };
    }
    const { plan, seed } = this.#current;
    if (number % runsOfPlan >= runsPerPlan - 1) {
      const damaged = withHarm(plan, random);
      if (damaged !== undefined)
        return { plan: await this.#aim.at(damaged, seed, random), seed, crashes: [], layer: "damage" };
    }
    this.#clean ??= await shapeOf(plan, seed);
    return { plan, seed, ...this.#ending(this.#clean, random) };
  }

  #planOf(index: number, random: Random): Plan {
    const directed = index % 2 === 0 ? this.#directed[index / 2] : undefined;
    return (
      directed ??
      varied(generatePlan({ can: memoryAbilities, faults: faultNames }, this.#seed, index), random)
    );
  }

  #ending(shape: Shape, random: Random): Pick<Draw, "crashes" | "fault" | "layer"> {
    const { calls, syncs, appends, together } = shape;
    const kind = random.below(20);
    if (kind < 2 && syncs.length > 0) {
      const call = this.#places.draw(shape, random, syncs);
      const crash = {
        call: call + 1 + random.below(80),
        when: "before",
        model: "posix",
        state: "least",
      } as const;
      return { crashes: [crash], fault: { call, fault: "drop" }, layer: "disk" };
    }
    // A write that was on its way when its server was killed arrives when the next one has begun.
    if (kind < 5) {
      const call = this.#late.draw(shape, random, appends);
      const late = { call, when: "late", model: "kill" } as const;
      const later = { call: call + 20 + random.below(200), when: "before", model: "kill" } as const;
      return { crashes: [late, later], layer: "boundary" };
    }
    // Records are written together and must not be believed apart: half of such a write.
    if (kind < 11) {
      const call = this.#writes.draw(shape, random, together.length > 0 ? together : appends);
      return { crashes: [{ call, when: "torn", model: "kill" }], layer: "boundary" };
    }
    const isPower = kind < 16;
    const at = this.#places.draw(shape, random);
    const crashes = drawCrashes(random, { calls, appends }, isPower ? powerModels : ["kill"], at);
    return { crashes, layer: isPower ? "power" : "boundary" };
  }

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

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  return all.flatMap(() => left.splice(random.below(left.length), 1));
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
