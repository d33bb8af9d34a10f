/**
 * One plan on both tiers: equal histories, equal findings.
 *
 * Always: compared are traces (per source, without ids, times and order between sources) and the judgement. What is
 * not fixed by a lockstep plan, such as how far a server had come with its reading, is not in a trace.
 */
import { assess } from "../campaign/assess.ts";
import { firstDifference, traceOf } from "../campaign/trace.ts";
import type { RunRecord } from "../history.ts";

/** In words, where two records of one plan part; undefined where they do not. */
export function partsAt(real: RunRecord, memory: RunRecord): string | undefined {
  const [one, other] = [assess(real), assess(memory)];
  const signatures = [one, other].map(({ verdict, defects }) =>
    [verdict, ...defects.map(({ signature }) => signature)].join(" "),
  );
  if (signatures[0] !== signatures[1]) return `judged as ${signatures[0]} and as ${signatures[1]}`;
  return real.plan.mode === "lockstep" ? firstDifference(traceOf(real), traceOf(memory)) : undefined;
}
