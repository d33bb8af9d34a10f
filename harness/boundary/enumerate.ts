/**
 * Every boundary of a scenario on real processes: operation 1, 2, … of each life of the server, in every mode that
 * leaves something of its own behind, until a run completes in which no operation of that number came.
 *
 * Always: that last run is the proof that no operation was left out, where it could tell: one that the machine failed, or
 * that broke a promise, is a point itself and proves nothing. Each point is a plan like any other, executed and
 * judged by the workers of campaigns; a point at which the server did not end is *invalid*, never a pass.
 * Recovery is ended, too: at a sample of its operations, or at all of them on request. Where a disk is to fail, each
 * operation fails in each way that it can, once and for good; a small disk has 0, 1, 2, … pages free until one is not
 * filled.
 */
import path from "node:path";
import type { Job, Outcome } from "../campaign/job.ts";
import type { Failure } from "../campaign/pool.ts";
import type { CountedBoundaries } from "../history.ts";
import type { Boundary, Plan } from "../plan/plan.ts";
import { befalls, type FailureCode } from "./operation.ts";
import { hitOf, nameOf, type Point, verdictOf } from "./point.ts";
import type { Counter } from "./tools.ts";

/** Room on a small disk is taken in pages. */
const pageBytes = 4096;

/** A model of what a power cut may leave; `device`: what it left on a real one. */
export type RealPowerModel = NonNullable<Boundary["power"]>["model"];

export interface EnumerateOptions {
  readonly plan: Plan;
  /** `reference`, `naive`, or the path of a subject file. */
  readonly subject: string;
  /** Who counts. */
  readonly by: Counter;
  readonly modes: readonly Boundary["mode"][];
  /** Power cuts before each operation, too: under these models, this many legal states of each. */
  readonly power: { readonly models: readonly RealPowerModel[]; readonly states: number };
  /** Operations that fail instead, each with each of these codes that can befall it; the shim alone can. */
  readonly fails?: readonly FailureCode[];
  /** A small disk under the subject, too. */
  readonly smallDisk?: boolean;
  /** Ends of the recovery, one after each first end: none, one each (spread over the recovery), all. */
  readonly recovery: "none" | "sampled" | "all";
  /** How often each point is executed, to count the distinct states that it has. */
  readonly times: number;
  /** Stop after so many points; spread over the whole run. */
  readonly pointsMax?: number;
  /** Artifacts of points that are not green. */
  readonly outDir: string;
  /** Points that are executed at a time. */
  readonly sideBySide: number;
  readonly run: (job: Job) => Promise<Outcome | Failure>;
  readonly onProgress?: (done: number, known: number, defects: number) => void;
  readonly signal?: AbortSignal;
}

export interface Enumeration {
  readonly points: readonly Point[];
  /** Operations of each life in the run that was not ended. */
  readonly lives: CountedBoundaries["lives"];
  /** Lives that a run completed with no operation of the next number. */
  readonly complete: readonly number[];
  /** Points that were known and not executed, because of `pointsMax` or an interrupt. */
  readonly left: number;
  readonly runs: number;
  readonly durationMs: number;
}

/** @throws Error when in the run without an end nothing was counted. One that is not green is a point as well. */
export async function enumerateReal(options: EnumerateOptions): Promise<Enumeration> {
  return new Enumerator(options).run();
}

interface Waiting {
  readonly boundaries: readonly Boundary[];
  readonly freeBytes?: number;
  readonly step: string;
  /** Number `n + 1` of a life: expected not to come. */
  readonly isProof?: boolean;
}

class Enumerator {
  readonly #options: EnumerateOptions;
  readonly #points: Point[] = [];
  readonly #complete = new Set<number>();
  readonly #started = performance.now();
  #runs = 0;
  #known = 0;

  constructor(options: EnumerateOptions) {
    this.#options = options;
  }

