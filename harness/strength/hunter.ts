/**
 * Hunts one bug with one chooser and seed: run after run, until a promise breaks or there were enough.
 *
 * To be bundled together with the orchestrator that carries the bug. Always: a run counts as one whatever the chooser
 * executed beside it; CPU time holds all of it.
 */
import { setImmediate } from "node:timers/promises";
import { assess } from "../campaign/assess.ts";
import { executeDraw, type Layer } from "../memory/chooser/chooser.ts";
import { type ChooserName, drawsOf } from "./chooser.ts";
import { isSampled, type Sample } from "./sample.ts";

export interface HuntOrder {
  readonly chooser: ChooserName;
  readonly seed: number;
  readonly runsMax: number;
  /** Traces of the same runs of the sound build; a run that has another is one in which the bug did something. */
  readonly sound?: readonly string[];
  /** Calls at which the sound build's runs ended, of another chooser than ours: a person who tries a moment knows no calls. */
  readonly places?: readonly number[];
  /** Go on to the end instead of stopping at what is found first; for the sound build. */
  readonly all?: boolean;
  /** Keep a sample of the runs that real processes can repeat; another number, another sample. */
  readonly sample?: number;
  /** Asked between two runs; only in one process. */
  readonly isOver?: () => boolean;
}

/** A run in which a promise broke. */
export interface Catch {
  /** 1, 2, 3 … */
  readonly run: number;
  readonly layer: Layer;
  readonly promises: readonly string[];
  readonly signatures: readonly string[];
}

export interface Hunt {
  readonly runs: number;
  readonly cpuMs: number;
  /** First run in which the patched code ran, and in which it made a difference. */
  readonly reached?: number;
  readonly triggered?: number;
  readonly caught?: Catch;
  /** Runs without a verdict, by verdict: unknown, invalid, infra. */
  readonly doubtful: Readonly<Record<string, number>>;
  readonly traces: readonly string[];
  /** With `all`: the call at which each run ended first; 0 where at none. */
  readonly places: readonly number[];
  /** Runs in which nothing diverged that a flag would be due for. */
  readonly nearMisses: number;
  /** Flags that were due over all runs, and those of them that were raised. */
  readonly flags: { readonly due: number; readonly raised: number };
  /** Runs by what ended the world in them. */
  readonly layers: Readonly<Partial<Record<Layer, number>>>;
  /** With `sample`: runs for real processes to repeat. */
  readonly samples: readonly Sample[];
  /** With `all`: every run in which a promise broke. */
  readonly alarms: readonly Catch[];
}

const marked = globalThis as { holdfastReached?: () => void };

export async function hunt(order: HuntOrder): Promise<Hunt> {
  const started = process.cpuUsage();
  const chooser = drawsOf(order.chooser, order.seed, order.places);
  const doubtful: Record<string, number> = {};
  const traces: string[] = [];
  const places: number[] = [];
  const layers: Partial<Record<Layer, number>> = {};
  const alarms: Catch[] = [];
  const samples: Sample[] = [];
  let [reached, triggered]: (number | undefined)[] = [];
  let [runs, nearMisses, due, raised] = [0, 0, 0, 0];
  while (runs < order.runsMax && order.isOver?.() !== true) {
    const draw = await chooser.draw();
    runs += 1;
    places.push(draw.crashes[0]?.call ?? 0);
    layers[draw.layer] = (layers[draw.layer] ?? 0) + 1;
    let isReached = false;
    marked.holdfastReached = () => {
      isReached = true;
    };
    const { record } = await executeDraw(draw);
    // That whoever ordered the hunt is gone is heard between two runs.
    await setImmediate();
    delete marked.holdfastReached;
    const { verdict, defects, traceHash, flags } = assess(record);
    due += flags.truePositive + flags.falseNegative;
    raised += flags.truePositive;
    if (flags.truePositive + flags.falseNegative === 0) nearMisses += 1;
    traces.push(traceHash);
    if (isReached) reached ??= runs;
    if (isReached && order.sound !== undefined && order.sound[runs - 1] !== traceHash) triggered ??= runs;
    const promises = [...new Set(defects.map(({ promise }) => promise))];
    if (order.sample !== undefined && isSampled(draw, record, verdict, order.sample + runs))
      samples.push({ seed: order.seed, run: runs, plan: draw.plan, verdict, promises });
    if (verdict !== "pass" && verdict !== "defect") doubtful[verdict] = (doubtful[verdict] ?? 0) + 1;
    if (verdict !== "defect") continue;
    alarms.push({ run: runs, layer: draw.layer, promises, signatures: defects.map((one) => one.signature) });
    if (order.all !== true) break;
  }
  const { user, system } = process.cpuUsage(started);
  const [caught] = alarms;
  return {
    runs,
    cpuMs: (user + system) / 1_000,
    ...(reached === undefined ? {} : { reached }),
    ...(triggered === undefined ? {} : { triggered }),
    ...(caught === undefined ? {} : { caught }),
    doubtful,
    nearMisses,
    flags: { due, raised },
    layers,
    samples,
    traces: order.sound === undefined ? traces : [],
    places: order.all === true ? places : [],
    alarms: order.all === true ? alarms : [],
  };
}
