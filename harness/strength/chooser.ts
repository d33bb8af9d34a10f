/**
 * Ways to choose where the world ends, side by side: ours, and two that a person would write first.
 *
 * - `ours`: as a campaign in memory chooses (`harness/memory/chooser`).
 * - `boundary`: the same workloads without a plan of faults; the server is killed at a uniformly random call.
 * - `time`: the same; it is killed at a uniformly random moment of the run without a fault, most of which is waiting
 *   for the agent.
 *
 * Always: run number n of a chooser and a seed is the same everywhere. The two others need to know the run without a fault:
 * they are told where to end it, or execute it first.
 */
import { faultNames } from "../fault/index.ts";
import { Chooser, type Draw } from "../memory/chooser/chooser.ts";
import { type Shape, shapeOf } from "../memory/chooser/shape.ts";
import { defaultModels } from "../memory/crashes.ts";
import { memoryAbilities } from "../memory/execute.ts";
import { Random } from "../memory/random.ts";
import { generatePlan, planSeed } from "../plan/generate.ts";
import type { Plan } from "../plan/plan.ts";

export const chooserNames = ["ours", "boundary", "time"] as const;
export type ChooserName = (typeof chooserNames)[number];

/** The runs of one chooser and seed, one after the other; `places`: calls at which the runs of another than ours end. */
export function drawsOf(
  name: ChooserName,
  seed: number,
  places: readonly number[] = [],
): { draw(): Promise<Draw> } {
  return name === "ours"
    ? new Chooser(seed, { faults: faultNames, models: defaultModels })
    : new Plain(name, seed, places);
}

/** A workload of its own for each run: what a fault meets is as much a matter of luck as where it comes. */
class Plain {
  readonly #name: "boundary" | "time";
  readonly #seed: number;
  readonly #places: readonly number[];
  #next = 0;

  constructor(name: "boundary" | "time", seed: number, places: readonly number[]) {
    this.#name = name;
    this.#seed = seed;
    this.#places = places;
  }

  async draw(): Promise<Draw> {
    const number = this.#next++;
    const random = new Random(planSeed(this.#seed, number) ^ 0x706c61);
    const drawn = generatePlan({ can: memoryAbilities, faults: ["kill"] }, this.#seed, number);
    const plan: Plan = { ...drawn, rounds: [] };
    const seed = random.bits();
    const call = this.#places[number] ?? (await this.#placeIn(plan, seed, random));
    return { plan, seed, crashes: [{ call, when: "before", model: "kill" }], layer: "boundary" };
  }

  async #placeIn(plan: Plan, seed: number, random: Random): Promise<number> {
    const shape = await shapeOf(plan, seed);
    return this.#name === "boundary" ? 1 + random.below(shape.calls) : momentIn(shape, random);
  }
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
