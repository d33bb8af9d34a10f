/**
 * Campaigns in memory: the same each time, their canary dies, and what breaks is small, kept, and comes again.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readArtifactPlan } from "../../harness/campaign/artifact.ts";
import { faultNames } from "../../harness/fault/index.ts";
import { MemoryCampaign, type MemoryReport } from "../../harness/memory/campaign.ts";
import { Coverage } from "../../harness/memory/coverage.ts";
import { defaultModels } from "../../harness/memory/crashes.ts";
import { Disk } from "../../harness/memory/disk.ts";
import { FileNode } from "../../harness/memory/nodes.ts";
import type { DiskModel } from "../../harness/memory/power.ts";
import { replayInMemory } from "../../harness/memory/replay.ts";
import { bundleBroken } from "./bundle-broken.ts";
import { mutants } from "./mutants.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-memory-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const options = (rounds: number, models: readonly DiskModel[] = defaultModels) => ({
  seed: 5,
  faults: faultNames,
  models,
  rounds,
  outDir: dir,
  shrinkCpuMs: 1_000,
});

function run(
  Campaign: typeof MemoryCampaign,
  rounds: number,
  models?: readonly DiskModel[],
): Promise<MemoryReport> {
  const campaign = new Campaign(options(rounds, models));
  // The first that breaks is enough.
  return campaign.run(
    () => campaign.report().defects.length > 0,
    () => undefined,
  );
}

test("a campaign is green, its canary dies, and the same again comes to the same", async () => {
  const [one, other] = [await run(MemoryCampaign, 3), await run(MemoryCampaign, 3)];
  const { cpuMs: _, curve, ...rest } = one;
  expect(rest).toMatchObject({ runs: 15, defects: [], problems: [], canary: "died as expected" });
  expect(rest.verdicts).toMatchObject({ pass: 15 });
  const { none, ...ended } = rest.models;
  // At first half of the runs are plans as they are; a third ends where it was drawn, and some of those with damage.
  expect(none).toBeGreaterThanOrEqual(8);
  expect(none).toBeLessThanOrEqual(10);
  expect(Object.values(ended).reduce((sum, runs) => sum + runs, none ?? 0)).toBe(15);
  expect(Object.keys(ended)).toContain("kill");
  expect(Object.keys(ended).length).toBeGreaterThan(1);
  expect(rest.met["a record damaged"]).toBeGreaterThan(0);
  expect(curve.at(-1)).toBeGreaterThan(3);
  const { cpuMs: __, curve: again, ...same } = other;
  expect([same, again.at(-1)]).toEqual([rest, curve.at(-1)]);
}, 240_000);

test("of few flags both are right, and of hardly any since it changed between the looks", async () => {
  const { flags, defects } = await run(MemoryCampaign, 8);
  expect(defects).toEqual([]);
  const { truePositive, trueNegative, either, changed } = flags;
  const judged = truePositive + trueNegative + either;
  expect(judged).toBeGreaterThan(350);
  // A judge that lets everything pass is green as well. The runs that a long campaign comes to leave more open: up to a seventh.
  expect(either / judged).toBeLessThanOrEqual(0.12);
  expect(changed / judged).toBeLessThanOrEqual(0.01);
}, 240_000);

test("what a broken build shows is kept, names its crashes, and comes again there alone", async () => {
  const mutant = mutants.find(({ name }) => name === "a sync is left out of the journal");
  const file = path.join(dir, "broken.mjs");
  const entry = fileURLToPath(new URL("broken-campaign.ts", import.meta.url));
  await bundleBroken(entry, mutant?.patches ?? expect.fail(), file);
  const broken = (await import(
    /* @vite-ignore */ pathToFileURL(file).href
  )) as typeof import("./broken-campaign.ts");
  const { defects, verdicts } = await run(broken.MemoryCampaign, 4, ["posix"]);
  const [first] = defects;
  if (first === undefined) return expect.fail("nothing was found");
  expect(verdicts.defect).toBeGreaterThan(0);
  const artifact = await readArtifactPlan(first.artifact);
  expect(artifact).toMatchObject({ subject: "reference", signature: first.signature });
  const { plan, memory = expect.fail("it does not say where the world ended") } = artifact;
  const replay = { plan, subject: "reference", times: 2, workers: 1 };
  const signatures = async (by: typeof replayInMemory) =>
    (await by(memory)(replay)).map(({ defects: found }) => found.map(({ signature }) => signature));
  for (const shown of await signatures(broken.replayInMemory)) expect(shown).toContain(first.signature);
  for (const shown of await signatures(replayInMemory)) expect(shown).not.toContain(first.signature);
}, 240_000);

test("states are told apart by records, not by what is in them", () => {
  const coverage = new Coverage();
  const call = { number: 1, op: "append", path: "/run/subject/home/journal/00000001.journal" };
  const add = (...lines: string[]) => {
    const disk = new Disk(() => undefined);
    disk.prepare("/run/subject/home/journal");
    const file = new FileNode();
    disk.add(call.path, file);
    for (const line of lines) file.append(Buffer.from(line));
    coverage.add(disk, call, "kill before", 1);
    return coverage.pairs;
  };
  const record = (id: string) => `j1\t00000000\t9\t"dispatch"\t{"id":"${id}"}\n`;
  expect([
    add(record("a")),
    add(record("b")),
    add(record("a"), record("a")),
    add(record("a"), "j1\t"),
  ]).toEqual([1, 1, 2, 3]);
});
