/**
 * Draws the seeded bug of a campaign, and builds an orchestrator with it.
 *
 * Always: the same seed and catalogue draw the same bug; each is drawn by some seed.
 */
import path from "node:path";
import { planSeed } from "../plan/generate.ts";
import type { Bug } from "./bug.ts";
import { buildHunter } from "./build.ts";
import type { Mutant } from "./canary.ts";
import { loadCatalogue } from "./catalogue.ts";

/** The bug of this seed; undefined of none. */
export function bugOf(seed: number, bugs: readonly Bug[]): Bug | undefined {
  return bugs[(planSeed(seed, bugs.length) >>> 0) % Math.max(1, bugs.length)];
}

/** Draws the bug of this seed and builds it in `dir`; undefined where there is no catalogue. */
export async function drawMutant(seed: number, dir: string): Promise<Mutant | undefined> {
  const bug = bugOf(seed, (await loadCatalogue()) ?? []);
  if (bug === undefined) return undefined;
  const file = path.join(dir, "mutant.cjs");
  await buildHunter(bug.patches, file);
  return { id: bug.id, file };
}
