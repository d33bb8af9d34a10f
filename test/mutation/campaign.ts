/**
 * A longer campaign against mutants: an orchestrator that carries one, hunted in memory for fifty runs that are chosen by
 * what was met before.
 *
 * `node --import tsx test/mutation/campaign.ts [SAMPLE [REPORT,…]]`: so many (40) of the mutants that the tests left alive
 * and as many of those that they found, each drawn evenly over the files. Prints which of either kind the campaign finds.
 */
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildHunter } from "../../harness/strength/build.ts";
import { Hunters } from "../../harness/strength/hunters.ts";
import {
  bothReports,
  campaignFile,
  isAlive,
  lineOf,
  type Mutant,
  mutated,
  original,
  readReport,
} from "./report.ts";

const runsMax = 50;
const sampleSize = Number(process.argv[2] ?? 40);
const reportFiles = process.argv[3] ?? bothReports;
const files = reportFiles.split(",").flatMap(readReport);
const all = files.flatMap(({ file, source, mutants }) => mutants.map((mutant) => ({ file, source, mutant })));
const kinds = {
  "alive for the tests": sampled(all.filter(({ mutant }) => isAlive(mutant))),
  "found by the tests": sampled(all.filter(({ mutant }) => mutant.status === "Killed")),
};

function sampled<T>(mutants: readonly T[]): T[] {
  const step = Math.max(1, mutants.length / sampleSize);
  return mutants.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

const dir = await mkdtemp(path.join(tmpdir(), "holdfast-mutants-"));
const hunters = new Hunters(1);

/** The promise that broke and the run in which it did; undefined when none did. */
async function hunted(
  file: string,
  source: string,
  mutant: Mutant,
  name: string,
): Promise<string | undefined> {
  const build = path.join(dir, `${name}.mjs`);
  await buildHunter([{ file, find: source, replace: mutated(source, mutant) }], build);
  const { caught } = await hunters.hunt(build, { chooser: "ours", seed: 1, runsMax });
  return caught && `${caught.promises.join(", ")} in run ${caught.run}`;
}

const areas = [...new Set(files.map(({ file }) => file.split("/").slice(0, 2).join("/")))];
const counts: Record<string, { found: number; of: number }> = {};

try {
  for (const [kind, mutants] of Object.entries(kinds)) {
    let count = 0;
    for (const [index, { file, source, mutant }] of mutants.entries()) {
      const outcome = await hunted(file, source, mutant, `${kind.slice(0, 5)}-${index}`).catch(
        (error: unknown) => `the run itself: ${String(error).split("\n")[0]}`,
      );
      if (outcome === undefined) continue;
      count += 1;
      const place = `${file}:${mutant.location.start.line}`;
      const change = `${original(source, mutant)} → ${mutant.replacement} (${lineOf(source, mutant)})`;
      console.log(`${kind}: ${place} ${change.replaceAll(/\s+/g, " ").slice(0, 160)}: ${outcome}`);
    }
    counts[kind] = { found: count, of: mutants.length };
    console.log(`${kind}: ${count} of ${mutants.length} found in at most ${runsMax} runs in memory, seed 1`);
  }
  writeFileSync(campaignFile, JSON.stringify({ areas, runsMax, kinds: counts }));
} finally {
  hunters.close();
  rmSync(dir, { recursive: true, force: true });
}
