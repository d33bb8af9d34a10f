/**
 * Exhaustive crashes: at every port call of a run, every distinct legal state that the world could be left in; with
 * pairs, in every recovery the same again. Or, at every call that can fail, every way in which it can.
 *
 * Always: the calls are counted until a run completes with no crash: that run, whose last call is the last place, is
 * the proof that no place was left out. A place is left out only when an earlier one leaves the same content on
 * the disk, the same processes, and has shown the same to the same people; or where more states are legal than
 * `statesMax`, which is said. With "all" no legal state of a power cut is left out: see exhaustive.ts. How many processes
 * share the work changes nothing of what is run, but there which of two equal runs is made.
 */
import type { Plan } from "../plan/plan.ts";
import { type Crash, statesMaxDefault } from "./crash.ts";
import { diskFaults } from "./disk-faults.ts";
import { enumerateAllStates } from "./enumeration/all-states.ts";
import type { Coverage } from "./enumeration/exhaustive.ts";
import type { EnumerationJob, JobOutcome } from "./enumeration/job.ts";
import type { Place } from "./enumeration/place.ts";
import { type EnumerationPool, ownPool } from "./enumeration/pool.ts";
import { type KnownOutcome, Progress } from "./enumeration/progress.ts";
import { spread } from "./enumeration/spread.ts";
import { type Failure, type StepRow, Table, type Task } from "./enumeration/table.ts";
import { hashOfText } from "./hash.ts";
import type { DiskModel } from "./power.ts";

export interface EnumerateOptions {
  /** "faults": calls that fail, instead of a world that ends. */
  readonly model: DiskModel | "faults";
  readonly pairs: boolean;
  readonly seed?: number;
  /** Ends the enumeration early; what was not run is said. */
  readonly runsMax?: number;
  /** Of one call at most so many states; "all": every one, where runs stand for all that cannot be told apart. */
  readonly statesMax?: number | "all";
  /** Who performs the runs; by default this process, one after the other. */
  readonly pool?: EnumerationPool;
  /** A file that is added to, and from which an earlier enumeration goes on. */
  readonly progress?: string;
  readonly onRun?: (runs: number, waiting: number) => void;
}

export interface Enumeration {
  readonly rows: readonly StepRow[];
  /** Port calls of the run without a crash: the last place is behind the last of them. */
  readonly calls: number;
  readonly states: number;
  /** Second crashes: distinct (first crash, call, state). */
  readonly pairs: number;
  readonly runs: number;
  /** Runs that the progress file already had. */
  readonly known: number;
  /** Calls at which more states are legal than were taken. */
  readonly sampled: number;
  /** Of power cuts: legal states at all calls, and how many of them the runs stand for; where that was counted. */
  readonly coverage?: Coverage;
  /** The same of second power cuts, each in the recovery of one of the runs. */
  readonly coverageOfPairs?: Coverage;
  /** Crashes that were found but not run, because of `runsMax`. */
  readonly left: number;
  readonly failures: readonly Failure[];
  readonly cpuMs: number;
  /** Distinct (state, place) pairs found by CPU second: flat when there is nothing new. */
  readonly curve: readonly number[];
}

/** Runs every crash of a plan under one model. */
export async function enumerate(plan: Plan, options: EnumerateOptions): Promise<Enumeration> {
  const { model, seed = 1, statesMax } = options;
  const pool = options.pool ?? ownPool(plan, seed);
  if (statesMax === "all" && model !== "kill" && model !== "faults")
    return enumerateAllStates(plan, { ...options, model, seed }, pool);
  return new Enumerator(options, pool).run();
}

class Enumerator {
  readonly #options: EnumerateOptions;
  readonly #pool: EnumerationPool;
  readonly #table = new Table();
  readonly #known = new Set<number>();
  readonly #curve: number[] = [];
  #progress: Progress | undefined;
  #sampled = 0;
  #runs = 0;
  #knownRuns = 0;
  #cpuMs = 0;

  constructor(options: EnumerateOptions, pool: EnumerationPool) {
    this.#options = options;
    this.#pool = pool;
  }

