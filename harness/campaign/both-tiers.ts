/**
 * A campaign on both tiers: the workers on real processes, and beside them the process in memory.
 *
 * Always: both have the same time; whatever happens, nothing of either is left.
 */
import path from "node:path";
import { drawMutant } from "../strength/draw-mutant.ts";
import { loadSubject } from "../subject/load.ts";
import { type CampaignOptions, noVerdicts, outDirOf, runReal } from "./campaign.ts";
import { verdictKinds } from "./job.ts";
import { emptyResult, withMemory } from "./join.ts";
import { MemoryTier } from "./memory-tier.ts";
import { makePlace } from "./place.ts";
import type { CampaignResult, Progress } from "./result.ts";

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const started = performance.now();
  const subject = await loadSubject(options.subject);
  if (!options.tiers.includes("memory")) return runReal(options, subject);
  const place = await makePlace();
  try {
    const { seed, faults, models, runs, budgetMs } = options;
    const mutant = isWorthACanary(options) ? await drawMutant(seed, place.dir) : undefined;
    const memory = await MemoryTier.begin(place.dir, {
      ...(mutant === undefined ? {} : { mutant }),
      ...(options.corpus === undefined ? {} : { corpus: path.resolve(options.corpus) }),
      seed,
      faults,
      models,
      outDir: outDirOf(options),
      ...(runs === undefined ? {} : { rounds: runs }),
      ...(budgetMs === undefined ? {} : { budgetMs }),
    });
    options.signal?.addEventListener("abort", () => memory.stop(), { once: true });
    try {
      const both = withProgressOf(memory, options, started);
      const real = options.tiers.includes("real") ? await runReal(both, subject) : emptyResult(options);
      const end = await memory.end(budgetMs);
      const result = withMemory(real, end, options, Math.round(performance.now() - started));
      return { ...result, interrupted: options.signal?.aborted === true };
    } finally {
      await memory.close();
    }
  } finally {
    await place.remove();
  }
}

/** A campaign of a few runs is asked for something else than trust. */
function isWorthACanary({ runs, budgetMs = Number.POSITIVE_INFINITY }: CampaignOptions): boolean {
  return budgetMs >= 30_000 && (runs === undefined || runs >= 50);
}

/** Progress of both: told when either has something to tell. */
function withProgressOf(memory: MemoryTier, options: CampaignOptions, started: number): CampaignOptions {
  let real: Progress | undefined;
  const tell = () => {
    const { latest } = memory;
    const verdicts = { ...noVerdicts, ...real?.verdicts };
    for (const kind of verdictKinds) verdicts[kind] += latest?.verdicts[kind] ?? 0;
    const inMemory = latest?.runs ?? 0;
    const elapsedMs = performance.now() - started;
    const runs = (real?.runs ?? 0) + inMemory;
    options.onProgress?.({ runs, inMemory, verdicts, elapsedMs, doing: real?.doing ?? "running" });
  };
  memory.onTold = tell;
  const onProgress = (progress: Progress) => {
    real = progress;
    tell();
  };
  return { ...options, onProgress };
}
