/**
 * Generates plans from seeds: with the folder beside it the only place that knows fast-check's arbitraries.
 *
 * Always: generation is free of side effects, so that plan number N of a seed is the same everywhere; every
 * generated plan has a fault that is able to fire, and restarts the server at least once.
 * Never: execution steers generation (the reason why this is no `fc.commands`).
 */
import fc from "fast-check";
import { withAfterthoughts } from "./draw/afterthoughts.ts";
import { type GenerateOptions, simplestFirst } from "./draw/choice.ts";
import { rounds } from "./draw/rounds.ts";
import { sessionOf } from "./draw/work.ts";
import type { Plan } from "./plan.ts";

/** Plans of the default mix: about two in three lockstep, the rest free. */
export function planArbitrary(options: GenerateOptions): fc.Arbitrary<Plan> {
  return withAfterthoughts(plainPlans(options), options);
}

function plainPlans(options: GenerateOptions): fc.Arbitrary<Plan> {
  const lockstep = plansOf("lockstep", options, [
    { weight: 4, count: 1 },
    { weight: 1, count: 2 },
  ]);
  const free = plansOf("free", options, [
    { weight: 1, count: 1 },
    { weight: 1, count: 2 },
  ]);
  return simplestFirst({ weight: 62, arbitrary: lockstep }, { weight: 38, arbitrary: free });
}

function plansOf(
  mode: Plan["mode"],
  options: GenerateOptions,
  sizes: readonly { weight: number; count: number }[],
): fc.Arbitrary<Plan> {
  const free = fc.record({
    // Log-uniform: many short pauses find narrow windows, few long ones find starvation.
    pausesMs: fc.array(
      fc.integer({ min: 0, max: 6 }).map((power) => Math.round(1.9 ** power) - 1),
      { minLength: 1, maxLength: 8 },
    ),
    writes: fc.constantFrom("line" as const, "burst" as const, "split" as const),
  });
  const ofSize = (count: number) =>
    fc.record({
      version: fc.constant(1 as const),
      mode: fc.constant(mode),
      sessions: fc.array(sessionOf(options.can), { minLength: count, maxLength: count }),
      clients: simplestFirst(
        { weight: 3, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.constant(2) },
      ),
      rounds: rounds(options, mode, count),
      ...(mode === "free" ? { free } : {}),
    });
  return simplestFirst(
    ...sizes.map(({ weight, count }) => ({ weight, arbitrary: ofSize(count) as fc.Arbitrary<Plan> })),
  );
}

/** Seed of plan number `index` of a campaign; spread so that neighbouring seeds share no plans. */
export function planSeed(seed: number, index: number): number {
  let mixed = (seed ^ Math.imul(index + 1, 0x9e3779b1)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}

/** By options; making one takes as long as drawing from it. */
const arbitraries = new Map<string, fc.Arbitrary<Plan>>();

/** Plan number `index` of the seed. */
export function generatePlan(options: GenerateOptions, seed: number, index: number): Plan {
  const key = JSON.stringify(options);
  const arbitrary = arbitraries.get(key) ?? planArbitrary(options);
  arbitraries.set(key, arbitrary);
  const [plan] = fc.sample(arbitrary, { seed: planSeed(seed, index), numRuns: 1 });
  if (plan === undefined) throw new Error("fast-check generated no plan");
  return plan;
}