  async run(): Promise<Enumeration> {
    const { model, runsMax = Number.POSITIVE_INFINITY, pairs } = this.#options;
    const clean = await this.#pool.perform({ crashes: [], looksFor: this.#looksFor() });
    this.#runs += 1;
    const first = this.#tasksOf(clean, [], []);
    this.#openProgress(clean, first);
    // Behind the last call: the state that a run leaves when nothing more happens.
    this.#table.note({ job: { crashes: [] }, steps: [], model: model === "faults" ? "EIO" : model }, clean);
    const second: Task[] = [];
    let left = await this.#runAll(first, runsMax - 1, pairs, (task, outcome) =>
      second.push(...this.#tasksOf(outcome, task.job.crashes, task.steps)),
    );
    left += await this.#runAll(second, runsMax - this.#runs, false, () => undefined);
    return {
      rows: this.#table.rows,
      calls: clean.calls,
      states: this.#known.size,
      pairs: second.length,
      runs: this.#runs,
      known: this.#knownRuns,
      sampled: this.#sampled,
      left,
      failures: this.#table.failures,
      cpuMs: this.#cpuMs,
      curve: this.#curve,
    };
  }

  /** Runs the tasks, as many at once as the pool can, and takes what came of them in their order. */
  async #runAll(
    tasks: readonly Task[],
    most: number,
    deeper: boolean,
    take: (task: Task, outcome: JobOutcome) => void,
  ): Promise<number> {
    // Where not all can be run, those that are run are spread over the whole run.
    const order = spread(tasks, most).slice(0, Math.max(0, most));
    const outcomes = new Map<number, JobOutcome | KnownOutcome>();
    let [next, taken] = [0, 0];
    const lane = async () => {
      for (let at = next++; at < order.length; at = next++) {
        const task = order[at];
        if (task === undefined) break;
        outcomes.set(at, await this.#outcomeOf(task, deeper));
        for (let done = outcomes.get(taken); done !== undefined; done = outcomes.get(taken)) {
          outcomes.delete(taken);
          const of = order[taken];
          taken += 1;
          if (of === undefined) continue;
          this.#table.note(of, done);
          if (deeper && "places" in done) take(of, done);
          this.#options.onRun?.(this.#runs, order.length - taken);
        }
      }
    };
    await Promise.all(Array.from({ length: this.#pool.size }, lane));
    return tasks.length - order.length;
  }

  async #outcomeOf({ job }: Task, deeper: boolean): Promise<JobOutcome | KnownOutcome> {
    const key = JSON.stringify([job.crashes, job.fault]);
    const known = deeper ? undefined : this.#progress?.of(key);
    if (known !== undefined) {
      this.#knownRuns += 1;
      return known;
    }
    const outcome = await this.#pool.perform(deeper ? { ...job, looksFor: this.#looksFor() } : job);
    this.#runs += 1;
    this.#cpuMs += outcome.cpuMs;
    this.#curve[Math.floor(this.#cpuMs / 1_000)] = this.#known.size;
    this.#progress?.add(key, outcome);
    return outcome;
  }

  #looksFor(): NonNullable<EnumerationJob["looksFor"]> {
    const { model, statesMax = "all" } = this.#options;
    return { model, statesMax: statesMax === "all" ? statesMaxDefault : statesMax };
  }

  /** What is new among the places that a run came by. */
  #tasksOf(outcome: JobOutcome, crashes: readonly Crash[], steps: readonly string[]): Task[] {
    const { model } = this.#options;
    this.#sampled += outcome.sampled;
    for (const [step, calls] of Object.entries(outcome.steps))
      for (const each of model === "faults" ? diskFaults : [model])
        this.#table.row(step, each).calls += calls;
    const failing = outcome.faults.map(
      ({ call, fault, step }): Task => ({
        job: { crashes: [], fault: { call, fault } },
        steps: [step],
        model: fault,
      }),
    );
    if (model === "faults") return failing;
    return outcome.places
      .filter((place) => this.#isNew(place, crashes.length))
      .map(({ crash, step }) => ({ job: { crashes: [...crashes, crash] }, steps: [...steps, step], model }));
  }

  #isNew({ key }: Place, depth: number): boolean {
    const own = hashOfText(`${key} ${depth}`);
    if (this.#known.has(own)) return false;
    this.#known.add(own);
    return true;
  }

  #openProgress(clean: JobOutcome, tasks: readonly Task[]): void {
    const { progress, model, statesMax } = this.#options;
    if (progress === undefined) return;
    const jobs = JSON.stringify(tasks.map(({ job }) => job));
    this.#progress = new Progress(progress, `${model} ${statesMax} ${clean.calls} ${hashOfText(jobs)}`);
  }
}
