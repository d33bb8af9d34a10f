/**
 * What the measurements come to: which bugs were reached, did something, were found, and by what.
 *
 * Always: pure, over what was measured; nothing is rounded in favour of anybody.
 */

import type { Layer } from "../memory/chooser/chooser.ts";
import type { ChooserName } from "./chooser.ts";
import type { BugRow, HuntRow, Measured } from "./measure.ts";
import { geometricMean, type Spread, spreadOf } from "./statistics.ts";

/** One bug with all its choosers. */
export interface BugSummary {
  readonly id: string;
  readonly class: string;
  readonly story: string;
  readonly like: string;
  readonly expected: readonly string[];
  /** Hunts of ours in which the patched code ran, made a difference, was found, was found by an expected promise. */
  readonly reached: number;
  readonly triggered: number;
  readonly detected: number;
  readonly byExpected: number;
  readonly of: number;
  readonly spreads: Readonly<Partial<Record<ChooserName, Spread>>>;
  /** Layers in which ours found it first, over the seeds. */
  readonly layers: readonly Layer[];
  readonly promises: readonly string[];
}

export interface Against {
  readonly chooser: ChooserName;
  /** Bugs for which the other needs more than {@link hardRuns} runs in the median. */
  readonly hard: number;
  /** Geometric means over these: how many times more runs, and CPU time, the other needs. At the cap where it found nothing. */
  readonly timesRuns: number | undefined;
  readonly timesCpu: number | undefined;
}

export interface Summary {
  readonly bugs: readonly BugSummary[];
  readonly against: readonly Against[];
  /** Check → hunts whose first catch it made alone, and the bugs of these. */
  readonly alone: Readonly<Record<string, { readonly hunts: number; readonly bugs: readonly string[] }>>;
  /** Bugs that ours found in one layer only. */
  readonly oneLayer: Readonly<Partial<Record<Layer, readonly string[]>>>;
}

/** Bugs that the other chooser finds sooner than this say nothing about choosing. */
export const hardRuns = 10;

/** @param againstMax runs after which the hunts of the others gave up. */
export function summaryOf({ rows }: Measured, runsMax: number, againstMax = runsMax): Summary {
  const ids = [...new Set(rows.map(({ id }) => id))];
  const bugs = ids.flatMap((id) => bugSummary(rows.filter((row) => row.id === id)) ?? []);
  const others = [...new Set(rows.map(({ chooser }) => chooser))].filter((name) => name !== "ours");
  return {
    bugs,
    against: others.map((chooser) => against(rows, ids, chooser, { runsMax, againstMax })),
    alone: aloneIn(rows.filter(({ chooser }) => chooser === "ours")),
    oneLayer: oneLayerOf(bugs),
  };
}

/** Exit code: 1 the sound build broke a promise · 3 something was not hunted, missed, or not repeated · 0 green. */
export function exitCodeOf({ sound, failed, repeated }: Measured, { bugs }: Summary): 0 | 1 | 3 {
  if (sound.some(({ alarms }) => alarms.length > 0)) return 1;
  // Where nothing was hunted nothing was missed either, and where no process repeated a run none disagreed.
  const isComplete = bugs.length > 0 && bugs.every(({ detected, of }) => of > 0 && detected === of);
  const isSure = sound.length > 0 && sound.every(({ runs, doubtful }) => runs > 0 && doubtful === 0);
  const isReal = repeated === undefined || (repeated.length > 0 && repeated.every(({ agrees }) => agrees));
  return isComplete && isSure && isReal && failed.length === 0 ? 0 : 3;
}

function bugSummary(rows: readonly BugRow[]): BugSummary | undefined {
  const ours = rows.find(({ chooser }) => chooser === "ours");
  if (ours === undefined) return undefined;
  const { hunts, id, story, like, expected } = ours;
  const count = (is: (hunt: HuntRow) => boolean) => hunts.filter(is).length;
  const caught = hunts.flatMap((hunt) => hunt.caught ?? []);
  return {
    id,
    class: ours.class,
    story,
    like,
    expected,
    reached: count(({ reached }) => reached !== undefined),
    triggered: count(({ triggered }) => triggered !== undefined),
    detected: caught.length,
    byExpected: caught.filter(({ promises }) => promises.some((one) => expected.includes(one))).length,
    of: hunts.length,
    spreads: Object.fromEntries(rows.map((row) => [row.chooser, spreadOf(row.hunts.map(toDetection))])),
    layers: [...new Set(caught.map(({ layer }) => layer))],
    promises: [...new Set(caught.flatMap(({ promises }) => promises))],
  };
}

function toDetection({ caught }: HuntRow): number | undefined {
  return caught?.run;
}

function against(
  rows: readonly BugRow[],
  ids: readonly string[],
  chooser: ChooserName,
  { runsMax, againstMax }: { readonly runsMax: number; readonly againstMax: number },
): Against {
  const ratios = ids.flatMap((id) => {
    const ours = rows.find((row) => row.id === id && row.chooser === "ours");
    const other = rows.find((row) => row.id === id && row.chooser === chooser);
    if (ours === undefined || other === undefined) return [];
    const [mine, theirs] = [medianRuns(ours, runsMax), medianRuns(other, againstMax)];
    if (theirs <= hardRuns) return [];
    return [{ runs: theirs / mine, cpu: medianCpu(other) / medianCpu(ours) }];
  });
  return {
    chooser,
    hard: ratios.length,
    timesRuns: geometricMean(ratios.map(({ runs }) => runs)),
    timesCpu: geometricMean(ratios.map(({ cpu }) => cpu)),
  };
}

/** Where nothing was found the hunt counts with its cap, which favours whoever found nothing. */
function medianRuns({ hunts }: BugRow, runsMax: number): number {
  return middle(hunts.map(({ caught }) => caught?.run ?? runsMax));
}

function medianCpu({ hunts }: BugRow): number {
  return middle(hunts.map(({ cpuMs }) => Math.max(1, cpuMs)));
}

function middle(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor((values.length - 1) / 2)] ?? 1;
}

function aloneIn(rows: readonly BugRow[]): Summary["alone"] {
  const alone: Record<string, { hunts: number; bugs: string[] }> = {};
  for (const { id, hunts } of rows) {
    for (const { caught } of hunts) {
      for (const promise of caught?.promises ?? []) {
        alone[promise] ??= { hunts: 0, bugs: [] };
        if (caught?.promises.length !== 1) continue;
        alone[promise].hunts += 1;
        if (!alone[promise].bugs.includes(id)) alone[promise].bugs.push(id);
      }
    }
  }
  return alone;
}

function oneLayerOf(bugs: readonly BugSummary[]): Summary["oneLayer"] {
  const found: Partial<Record<Layer, string[]>> = {};
  for (const { id, layers } of bugs) {
    const [only] = layers;
    if (only === undefined || layers.length > 1) continue;
    found[only] = [...(found[only] ?? []), id];
  }
  return found;
}
