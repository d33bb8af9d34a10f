/**
 * Plans of a campaign whose server ends at an operation of its own: the plan is counted first, then played with an end
 * drawn from what was counted, now and then with a second one in the recovery from it.
 *
 * Two executions of a server need not have the same number of operations: what was drawn may not come. Such a run
 * proves nothing; it is counted among the executions, and another end is drawn.
 *
 * Always: what is told is the last run whose ends came, or the first that is no pass, with the very plan that was
 * played.
 */
import { BoundaryDraws } from "../boundary/draw.ts";
import type { FaultName } from "../fault/index.ts";
import type { DiskModel } from "../memory/power.ts";
import { Random } from "../memory/random.ts";
import { planSeed } from "../plan/generate.ts";
import type { Boundary, Plan } from "../plan/plan.ts";
import type { Outcome } from "./job.ts";
import type { Failure } from "./pool.ts";
import { addSpent, nothingSpent } from "./spent.ts";

/** Of the generated plans, where there are other faults as well, and where not: some must be free plans. */
const oneIn = { others: 8, alone: 2 };
/** Of the drawn ends, so many have a second one. */
const secondOneIn = 3;
/** So many ends are drawn before a run does without. */
const drawsMax = 4;

type Execute = (plan: Plan) => Promise<Outcome | Failure>;

export interface Played {
  readonly plan: Plan;
  /** With what all executions cost that led to it. */
  readonly outcome: Outcome | Failure;
}

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

  /** Executes a plan without an end, and with ends that are drawn from what it had. */
  async play(base: Plan, index: number, execute: Execute): Promise<Played> {
    const all: Outcome[] = [];
    const { plan, outcome } = await this.#play(
      base,
      new Random(planSeed(this.#seed, index)),
      async (plan) => {
        const played = await execute(plan);
        if (!("failed" in played)) all.push(played);
        return played;
      },
    );
    if ("failed" in outcome) return { plan, outcome };
    const executions = all.reduce((sum, played) => sum + played.executions, 0);
    const spent = all.reduce((sum, played) => addSpent(sum, played.spent), nothingSpent);
    return { plan, outcome: { ...outcome, executions, spent } };
  }

  async #play(base: Plan, random: Random, execute: Execute): Promise<Played> {
    const plan = counting(base, []);
    let told: Played = { plan, outcome: await execute(plan) };
    for (;;) {
      const { outcome } = told;
      if ("failed" in outcome || outcome.verdict !== "pass") return told;
      const { boundaries } = outcome;
      if (boundaries === undefined || !boundaries.lives.some(({ script }) => script !== "")) {
        this.whyNone =
          "The server's operations were not counted: it is no Node process, or its environment is not the one that it was given.";
        return told;
      }
      const ends = told.plan.boundaries?.ends ?? [];
      const last = ends.at(-1);
      if (ends.length > 1 || (last !== undefined && !random.oneIn(secondOneIn))) return told;
      const draw = () => this.draws.draw(boundaries, random, (last?.life ?? 0) + 1);
      const next = await this.#withOneMore(base, ends, draw, execute);
      if (next === undefined) return told;
      told = next;
    }
  }

  /** One more end behind those that came, drawn anew as long as one of them does not come; undefined if none does. */
  async #withOneMore(
    base: Plan,
    before: readonly Boundary[],
    draw: () => Boundary | undefined,
    execute: Execute,
  ): Promise<Played | undefined> {
    for (let draws = 0; draws < drawsMax; draws += 1) {
      const end = draw();
      if (end === undefined) return undefined;
      const plan = counting(base, [...before, end]);
      const outcome = await execute(plan);
      if ("failed" in outcome) return { plan, outcome };
      this.draws.met((outcome.boundaries?.hits ?? []).filter(({ life }) => life === end.life));
      if (outcome.verdict !== "invalid" || allCame(plan, outcome)) return { plan, outcome };
      this.neverCame += 1;
    }
    return undefined;
  }
}

function allCame({ boundaries: wanted }: Plan, { boundaries }: Outcome): boolean {
  return (wanted?.ends ?? []).every(
    ({ life, operation }) =>
      boundaries?.hits.some((hit) => hit.life === life && hit.operation === operation) === true,
  );
}

/** Only where one thing comes after the other is "operation 12" a point. */
function counting({ free: _, ...base }: Plan, ends: readonly Boundary[]): Plan {
  return { ...base, mode: "lockstep", boundaries: { by: "preload", ends: [...ends] } };
}
