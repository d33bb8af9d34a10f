/**
 * Exhaustive crashes: at every port call of a run, every distinct legal state that the world could be left in; with
 * pairs, in every recovery the same again.
 *
 * Always: the calls are counted until a run completes with no crash: that run, whose last call is the last place, is
 * the proof that no place was left out. A place is left out only when an earlier one leaves the same content on
 * the disk, the same processes, and has shown the same to the same people.
 */
import { type Assessment, assess } from "../campaign/assess.ts";
import type { Plan } from "../plan/plan.ts";
import type { PortCall } from "./calls.ts";
import { type Crash, type CrashedRun, executeWithCrashes, statesMaxDefault } from "./crash.ts";
import { FileNode } from "./disk.ts";
import type { MemoryRun } from "./execute.ts";
import { hashOfBytes, hashOfText } from "./hash.ts";
import { type DiskModel, statesAfterPowerCut } from "./power.ts";
import { Random } from "./random.ts";
import { stepOf } from "./steps.ts";

export interface EnumerateOptions {
  readonly model: DiskModel;
  readonly pairs: boolean;
  readonly seed?: number;
  /** Ends the enumeration early; what was not run is said. */
  readonly runsMax?: number;
  readonly onRun?: (runs: number, waiting: number) => void;
}

/** One row of the table: what happened when the world ended at this step of the protocol. */
export interface StepRow {
  readonly step: string;
  readonly model: DiskModel;
  /** Calls of this step at which the world could end. */
  calls: number;
  /** Distinct states that were left, each run to its end. */
  runs: number;
  /** Verdict or defect signature → number of runs. */
  readonly outcomes: Map<string, number>;
}

/** A run that was not green, with what it takes to run it again. */
export interface Failure {
  readonly crashes: readonly Crash[];
  readonly steps: readonly string[];
  readonly verdict: string;
  readonly stories: readonly string[];
}

export interface Enumeration {
  readonly rows: readonly StepRow[];
  /** Port calls of the run without a crash: the last place is behind the last of them. */
  readonly calls: number;
  readonly states: number;
  /** Second crashes: distinct (first crash, call, state). */
  readonly pairs: number;
  readonly runs: number;
  /** Places at which more states are legal than were taken. */
  readonly sampled: number;
  /** Crashes that were found but not run, because of `runsMax`. */
  readonly left: number;
  readonly failures: readonly Failure[];
  readonly cpuMs: number;
  /** Distinct (state, place) pairs found by CPU second: flat when there is nothing new. */
  readonly curve: readonly number[];
}

interface Place {
  readonly crash: Crash;
  readonly step: string;
}

/** Runs every crash of a plan under one model. */
export async function enumerate(plan: Plan, options: EnumerateOptions): Promise<Enumeration> {
  const work = new Enumerator(plan, options);
  return work.run();
}

class Enumerator {
  readonly #plan: Plan;
  readonly #options: EnumerateOptions;
  readonly #seed: number;
  readonly #rows = new Map<string, StepRow>();
  readonly #known = new Set<number>();
  readonly #failures: Failure[] = [];
  readonly #curve: number[] = [];
  readonly #started = process.cpuUsage();
  #sampled = 0;
  #runs = 0;

  constructor(plan: Plan, options: EnumerateOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#seed = options.seed ?? 1;
  }

