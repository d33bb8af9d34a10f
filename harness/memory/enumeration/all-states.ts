/**
 * The enumeration of every legal state of one power-cut model, as runs of a pool and a table of what came of them.
 *
 * Always: what was run is kept as it comes in the progress file, with what was seen in it, so that a later enumeration
 * goes on from there without running it again.
 */
import type { Plan } from "../../plan/plan.ts";
import type { Crash } from "../crash.ts";
import type { EnumerateOptions, Enumeration } from "../enumerate.ts";
import { hashOfText } from "../hash.ts";
import type { PowerModel } from "../power.ts";
import { Exhaustive, type Moment, momentsOf } from "./exhaustive.ts";
import type { EnumerationPool } from "./pool.ts";
import { Progress } from "./progress.ts";
import { spread } from "./spread.ts";
import { Table } from "./table.ts";

type Options = Pick<EnumerateOptions, "runsMax" | "progress" | "onRun"> & {
  readonly model: PowerModel;
  readonly seed: number;
};

/** Runs every state that recoveries can tell apart, at every call of a run. */
export async function enumerateAllStates(
  plan: Plan,
  { model, seed, runsMax = Number.POSITIVE_INFINITY, progress: file, onRun }: Options,
  pool: EnumerationPool,
): Promise<Enumeration> {
  const table = new Table();
  const clean = await pool.perform({ crashes: [] });
  table.note({ job: { crashes: [] }, steps: [], model }, clean);
  const moments = await momentsOf(plan, seed, model);
  for (const { step } of moments) table.row(step, model).calls += 1;
  const progress =
    file === undefined ? undefined : new Progress(file, `${model} all ${moments.length} ${traceOf(moments)}`);
  // Where not all is run, what is run is spread over the whole run.
  const share = Math.ceil((runsMax - 1) / new Set(moments.map(({ key }) => key)).size);
  const runsOf = new Map<Moment, number>();
  const done = { runs: 1, known: 0, cpuMs: clean.cpuMs };
  const curve: number[] = [];
  const exhaustive = new Exhaustive(model, async (moment, crash) => {
    const job = { crashes: [crash] };
    const key = JSON.stringify(job.crashes);
    const before = progress?.of(key);
    if (before !== undefined) return before;
    const own = runsOf.get(moment) ?? 0;
    if (own >= share || done.runs >= runsMax) return undefined;
    runsOf.set(moment, own + 1);
    done.runs += 1;
    const outcome = await pool.perform(job);
    done.cpuMs += outcome.cpuMs;
    progress?.add(key, outcome);
    table.note({ job, steps: [moment.step], model }, outcome);
    curve[Math.floor(done.cpuMs / 1_000)] = done.runs + done.known - 1;
    onRun?.(done.runs, exhaustive.waiting);
    return outcome;
  });
  for (const [key, outcome] of progress?.all() ?? []) {
    const crashes: readonly Crash[] = JSON.parse(key);
    const step = moments[(crashes[0]?.call ?? 0) - 1]?.step;
    if (step === undefined) continue;
    done.known += 1;
    table.note({ job: { crashes }, steps: [step], model }, outcome);
    exhaustive.learn(outcome);
  }
  const coverage = await exhaustive.through(spread(moments, runsMax), pool.size + 1);
  return {
    rows: table.rows,
    calls: moments.length,
    states: done.runs + done.known - 1,
    pairs: 0,
    runs: done.runs,
    known: done.known,
    sampled: moments.filter(({ complete }) => !complete).length,
    coverage,
    left: 0,
    failures: table.failures,
    cpuMs: done.cpuMs,
    curve,
  };
}

function traceOf(moments: readonly Moment[]): number {
  return hashOfText(moments.map(({ key }) => key).join(" "));
}
