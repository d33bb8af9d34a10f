/**
 * Joins what the tier in memory came to with what real processes came to.
 *
 * Always: a run of either tier counts for the verdicts, promises and flags. The rows of the sometimes table stay those
 * of real processes, where there are any: what was met in memory alone must not hide a zero; rows that only memory
 * has stand below them.
 */
import { memoryRows } from "../memory/crashes.ts";
import { memoryAbilities } from "../memory/execute.ts";
import type { CampaignOptions } from "./campaign.ts";
import { addFlagCounts, noFlagCounts, type VerdictKind, verdictKinds } from "./job.ts";
import type { MemoryEnd } from "./memory-tier.ts";
import type { CampaignResult, MemoryTierResult, Problem } from "./result.ts";
import { boundaryRow, rows } from "./sometimes.ts";
import { nothingSpent } from "./spent.ts";

/** What a campaign of no runs says. */
export function emptyResult({ seed, subject }: CampaignOptions): CampaignResult {
  return {
    seed,
    subject,
    runs: 0,
    counted: 0,
    freeRuns: 0,
    doubled: 0,
    verdicts: Object.fromEntries(verdictKinds.map((kind) => [kind, 0])) as Record<VerdictKind, number>,
    problems: [],
    defects: [],
    promises: {},
    sometimes: {},
    flags: noFlagCounts,
    tiers: {},
    canary: "died as expected",
    distinctTraces: 0,
    durationMs: 0,
    runsPerSecond: 0,
    spent: nothingSpent,
    interrupted: false,
  };
}

/** The result of both; `durationMs` is the clock's, over both. */
export function withMemory(
  real: CampaignResult,
  { report, failed }: MemoryEnd,
  options: CampaignOptions,
  durationMs: number,
): CampaignResult {
  const problems: Problem[] = [...real.problems, ...(report?.problems ?? [])];
  const why = failed ?? (report === undefined || report.runs === 0 ? "nothing was run in memory" : undefined);
  if (why !== undefined) problems.push({ tier: "memory", plan: -1, verdict: "infra", why });
  const failures = { infra: why === undefined ? 0 : 1 };
  const tiers = { ...real.tiers, ...(report === undefined ? {} : { memory: tierOf(report, durationMs) }) };
  if (report === undefined) {
    return { ...real, tiers, problems, verdicts: added(real.verdicts, failures), durationMs };
  }
  return {
    ...real,
    runs: real.runs + report.runs,
    counted: real.counted + report.counted,
    freeRuns: real.freeRuns + report.freeRuns,
    doubled: real.doubled + report.doubled,
    verdicts: added(added(real.verdicts, report.verdicts), failures),
    problems,
    defects: [...real.defects, ...report.defects],
    promises: addedPromises(real.promises, report.promises),
    sometimes: {
      ...(real.tiers.real === undefined ? rowsOf(report.met, options) : real.sometimes),
      ...ownRowsOf(report.met, options),
    },
    flags: addFlagCounts(real.flags, report.flags),
    tiers,
    canary: [real.canary, report.canary].find((said) => said !== "died as expected") ?? "died as expected",
    distinctTraces: real.distinctTraces + (real.tiers.real === undefined ? report.distinctTraces : 0),
    durationMs,
    runsPerSecond: (real.tiers.real ?? tiers.memory)?.runsPerSecond ?? 0,
  };
}

function tierOf(report: NonNullable<MemoryEnd["report"]>, durationMs: number): MemoryTierResult {
  const { runs, counted, freeRuns, doubled, distinctTraces, verdicts, flags, models, cpuMs, curve } = report;
  const rate = (ms: number) => Math.round(((runs + doubled) / Math.max(1, ms)) * 10_000) / 10;
  return {
    runs,
    counted,
    freeRuns,
    doubled,
    distinctTraces,
    verdicts,
    flags,
    runsPerSecond: rate(durationMs),
    cpuMs: Math.round(cpuMs),
    runsPerCpuSecond: rate(cpuMs),
    models,
    pairs: curve.at(-1) ?? 0,
    curve,
    ...(report.mutant === undefined ? {} : { mutant: report.mutant }),
  };
}

type Row = CampaignResult["sometimes"][string];
type Counts = Readonly<Record<string, number>>;

function rowsOf(met: Counts, { faults, runs }: CampaignOptions): Record<string, Row> {
  const count = (name: string) => met[name] ?? (runs === undefined ? 0 : "not attempted");
  return Object.fromEntries(
    rows.map((row) => [
      row.name,
      row !== boundaryRow && row.applies(memoryAbilities, faults) ? count(row.name) : "n/a",
    ]),
  );
}

/** With a number of runs what was not met may not have been tried; with a time it was long enough. */
function ownRowsOf(met: Counts, { models, runs }: CampaignOptions): Record<string, Row> {
  const count = (name: string) => met[name] ?? (runs === undefined ? 0 : "not attempted");
  return Object.fromEntries(
    memoryRows.map((row) => [row.name, row.applies(models) ? count(row.name) : "n/a"]),
  );
}

function added(left: CampaignResult["verdicts"], right: Partial<Record<VerdictKind, number>>) {
  return Object.fromEntries(verdictKinds.map((kind) => [kind, left[kind] + (right[kind] ?? 0)])) as Record<
    VerdictKind,
    number
  >;
}

function addedPromises(
  left: CampaignResult["promises"],
  right: CampaignResult["promises"],
): CampaignResult["promises"] {
  const table: Record<string, Record<string, number>> = {};
  for (const [promise, counts] of [...Object.entries(left), ...Object.entries(right)]) {
    const row = table[promise] ?? {};
    table[promise] = row;
    for (const [status, count] of Object.entries(counts)) row[status] = (row[status] ?? 0) + count;
  }
  return table;
}
