/**
 * Draws where servers end in the runs of a campaign: at operations that a run of the same plan was counted to have.
 *
 * Always: what was ended at less often is drawn more often; each draw leaves out some kinds of operation and some modes
 * altogether, others it favours (a swarm): what an even mix hides shows where one kind is all there is. The draw is
 * a plan, and the plan alone is needed to play it again.
 * Not able to: follow from the seed alone, since it follows from what other runs have met.
 */
import type { CountedBoundaries } from "../history.ts";
import { type DiskModel, powerModels } from "../memory/power.ts";
import type { Random } from "../memory/random.ts";
import type { Boundary } from "../plan/plan.ts";

/** A step of the protocol in one part of a run: operations of the same kind on the same kind of file. */
export interface CoveredStep {
  readonly part: "first life" | "later life";
  readonly step: string;
  /** By mode, how many runs ended there; 0 for what was counted and never ended at. */
  readonly ends: Readonly<Record<string, number>>;
}

export interface BoundaryCoverage {
  /** Pairs of step and mode that runs had, and those at which at least one was ended. */
  readonly known: number;
  readonly met: number;
  readonly steps: readonly CoveredStep[];
}

interface Point extends Omit<Boundary, "mode"> {
  readonly mode: Boundary["mode"];
  readonly op: string;
  readonly key: string;
}

const favours = [0, 1, 4];

export class BoundaryDraws {
  readonly #models: readonly DiskModel[];
  /** Times that each pair of step and mode was ended at. */
  readonly #ends = new Map<string, number>();

  /** @param models what ends a server: `kill`, or power cuts under a model. */
  constructor(models: readonly DiskModel[]) {
    this.#models = models;
  }

  /** An end in one of the lives from `fromLife` on; undefined where nothing was counted. */
  draw({ lives }: Pick<CountedBoundaries, "lives">, random: Random, fromLife = 1): Boundary | undefined {
    const points = lives.filter(({ life }) => life >= fromLife).flatMap(pointsOf);
    for (const { key } of points) this.#ends.set(key, this.#ends.get(key) ?? 0);
    const swarm = new Map<string, number>();
    const favour = (name: string) => {
      const known = swarm.get(name) ?? favours[random.below(favours.length)] ?? 1;
      swarm.set(name, known);
      return known;
    };
    const rarity = ({ key }: Point) => 1 / (1 + (this.#ends.get(key) ?? 0));
    const weights = points.map((point) => favour(point.op) * favour(point.mode) * rarity(point));
    // Whoever left out all that there is gets what is rare.
    const chosen = weighted(points, weights, random) ?? weighted(points, points.map(rarity), random);
    if (chosen === undefined) return undefined;
    const { op: _, key: __, ...end } = chosen;
    const model = this.#models[random.below(this.#models.length)];
    const power = powerModels.find((one) => one === model);
    return power === undefined
      ? end
      : { ...end, mode: "before", power: { model: power, state: random.below(64) } };
  }

  /** The ends of a run that came. */
  met(hits: CountedBoundaries["hits"]): void {
    for (const { life, step, mode } of hits) {
      const key = keyOf(life, step, mode);
      this.#ends.set(key, (this.#ends.get(key) ?? 0) + 1);
    }
  }

  coverage(): BoundaryCoverage {
    const steps = new Map<
      string,
      { part: CoveredStep["part"]; step: string; ends: Record<string, number> }
    >();
    for (const [key, count] of this.#ends) {
      const [part, step, mode] = JSON.parse(key) as [CoveredStep["part"], string, string];
      const known = steps.get(`${part} ${step}`) ?? { part, step, ends: {} };
      known.ends[mode] = count;
      steps.set(`${part} ${step}`, known);
    }
    const counts = [...this.#ends.values()];
    return {
      known: counts.length,
      met: counts.filter((count) => count > 0).length,
      steps: [...steps.values()],
    };
  }
}

function pointsOf({ life, script, operations }: CountedBoundaries["lives"][number]): Point[] {
  return operations.flatMap(({ op, step, modes }, index) =>
    modes.map((mode) => ({
      script,
      life,
      operation: index + 1,
      mode: mode as Boundary["mode"],
      op,
      key: keyOf(life, step, mode),
    })),
  );
}

function keyOf(life: number, step: string, mode: string): string {
  return JSON.stringify([life === 1 ? "first life" : "later life", step, mode]);
}

function weighted<T>(items: readonly T[], weights: readonly number[], random: Random): T | undefined {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let left = (random.bits() / 0x1_0000_0000) * all;
  return items.find((_, index) => {
    left -= weights[index] ?? 0;
    return left < 0;
  });
}
