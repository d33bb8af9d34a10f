/**
 * Plans of a campaign whose server ends at an operation of its own: the plan is counted first, then played with an end
 * drawn from what was counted, now and then with a second one in the recovery from it.
 *
 * Two executions of a server need not have the same number of operations: what was drawn may not come. Such a run
 * proves nothing; it is counted as what it is, and another end is drawn.
 *
 * Always: what is told is the last that was played, or the first that is no pass, with the very plan that was played;
 * where end after end does not come, the run stays invalid.
 */
import { BoundaryDraws } from "../boundary/draw.ts";
import type { FaultName } from "../fault/index.ts";
import type { DiskModel } from "../memory/power.ts";
import { Random } from "../memory/random.ts";
import { planSeed } from "../plan/generate.ts";
import type { Boundary, Plan } from "../plan/plan.ts";
import type { Outcome } from "./job.ts";
import type { Failure } from "./pool.ts";
import { addSpent } from "./spent.ts";

/** Of the generated plans, where there are other faults as well, and where not: some must be free plans. */
const oneIn = { others: 8, alone: 2 };
/** Of the drawn ends, so many have a second one. */
const secondOneIn = 3;
/** So many ends may be drawn in place of one that did not come. */
const redrawsMax = 3;

export class BoundaryPlans {
  readonly draws: BoundaryDraws;
  /** Why no server of this subject ends itself; undefined as long as one may. */
  whyNone: string | undefined;
  /** Executions whose drawn end did not come. */
  neverCame = 0;
  readonly #seed: number;
  readonly #every: number;

  constructor(seed: number, models: readonly DiskModel[], faults: readonly FaultName[]) {
    this.#seed = seed;
    this.#every = oneIn[faults.every((fault) => fault === "boundary") ? "alone" : "others"];
    this.draws = new BoundaryDraws(models);
  }

  /** Is this one of them? `directed`: how many plans come before the generated ones; the last of them always is. */
  isOne(index: number, directed: number): boolean {
    if (this.whyNone !== undefined || index < directed - 1) return false;
    return (index - directed + 1) % this.#every === 0;
  }

  /** A watcher outlives the server that ended itself, and starts no other one: plans that reload are left out. */
  canEnd({ rounds }: Plan): boolean {
    return rounds.every(({ fault }) => fault.kind !== "reload");
  }

  /** @param execute told each plan that is played, the last of which is the one of the outcome. */
  async play(
    base: Plan,
    index: number,
    execute: (plan: Plan) => Promise<Outcome | Failure>,
  ): Promise<Outcome | Failure> {
    const random = new Random(planSeed(this.#seed, index));
    let outcome = await execute(counting(base, []));
    let ends: readonly Boundary[] = [];
    for (;;) {
      if ("failed" in outcome || outcome.verdict !== "pass") return outcome;
      const { boundaries } = outcome;
      if (boundaries === undefined || !boundaries.lives.some(({ script }) => script !== "")) {
        this.whyNone =
          "The server's operations were not counted: it is no Node process, or its environment is not the one that it was given.";
        return outcome;
      }
      const last = ends.at(-1);
      if (last !== undefined && !random.oneIn(secondOneIn)) return outcome;
      if (ends.length > 1) return outcome;
      const draw = () => this.draws.draw(boundaries, random, (last?.life ?? 0) + 1);
      const next = await this.#playNext(base, ends, draw, execute);
      if (next === undefined) return outcome;
      ({ ends } = next);
      outcome = addUp(outcome, next.outcome);
    }
  }

  /** One more end behind those that came: drawn anew as long as one does not come; undefined where there is none. */
  async #playNext(
    base: Plan,
    before: readonly Boundary[],
    draw: () => Boundary | undefined,
    execute: (plan: Plan) => Promise<Outcome | Failure>,
  ): Promise<{ ends: readonly Boundary[]; outcome: Outcome | Failure } | undefined> {
    let missed: Outcome | undefined;
    for (let redraws = 0; ; redraws += 1) {
      const end = draw();
      if (end === undefined) return undefined;
      const ends = [...before, end];
      const played = await execute(counting(base, ends));
      const outcome = missed === undefined ? played : addUp(missed, played);
      if ("failed" in outcome) return { ends, outcome };
      this.draws.met((outcome.boundaries?.hits ?? []).filter(({ life }) => life === end.life));
      if (outcome.verdict !== "invalid" || allCame(ends, outcome)) return { ends, outcome };
      this.neverCame += 1;
      if (redraws === redrawsMax) return { ends, outcome };
      missed = outcome;
    }
  }
}

function allCame(ends: readonly Boundary[], { boundaries }: Outcome): boolean {
  const hits = boundaries?.hits ?? [];
  return ends.every(({ life, operation }) =>
    hits.some((hit) => hit.life === life && hit.operation === operation),
  );
}

/** The later of two outcomes, with what both of them cost. */
function addUp(earlier: Outcome, later: Outcome | Failure): Outcome | Failure {
  if ("failed" in later) return later;
  return {
    ...later,
    executions: earlier.executions + later.executions,
    spent: addSpent(earlier.spent, later.spent),
  };
}

/** Only where one thing comes after the other is "operation 12" a point. */
function counting({ free: _, ...base }: Plan, ends: readonly Boundary[]): Plan {
  return { ...base, mode: "lockstep", boundaries: { by: "preload", ends: [...ends] } };
}
