/**
 * The enumeration of every legal state of one power-cut model, as runs of a pool and a table of what came of them; with
 * pairs, in the recovery of each of these runs the same again.
 *
 * Always: what was run is kept as it comes in the progress file, with what was seen in it, so that a later enumeration
 * goes on from there without running it again. A second power cut is also about what the first one left open: of that,
 * too, every state is covered, for the calls at which the runs were made.
 */
import type { Plan } from "../../plan/plan.ts";
import type { Crash } from "../crash.ts";
import type { EnumerateOptions, Enumeration } from "../enumerate.ts";
import { hashOfText } from "../hash.ts";
import { narrowed } from "../leavings.ts";
import type { PowerModel } from "../power.ts";
import { TwiceLeft } from "../twice-left.ts";
import { type Coverage, Exhaustive } from "./exhaustive.ts";
import { type First, type Moment, momentsOf } from "./moments.ts";
import type { EnumerationPool } from "./pool.ts";
import { type KnownOutcome, Progress } from "./progress.ts";
import { spread } from "./spread.ts";
import { Table } from "./table.ts";

type Options = Pick<EnumerateOptions, "runsMax" | "progress" | "onRun" | "pairs"> & {
  readonly model: PowerModel;
  readonly seed: number;
};

/** Runs every state that recoveries can tell apart, at every call of a run. */
export function enumerateAllStates(
  plan: Plan,
  options: Options,
  pool: EnumerationPool,
): Promise<Enumeration> {
  return new AllStates(plan, options, pool).run();
}

class AllStates {
  readonly #plan: Plan;
  readonly #options: Options;
  readonly #pool: EnumerationPool;
  readonly #table = new Table();
  readonly #curve: number[] = [];
  readonly #firsts: First[] = [];
  #progress: Progress | undefined;
  #runs = 0;
  #known = 0;
  #pairs = 0;
  #cpuMs = 0;

  constructor(plan: Plan, options: Options, pool: EnumerationPool) {
    this.#plan = plan;
    this.#options = options;
    this.#pool = pool;
  }