  async run(): Promise<Enumeration> {
    const lives = await this.#countedLives();
    const first = lives.flatMap((life) => this.#endsOf(life));
    const traced = lives.filter(({ script }) => script !== "");
    const proofs = traced.map(({ life, script, operations }) => proof(script, life, operations.length + 1));
    const left = await this.#all([...this.#chosen(first), ...proofs]);
    if (this.#options.smallDisk === true) await this.#smallDisks();
    const { pointsMax = Number.POSITIVE_INFINITY, recovery } = this.#options;
    const skipped = Math.max(0, first.length - pointsMax);
    const seconds = recovery === "none" ? [] : this.#seconds;
    return {
      points: this.#points,
      lives,
      complete: [...this.#complete].sort(),
      left: left + skipped + (await this.#all(seconds)),
      runs: this.#runs,
      durationMs: performance.now() - this.#started,
    };
  }

  /** Ends in recoveries, found while the first ends were executed. */
  readonly #seconds: Waiting[] = [];

  async #countedLives(): Promise<CountedBoundaries["lives"]> {
    const outcome = await this.#execute([], "count");
    if ("failed" in outcome) throw new Error(`The run without an end failed: ${outcome.failed}`);
    const { boundaries } = outcome;
    const script = boundaries?.lives[0]?.script;
    if (boundaries === undefined || script === undefined || script === "")
      throw new Error(
        "The server's operations were not counted: it is no Node process, or its environment is not the one that it was given.",
      );
    if (outcome.verdict !== "pass") this.#add({ boundaries: [], step: "nothing ends it" }, [outcome], []);
    return boundaries.lives;
  }

  #endsOf({ life, script, operations }: CountedBoundaries["lives"][number]): Waiting[] {
    const { modes, power } = this.#options;
    return operations.flatMap(({ op, step, modes: possible }, index) => {
      const at = { script, life, operation: index + 1 };
      const kills = modes.filter((mode) => possible.includes(mode)).map((mode) => ({ ...at, mode }));
      const cuts = power.models.flatMap((model) =>
        // State 0 leaves as little as may be; the others are spread over what is legal.
        Array.from({ length: model === "device" ? 1 : power.states }, (_, n) => ({
          ...at,
          mode: "before" as const,
          power: { model, state: n * 13 },
        })),
      );
      const codes = (this.#options.fails ?? []).filter((code) => befalls[code].some((one) => one === op));
      const failures = codes.flatMap((code) =>
        [false, true].map((stays) => ({ ...at, mode: "fail" as const, fails: { code, stays } })),
      );
      return [...kills, ...cuts, ...failures].map((end) => ({ boundaries: [end], step }));
    });
  }

  #chosen(ends: readonly Waiting[]): readonly Waiting[] {
    const { pointsMax } = this.#options;
    if (pointsMax === undefined || ends.length <= pointsMax) return ends;
    return Array.from(
      { length: pointsMax },
      (_, n) => ends[Math.floor((n * ends.length) / pointsMax)],
    ).flatMap((end) => end ?? []);
  }

  /** Executes them side by side; returns how many an interrupt left. */
  async #all(points: readonly Waiting[]): Promise<number> {
    this.#known += points.length;
    const waiting = [...points.entries()];
    const takeOn = async (): Promise<void> => {
      while (this.#options.signal?.aborted !== true) {
        const next = waiting.shift();
        if (next === undefined) return;
        await this.#one(next[1], next[0]);
      }
    };
    await Promise.all(Array.from({ length: this.#options.sideBySide }, takeOn));
    return waiting.length;
  }

  /** One page more each time, as many side by side as else, until one is not filled. */
  async #smallDisks(): Promise<void> {
    for (let page = 0; !this.#wasRoomy && this.#options.signal?.aborted !== true; ) {
      const next = Array.from({ length: this.#options.sideBySide }, () => page++ * pageBytes);
      await this.#all(next.map((freeBytes) => ({ boundaries: [], freeBytes, step: "on a small disk" })));
    }
  }

  #wasRoomy = false;

  async #one(waiting: Waiting, index: number): Promise<void> {
    const { boundaries, step, isProof, freeBytes } = waiting;
    const outcomes: (Outcome | Failure)[] = [];
    for (let time = 0; time < this.#options.times; time += 1)
      outcomes.push(await this.#execute(boundaries, nameOf(waiting), freeBytes));
    const told = outcomes.flatMap((outcome) => ("failed" in outcome ? [] : [outcome]));
    const [last] = boundaries.slice(-1);
    // A run that nothing befell is invalid; with any other verdict it has something to tell.
    const isSilent = told.some(({ verdict }) => verdict === "invalid");
    if (freeBytes !== undefined) {
      const isRoomy = told.some((outcome) => outcome.boundaries?.wasFilled === false);
      // Where no run came about there is no larger disk that would help.
      this.#wasRoomy ||= isRoomy || told.length === 0;
      if (isRoomy && isSilent) {
        this.#known -= 1;
        return;
      }
    }
    if (isProof === true && last !== undefined) {
      const missed = told.filter(({ boundaries: counted }) => hitOf(counted, last) === undefined);
      if (missed.some(({ verdict }) => verdict === "invalid")) {
        this.#complete.add(last.life);
        this.#told();
        return;
      }
      // One more operation came than in the run that was counted: on to the next number.
      if (missed.length < told.length) await this.#all([proof(last.script, last.life, last.operation + 1)]);
    }
    const hits = told.flatMap(({ boundaries: counted }) => (last && hitOf(counted, last)) ?? []);
    this.#add({ ...waiting, step: hits[0]?.step ?? step }, outcomes, [
      ...new Set(hits.map(({ state }) => state)),
    ]);
    if (boundaries.length === 1 && last !== undefined) this.#addSeconds(last, told[0], index);
    this.#told();
  }

  #add(
    { boundaries, freeBytes, step }: Waiting,
    outcomes: readonly (Outcome | Failure)[],
    states: readonly string[],
  ): void {
    const told = outcomes.flatMap((outcome) => ("failed" in outcome ? [] : [outcome]));
    this.#points.push({
      boundaries,
      ...(freeBytes === undefined ? {} : { freeBytes }),
      step,
      outcomes: outcomes.map(verdictOf),
      states,
      stories: told.flatMap(({ why, defects }) => [
        ...(why === undefined ? [] : [why]),
        ...defects.map(({ story }) => story),
      ]),
      ...(told[0]?.artifact === undefined ? {} : { artifact: told[0].artifact }),
    });
  }

  #addSeconds(first: Boundary, outcome: Outcome | undefined, index: number): void {
    const next = outcome?.boundaries?.lives.find(({ life }) => life === first.life + 1);
    if (outcome?.verdict !== "pass" || next === undefined) return;
    const { recovery } = this.#options;
    if (first.power !== undefined || first.fails !== undefined) return;
    const ends = this.#endsOf(next).map((end) => ({ ...end, boundaries: [first, ...end.boundaries] }));
    if (recovery === "all") this.#seconds.push(...ends);
    // Neighbouring first ends have nearly the same recovery: a step that is prime to most lengths spreads over it.
    const one = ends[(index * 17) % Math.max(1, ends.length)];
    if (recovery === "sampled" && one !== undefined && index % 6 === 0) this.#seconds.push(one);
  }

  async #execute(
    boundaries: readonly Boundary[],
    name: string,
    freeBytes?: number,
  ): Promise<Outcome | Failure> {
    const { plan, subject, by, outDir, run } = this.#options;
    this.#runs += 1;
    return run({
      id: this.#runs,
      subject,
      plan: {
        ...plan,
        boundaries: { by, ends: [...boundaries], ...(freeBytes === undefined ? {} : { freeBytes }) },
      },
      times: "once",
      artifactDir: path.join(outDir, name),
      origin: `boundary ${name}`,
    });
  }

  #told(): void {
    const red = this.#points.filter(({ outcomes }) => outcomes.some((one) => one.includes("/")));
    this.#options.onProgress?.(this.#points.length + this.#complete.size, this.#known, red.length);
  }
}

function proof(script: string, life: number, operation: number): Waiting {
  return {
    boundaries: [{ script, life, operation, mode: "before" }],
    step: "behind the last",
    isProof: true,
  };
}