  async run(): Promise<Enumeration> {
    const first: Place[] = [];
    const clean = await this.#execute([], (call, made) => first.push(...this.#placesAt(call, made, [])));
    // Behind the last call: the state that a run leaves when nothing more happens.
    this.#judge([], [], clean);
    let [pairs, left] = [0, 0];
    const { runsMax = Number.POSITIVE_INFINITY } = this.#options;
    // Where not all can be run, those that are run are spread over the whole run.
    const order = spread(first, runsMax);
    const waiting: (readonly Place[])[] = order.map((place) => [place]);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (this.#runs >= runsMax) {
        left = waiting.length + 1;
        break;
      }
      const places = next;
      const crashes = places.map(({ crash }) => crash);
      const deeper = this.#options.pairs && places.length === 1;
      const found: Place[] = [];
      const ran = await this.#execute(crashes, (call, made, hits) => {
        if (deeper && hits === 1) found.push(...this.#placesAt(call, made, crashes));
      });
      pairs += places.length === 2 ? 1 : 0;
      waiting.push(...found.map((place) => [...places, place]));
      this.#judge(
        crashes,
        places.map(({ step }) => step),
        ran,
      );
      this.#options.onRun?.(this.#runs, waiting.length);
    }
    return {
      rows: [...this.#rows.values()],
      calls: clean.calls,
      states: this.#known.size,
      pairs,
      runs: this.#runs,
      sampled: this.#sampled,
      left,
      failures: this.#failures,
      cpuMs: this.#cpuMs(),
      curve: this.#curve,
    };
  }

  async #execute(
    crashes: readonly Crash[],
    watch: (call: PortCall, made: MemoryRun, hits: number) => void,
  ): Promise<CrashedRun> {
    this.#runs += 1;
    const ran = await executeWithCrashes(this.#plan, this.#seed, crashes, { watch });
    this.#curve[Math.floor(this.#cpuMs() / 1_000)] = this.#known.size;
    return ran;
  }

  /** The crashes that are new if the world ended before this call. */
  #placesAt(call: PortCall, made: MemoryRun, before: readonly Crash[]): Place[] {
    const { model } = this.#options;
    const step = stepOf(call);
    const row = this.#row(step);
    row.calls += 1;
    const seen = seenSoFar(made, model);
    const places: Place[] = [];
    const add = (hash: number, crash: Crash) => {
      const key = hashOfText(`${hash} ${seen} ${before.length}`);
      if (this.#known.has(key)) return;
      this.#known.add(key);
      places.push({ crash, step });
    };
    const at = { call: call.number, model };
    if (model === "kill") {
      add(hashOfDisk(made), { ...at, when: "before" });
      if (call.op === "append") places.push({ crash: { ...at, when: "torn" }, step });
      return places;
    }
    const { disk } = made.computer;
    const legal = statesAfterPowerCut(disk, model, new Random(call.number), statesMaxDefault);
    if (!legal.complete) this.#sampled += 1;
    for (const { hash } of legal.states) add(hash, { ...at, when: "before", state: hash });
    return places;
  }

  #judge(crashes: readonly Crash[], steps: readonly string[], { record, hits }: CrashedRun): void {
    const assessment = assess(record);
    const missed = hits < crashes.length;
    const verdict = missed ? "crash did not come" : verdictOf(assessment);
    const row = this.#row(steps.at(-1) ?? "no crash");
    row.runs += 1;
    row.outcomes.set(verdict, (row.outcomes.get(verdict) ?? 0) + 1);
    if (verdict === "pass") return;
    const stories = [assessment.why ?? "", ...assessment.defects.map(({ story }) => story)];
    this.#failures.push({ crashes, steps, verdict, stories: stories.filter((story) => story !== "") });
  }

  #row(step: string): StepRow {
    let row = this.#rows.get(step);
    if (row === undefined) {
      row = { step, model: this.#options.model, calls: 0, runs: 0, outcomes: new Map() };
      this.#rows.set(step, row);
    }
    return row;
  }

  #cpuMs(): number {
    const { user, system } = process.cpuUsage(this.#started);
    return (user + system) / 1_000;
  }
}

function verdictOf({ verdict, defects }: Assessment): string {
  return verdict === "defect" ? defects.map(({ signature }) => signature).join(" + ") : verdict;
}

/** What people were told and agents did until now: the same disk with another past is another place. */
function seenSoFar({ run, computer }: MemoryRun, model: DiskModel): string {
  let told = 0;
  for (const { kind } of run.recorder.entries) {
    if (kind === "shown" || kind === "submitted" || kind === "submit" || kind === "resumed") told += 1;
  }
  let done = 0;
  for (const entries of computer.ledgers.values()) {
    for (const { kind } of entries) if (kind !== "gate" || model === "kill") done += 1;
  }
  const held = model === "kill" ? run.agents.alive().length : 0;
  return `${told} ${done} ${held}`;
}

function hashOfDisk({ computer }: MemoryRun): number {
  const parts: string[] = [];
  for (const [path, node] of computer.disk.paths()) {
    parts.push(node instanceof FileNode ? `${path} ${hashOfBytes(node.content)}` : path);
  }
  return hashOfText(parts.sort().join("\n"));
}

/** Every n-th first, then what is between. */
function spread<T>(all: readonly T[], most: number): T[] {
  const stride = Math.max(1, Math.ceil(all.length / most));
  return Array.from({ length: stride }, (_, from) => all.filter((__, at) => at % stride === from)).flat();
}
