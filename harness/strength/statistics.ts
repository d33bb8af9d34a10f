/**
 * What many hunts of one bug say: median and interval of the runs to detection, and how many found nothing.
 *
 * Always: a hunt that found nothing counts as longer than its cap, so that misses never make a median smaller.
 */

/** Runs to detection of one seed; undefined: nothing within the cap. */
export type ToDetection = number | undefined;

export interface Spread {
  /** undefined: at least half found nothing. */
  readonly median: number | undefined;
  /** 95 % interval of the median, from the order of the values alone; an end that is undefined lies behind the cap. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly missed: number;
  readonly of: number;
}

export function spreadOf(values: readonly ToDetection[]): Spread {
  const sorted = [...values].sort((left, right) => (left ?? Infinity) - (right ?? Infinity));
  const of = sorted.length;
  const half = 1.96 * Math.sqrt(of / 4);
  const low = Math.max(0, Math.floor(of / 2 - half));
  const high = Math.min(of - 1, Math.ceil(of / 2 + half) - 1);
  return {
    median: sorted[Math.floor((of - 1) / 2)],
    low: sorted[low],
    high: sorted[Math.max(low, high)],
    missed: sorted.filter((value) => value === undefined).length,
    of,
  };
}

/** Geometric mean of positive numbers; undefined of none. */
export function geometricMean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Upper end of the 95 % interval of a rate of which no case was seen in `runs`: the rule of three. */
export function rateMax(runs: number): number {
  return runs === 0 ? 1 : Math.min(1, 3 / runs);
}
