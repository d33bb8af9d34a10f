/**
 * Chooses where in a run the world ends: at a step of the protocol that was met least so far.
 *
 * A run has hundreds of calls, most of them alike; a place drawn evenly over calls meets the rare ones seldom.
 * Always: every call can be drawn; one place in so many is drawn evenly.
 */
import type { Random } from "../memory/random.ts";
import type { Shape } from "./shape.ts";

export class Places {
  readonly #met = new Map<string, number>();
  readonly #evenlyOneIn: number;

  constructor(evenlyOneIn: number) {
    this.#evenlyOneIn = evenlyOneIn;
  }

  /** Number of a call; of `among` only, where given and not empty. */
  draw(
    { calls, steps }: Pick<Shape, "calls" | "steps">,
    random: Random,
    among: readonly number[] = [],
  ): number {
    const all = among.length > 0 ? among : Array.from({ length: calls }, (_, at) => at + 1);
    const drawn = all[random.below(all.length)] ?? 1;
    const call = random.oneIn(this.#evenlyOneIn) ? drawn : (this.#leastMet(all, steps, random) ?? drawn);
    const step = steps[call - 1] ?? "";
    this.#met.set(step, (this.#met.get(step) ?? 0) + 1);
    return call;
  }

  #leastMet(all: readonly number[], steps: readonly string[], random: Random): number | undefined {
    const byStep = new Map<string, number[]>();
    for (const call of all) {
      const step = steps[call - 1] ?? "";
      byStep.set(step, [...(byStep.get(step) ?? []), call]);
    }
    const counts = [...byStep.keys()].map((step) => this.#met.get(step) ?? 0);
    const least = Math.min(...counts);
    const rare = [...byStep.keys()].filter((_, at) => counts[at] === least);
    const calls = byStep.get(rare[random.below(rare.length)] ?? "");
    return calls?.[random.below(calls.length)];
  }
}