  async run(): Promise<Enumeration> {
    const { model, seed, progress, pairs } = this.#options;
    const clean = await this.#pool.perform({ crashes: [] });
    this.#runs += 1;
    this.#cpuMs += clean.cpuMs;
    this.#table.note({ job: { crashes: [] }, steps: [], model }, clean);
    const moments = await momentsOf(this.#plan, seed, model);
    for (const { step } of moments) this.#table.row(step, model).calls += 1;
    const trace = `${model} all ${moments.length} ${hashOfText(moments.map(({ key }) => key).join(" "))}`;
    if (progress !== undefined) this.#progress = new Progress(progress, trace);
    const coverage = await this.#singles(moments);
    const ofPairs = pairs ? await this.#ofPairs() : undefined;
    return {
      rows: this.#table.rows,
      calls: moments.length,
      states: this.#runs + this.#known - this.#pairs - 1,
      pairs: this.#pairs,
      runs: this.#runs,
      known: this.#known,
      sampled: moments.filter(({ complete }) => !complete).length,
      coverage,
      ...(ofPairs === undefined ? {} : { coverageOfPairs: ofPairs }),
      left: 0,
      failures: this.#table.failures,
      cpuMs: this.#cpuMs,
      curve: this.#curve,
    };
  }

  async #singles(moments: readonly Moment[]): Promise<Coverage> {
    const { runsMax = Number.POSITIVE_INFINITY } = this.#options;
    const budget = new Budget<Moment>(runsMax - 1, new Set(moments.map(({ key }) => key)).size);
    const exhaustive = new Exhaustive(async (moment, picks) => {
      const crash = this.#crash(moment, picks);
      const before = this.#progress?.of(JSON.stringify([crash]));
      if (before !== undefined) return before;
      if (!budget.take(moment)) return undefined;
      const outcome = await this.#perform([crash], [moment.step], exhaustive.waiting);
      this.#firsts.push({ moment, crash, open: narrowed(moment.states, outcome.looks) });
      return outcome;
    });
    for (const [key, outcome] of this.#progress?.all() ?? []) {
      const crashes: readonly Crash[] = JSON.parse(key);
      const [crash] = crashes;
      const moment = moments[(crash?.call ?? 0) - 1];
      if (crash === undefined || moment === undefined || crashes.length > 1) continue;
      this.#known += 1;
      this.#table.note({ job: { crashes }, steps: [moment.step], model: crash.model }, outcome);
      this.#firsts.push({ moment, crash, open: narrowed(moment.states, outcome.looks) });
      exhaustive.learn(outcome);
    }
    // Where not all is run, what is run is spread over the whole run.
    return exhaustive.through(spread(moments, runsMax), this.#pool.size + 1);
  }

  /** In the recovery of each run so far, at every call, every state. */
  async #ofPairs(): Promise<Coverage> {
    const { runsMax = Number.POSITIVE_INFINITY } = this.#options;
    const firsts = spread(this.#firsts, runsMax);
    const budget = new Budget<First>(runsMax, firsts.length);
    const sum = { legal: 0n, covered: 0n, apart: 0, untold: 0 };
    let next = 0;
    const lane = async () => {
      for (let first = firsts[next++]; first !== undefined; first = firsts[next++]) {
        const { legal, covered, apart, untold } = await this.#after(first, budget, firsts.length - next);
        sum.legal += legal;
        sum.covered += covered;
        sum.apart += apart;
        sum.untold += untold;
      }
    };
    await Promise.all(Array.from({ length: this.#pool.size + 1 }, lane));
    return sum;
  }

  async #after(first: First, budget: Budget<First>, waiting: number): Promise<Coverage> {
    const { model, seed } = this.#options;
    const moments = await momentsOf(this.#plan, seed, model, first);
    const exhaustive = new Exhaustive(async (moment, picks) => {
      if (!(moment.states instanceof TwiceLeft)) throw new Error("a second moment is not about the first");
      const [firstPicks, secondPicks] = moment.states.picksOf(picks);
      const crashes = [{ ...first.crash, picks: firstPicks }, this.#crash(moment, secondPicks)];
      const steps = [first.moment.step, moment.step];
      const before = this.#progress?.of(JSON.stringify(crashes));
      if (before === undefined && !budget.take(first)) return undefined;
      this.#pairs += 1;
      if (before === undefined) return this.#perform(crashes, steps, waiting);
      this.#known += 1;
      this.#table.note({ job: { crashes }, steps, model }, before);
      return before;
    });
    return exhaustive.through(moments, 1);
  }

  #crash({ call }: Moment, picks: readonly number[]): Crash {
    return { call, when: "before", model: this.#options.model, picks };
  }

  async #perform(
    crashes: readonly Crash[],
    steps: readonly string[],
    waiting: number,
  ): Promise<KnownOutcome> {
    this.#runs += 1;
    const outcome = await this.#pool.perform({ crashes });
    this.#cpuMs += outcome.cpuMs;
    this.#progress?.add(JSON.stringify(crashes), outcome);
    this.#table.note({ job: { crashes }, steps, model: this.#options.model }, outcome);
    this.#curve[Math.floor(this.#cpuMs / 1_000)] = this.#runs + this.#known - 1;
    this.#options.onRun?.(this.#runs, waiting);
    return outcome;
  }
}

/** So many runs, and of each thing no more than its share. */
class Budget<Thing extends object> {
  #left: number;
  readonly #share: number;
  readonly #taken = new Map<Thing, number>();

  constructor(most: number, things: number) {
    this.#left = most;
    this.#share = Math.ceil(most / Math.max(1, things));
  }

  /** False when there is none left for it. */
  take(thing: Thing): boolean {
    const taken = this.#taken.get(thing) ?? 0;
    if (this.#left <= 0 || taken >= this.#share) return false;
    this.#left -= 1;
    this.#taken.set(thing, taken + 1);
    return true;
  }
}
