/**
 * Chooses where in a run the world ends: in a phase that was met least so far, and of its steps at one that was met least.
 *
 * A run has hundreds of calls, most of them alike, and most in its first phase; a place drawn evenly over calls meets
 * the rare ones seldom. Always: every call can be drawn; one place in so many is drawn evenly.
 */
import type { Random } from "../random.ts";
import type { Shape } from "./shape.ts";

export class Places {
  readonly #phases = new Map<string, number>();
  readonly #steps = new Map<string, number>();
  readonly #evenlyOneIn: number;

  constructor(evenlyOneIn: number) {
    this.#evenlyOneIn = evenlyOneIn;
  }

  /** Number of a call; of `among` only, where given and not empty. */
  draw(
    { calls, steps, phases }: Pick<Shape, "calls" | "steps" | "phases">,
    random: Random,
    among: readonly number[] = [],
  ): number {
    const all = among.length > 0 ? among : Array.from({ length: calls }, (_, at) => at + 1);
    const phaseOf = (call: number) => phases[call - 1] ?? "";
    const stepOf = (call: number) => `${phaseOf(call)}: ${steps[call - 1] ?? ""}`;
    const isEven = random.oneIn(this.#evenlyOneIn);
    const inPhase = isEven ? all : leastMet(all, phaseOf, this.#phases, random);
    const atStep = isEven ? all : leastMet(inPhase, stepOf, this.#steps, random);
    const call = atStep[random.below(atStep.length)] ?? 1;
    met(this.#phases, phaseOf(call));
    met(this.#steps, stepOf(call));
    return call;
  }
}

/** Those of one name, that of fewest times so far. */
export function leastMet<One>(
  all: readonly One[],
  nameOf: (one: One) => string,
  times: ReadonlyMap<string, number>,
  random: Random,
): readonly One[] {
  const byName = new Map<string, One[]>();
  for (const one of all) {
    const name = nameOf(one);
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [one]);
    else others.push(one);
  }
  const names = [...byName.keys()];
  const least = Math.min(...names.map((name) => times.get(name) ?? 0));
  const rare = names.filter((name) => (times.get(name) ?? 0) === least);
  return byName.get(rare[random.below(rare.length)] ?? "") ?? all;
}

export function met(times: Map<string, number>, name: string): void {
  times.set(name, (times.get(name) ?? 0) + 1);
}
