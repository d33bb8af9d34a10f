/**
 * Chooses the runs of a campaign in memory: plans, directed and drawn ones in turn, as they are; then with the world ending
 * at calls whose phase and step of the protocol were met least, power and failed syncs among the ends; then with
 * a record damaged whose kind was harmed least.
 *
 * Always: run number n of a seed and what is asked for is the same everywhere. Most runs have another plan than the one
 * before: what a fault meets is as much a matter of the work as of where it comes.
 */
import type { FaultName } from "../../fault/index.ts";
import { directedPlans } from "../../plan/directed.ts";
import { generatePlan, planSeed } from "../../plan/generate.ts";
import type { Plan } from "../../plan/plan.ts";
import { type Crash, type CrashedRun, type CrashHooks, executeWithCrashes } from "../crash.ts";
import { memoryAbilities } from "../execute.ts";
import type { DiskModel } from "../power.ts";
import { Random } from "../random.ts";
import { Aim } from "./aim.ts";
import { Endings } from "./endings.ts";
import { withHarm } from "./harm.ts";
import { ShapeWatch } from "./shape.ts";
import { atOtherWork, varied } from "./vary.ts";

/** What ends the world in a run. */
export const layers = ["gates", "damage", "boundary", "power", "disk"] as const;
export type Layer = (typeof layers)[number];

/** One run, ready to be executed. */
export interface Draw {
  readonly plan: Plan;
  readonly seed: number;
  readonly crashes: readonly Crash[];
  readonly layer: Layer;
  /** Looks on, so that what comes next is chosen by what was seen. */
  readonly watch?: ShapeWatch;
}

/** One plan, and what was seen of its run. */
interface Current {
  readonly plan: Plan;
  readonly seed: number;
  readonly watch: ShapeWatch;
}

/** What follows what, while there are directed plans and then. */
const early = ["directed", "ending", "directed", "damage", "ending", "drawn", "ending"] as const;
const later = ["drawn", "ending", "damage", "ending", "damage", "ending"] as const;

/** Of the runs with damage one in so many is killed or loses its power besides, before it or behind it. */
const crashedOneIn = 4;

export interface ChooserOptions {
  readonly faults: readonly FaultName[];
  readonly models: readonly DiskModel[];
}

/** Draws the runs of one seed, one after the other. */
export class Chooser {
  readonly #seed: number;
  readonly #options: ChooserOptions;
  readonly #directed: Plan[];
  readonly #endings: Endings;
  readonly #aim = new Aim();
  readonly #ahead: ((typeof early)[number] | (typeof later)[number])[] = [];
  #next = 0;
  #current: Current | undefined;
  #before: Current | undefined;

  constructor(seed: number, options: ChooserOptions) {
    this.#seed = seed;
    this.#options = options;
    this.#directed = shuffled(directedPlans(memoryAbilities, options.faults), new Random(seed));
    this.#endings = new Endings(options.models);
  }

  async draw(): Promise<Draw> {
    const number = this.#next++;
    const random = new Random(planSeed(this.#seed, number) ^ 0x6f757273);
    if (this.#ahead.length === 0) this.#ahead.push(...(this.#directed.length > 0 ? early : later));
    const what = this.#ahead.shift();
    if (what === "directed" || what === "drawn" || this.#current === undefined) {
      const directed = what === "directed" ? this.#directed.shift() : undefined;
      return this.#planned(
        directed === undefined ? this.#drawn(number, random) : atOtherWork(directed, random),
        random,
      );
    }
    const harmed = what === "damage" ? await this.#harmed(random) : undefined;
    if (harmed !== undefined) return { ...harmed, layer: "damage" };
    const { plan, seed, watch } = this.#current;
    // Whoever draws may leave runs out.
    if (watch.shape === undefined) await executeDraw({ plan, seed, crashes: [], watch });
    if (watch.shape === undefined) throw new Error("A run was executed and its shape is not known.");
    return { plan, seed, ...this.#endings.draw(watch.shape, random) };
  }

  #planned(plan: Plan, random: Random): Draw {
    const current = { plan, seed: random.bits(), watch: new ShapeWatch() };
    this.#before = this.#current;
    this.#current = current;
    return { ...current, crashes: [], layer: "gates" };
  }

  #drawn(number: number, random: Random): Plan {
    const { faults } = this.#options;
    const plan = generatePlan({ can: memoryAbilities, faults }, this.#seed, number);
    return varied(plan, random, faults.includes("kill"));
  }

  async #harmed(random: Random): Promise<Pick<Draw, "plan" | "seed" | "crashes"> | undefined> {
    if (!this.#options.faults.includes("damage")) return undefined;
    const either = random.oneIn(2) ? [this.#current, this.#before] : [this.#before, this.#current];
    for (const one of either) {
      const plan = one === undefined ? undefined : await withHarm(one, this.#aim, random);
      if (one === undefined || plan === undefined) continue;
      const { shape } = one.watch;
      const isAlone = shape === undefined || !random.oneIn(crashedOneIn);
      return { plan, seed: one.seed, crashes: isAlone ? [] : this.#endings.beside(shape, random) };
    }
    return undefined;
  }
}

/** Executes what was drawn; `more` looks on as well. */
export async function executeDraw(
  { plan, seed, crashes, watch }: Omit<Draw, "layer">,
  more: Pick<CrashHooks, "watch"> = {},
): Promise<CrashedRun> {
  const hooks: CrashHooks = {
    watch: (call, made, hits) => {
      more.watch?.(call, made, hits);
      watch?.hooks.watch?.(call, made, hits);
    },
    ...(watch?.hooks.done === undefined ? {} : { done: watch.hooks.done }),
  };
  const executed = await executeWithCrashes(plan, seed, crashes, hooks);
  watch?.end(executed);
  return executed;
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  return all.flatMap(() => left.splice(random.below(left.length), 1));
}
