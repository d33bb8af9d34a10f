/**
 * The corpus: what is kept, what wins where two campaigns kept the same, and that it is run first.
 */
import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultNames } from "../../harness/fault/index.ts";
import { MemoryCampaign } from "../../harness/memory/campaign.ts";
import { type CorpusEntry, mergeCorpora, readCorpus, writeCorpus } from "../../harness/memory/corpus.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-corpus-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const entry = (seed: number, more: Partial<CorpusEntry>): CorpusEntry => ({
  run: {
    version: 1,
    subject: "reference",
    origin: "a test",
    plan: {
      version: 1,
      mode: "lockstep",
      sessions: [{ storeLag: "ada", turns: [{ script: { replies: [], finalText: "" } }] }],
      clients: 1,
      rounds: [],
    },
    memory: { seed, crashes: [{ call: 7, when: "before", model: "kill" }] },
  },
  signatures: [],
  pairs: [1],
  cpuMs: 10,
  atMs: 100,
  ...more,
});
const seeds = (entries: readonly CorpusEntry[]) => entries.map(({ run }) => run.memory?.seed);

test("for one pair the failing run is kept, then the faster, then the older", () => {
  const failing = entry(1, { signatures: ["p/k/settled"], cpuMs: 90 });
  expect(seeds(mergeCorpora([[entry(2, {}), entry(3, { cpuMs: 5 })], [failing]]))).toEqual([1]);
  expect(seeds(mergeCorpora([[entry(2, {})], [entry(3, { cpuMs: 5 })]]))).toEqual([3]);
  expect(seeds(mergeCorpora([[entry(2, {})], [entry(3, { atMs: 5 })]]))).toEqual([3]);
});

test("whoever has a pair or a signature of its own stays, and merging again changes nothing", () => {
  const all = [
    entry(1, {}),
    entry(2, { pairs: [1, 2], cpuMs: 20 }),
    entry(3, { pairs: [], signatures: ["a/b/restart"] }),
  ];
  const merged = mergeCorpora([all]);
  expect(seeds(merged)).toEqual([3, 1, 2]);
  expect(mergeCorpora([merged, all])).toEqual(merged);
});

test("a run that cannot be made in memory is left out", async () => {
  const folder = path.join(dir, "unfit");
  const { run, ...found } = entry(1, {});
  const [session] = run.plan.sessions;
  if (session === undefined) throw new Error("no session");
  const unfit = { ...run.plan, sessions: [{ ...session, agent: "codex" as const }] };
  await writeCorpus(folder, [{ run: { ...run, plan: unfit }, ...found }, entry(2, {})]);
  expect(seeds(await readCorpus(folder))).toEqual([2]);
});

test("a line that is none is left out", async () => {
  const folder = path.join(dir, "torn");
  await writeCorpus(folder, [entry(1, {})]);
  await appendFile(path.join(folder, "corpus.jsonl"), '{"run":{"version":9}}\n{"ru');
  expect(seeds(await readCorpus(folder))).toEqual([1]);
  expect(await readCorpus(path.join(dir, "nowhere"))).toEqual([]);
});

test("one that is there and cannot be read is not taken for none", async () => {
  const folder = path.join(dir, "unreadable");
  await mkdir(path.join(folder, "corpus.jsonl"), { recursive: true });
  await expect(readCorpus(folder)).rejects.toThrow(
    "corpus.jsonl cannot be read (EISDIR). Mend or remove it.",
  );
});

test("a campaign keeps what came to something new, and the next one runs that first", async () => {
  const corpus = path.join(dir, "kept");
  const run = async (rounds: number) => {
    const models = ["kill"] as const;
    const campaign = new MemoryCampaign({ seed: 5, faults: faultNames, models, rounds, outDir: dir, corpus });
    return campaign.run(
      () => false,
      () => undefined,
    );
  };
  const { runs } = await run(2);
  const kept = await readCorpus(corpus);
  expect(kept.length).toBeGreaterThan(1);
  expect(kept.every(({ pairs }) => pairs.length > 0)).toBe(true);
  const again = await run(1);
  expect(again.runs).toBe(kept.length + runs / 2);
  // The same runs come to the same pairs, so nothing was lost of them and nothing is new of the plan before.
  expect(seeds(await readCorpus(corpus)).sort()).toEqual(seeds(kept).sort());
}, 60_000);
