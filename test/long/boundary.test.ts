/**
 * Every boundary of real processes: the reference keeps its promises at all of them, the naive orchestrator breaks more
 * than gates can show, native code is reached, and nothing that is written goes uncounted.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EnumerateOptions, enumerateReal } from "../../harness/boundary/enumerate.ts";
import { whyNoLoopDisk } from "../../harness/boundary/loop-disk.ts";
import { boundaryModes, failures } from "../../harness/boundary/operation.ts";
import { whyNoDisk } from "../../harness/boundary/small-disk.ts";
import { blindSpots, readStrace, straceCalls } from "../../harness/boundary/strace.ts";
import { summaryOf } from "../../harness/boundary/table.ts";
import { readTraces } from "../../harness/boundary/trace.ts";
import { runReal } from "../../harness/campaign/campaign.ts";
import { withPool } from "../../harness/campaign/with-pool.ts";
import { faultNames } from "../../harness/fault/index.ts";
import type { Subject } from "../../harness/subject/contract.ts";
import { loadSubject } from "../../harness/subject/load.ts";
import naive from "../../harness/subject/naive.ts";
import reference from "../../harness/subject/reference.ts";
import scenario from "../../scenarios/interrupted-after-tool-result.ts";
import { Runs } from "../support/runs.ts";

const workers = cpus().length + 1;
let outDir: string;
beforeAll(async () => {
  outDir = await mkdtemp(path.join(tmpdir(), "holdfast-boundary-"));
});
afterAll(() => rm(outDir, { recursive: true, force: true }));

async function enumerated(name: string, options: Partial<EnumerateOptions>) {
  const subject = await loadSubject(name);
  const found = await withPool({ workers, subject, counter: options.by ?? "preload" }, (pool) =>
    enumerateReal({
      plan: scenario.plan,
      subject: name,
      by: "preload",
      modes: boundaryModes,
      power: { models: [], states: 0 },
      recovery: "none",
      times: 1,
      outDir,
      sideBySide: workers,
      run: (job) => pool.run(job),
      ...options,
    }),
  );
  return { found, summary: summaryOf(found) };
}

const signaturesOf = ({ defects }: ReturnType<typeof summaryOf>, kind: "kill" | "power") =>
  new Set(defects.filter((defect) => defect.class === kind).map(({ signature }) => signature));

it("the reference: every boundary in every mode, and a sample of each recovery", async () => {
  const { found, summary } = await enumerated("reference", { recovery: "sampled" });
  console.log(`${summary.points} points, ${found.runs} runs, ${(found.durationMs / 1000).toFixed(0)} s`);
  expect(summary.defects).toEqual([]);
  expect(summary.verdicts).toEqual({ pass: summary.points });
  expect(summary).toMatchObject({ unfired: 0, blindSpots: [] });
  expect(found.complete).toEqual(found.lives.map(({ life }) => life));
});

it("the naive orchestrator: at least six signatures that gates alone do not find, one only by power loss", async () => {
  const faults = faultNames.filter((name) => name !== "damage" && name !== "boundary");
  const seeded = { seed: 1, subject: "naive", faults, runs: 150, tiers: ["real" as const], models: [] };
  const gates = await runReal({ ...seeded, workers, outDir }, naive);
  // A gate finds what its plan shows each time; where a kill fell into a write by chance, the plan does not show it again.
  const again = gates.defects.filter(({ reproduced }) => /^(\d+) of \1$/.test(reproduced));
  const byGates = new Set(again.map(({ signature }) => signature));
  const { summary } = await enumerated("naive", { power: { models: ["posix", "ext4"], states: 2 } });
  const [kill, power] = [signaturesOf(summary, "kill"), signaturesOf(summary, "power")];
  const more = [...kill, ...power].filter((signature) => !byGates.has(signature));
  const onlyPower = [...power].filter((signature) => !byGates.has(signature) && !kill.has(signature));
  const byChance = gates.defects.filter(({ signature }) => !byGates.has(signature));
  console.log(`gates: ${[...byGates].join(", ")}`);
  console.log(`gates, by chance: ${byChance.map((one) => `${one.signature} ${one.reproduced}`).join(", ")}`);
  console.log(`boundaries alone: ${[...new Set(more)].join(", ")}`);
  console.log(`power loss alone: ${onlyPower.join(", ")}`);
  expect(new Set(more).size).toBeGreaterThanOrEqual(6);
  expect(onlyPower.length).toBeGreaterThanOrEqual(1);
});

it("the reference: each kind of failure at operations over the whole scenario, once and for good", async () => {
  const { found, summary } = await enumerated("reference", {
    by: "shim",
    modes: [],
    fails: failures,
    pointsMax: 150,
  });
  console.log(`${summary.points} failures, ${(found.durationMs / 1000).toFixed(0)} s`);
  expect(summary.defects).toEqual([]);
  expect(summary.verdicts).toEqual({ pass: summary.points });
});

const [noDisk, noLoopDisk] = [whyNoDisk(), whyNoLoopDisk()];
for (const why of [noDisk, noLoopDisk]) if (why !== undefined) console.log(`1 test skipped: ${why}`);

it.skipIf(noDisk !== undefined)("the reference: every disk that is too small", async () => {
  const { found, summary } = await enumerated("reference", { modes: [], smallDisk: true });
  console.log(`${summary.points} disks, ${(found.durationMs / 1000).toFixed(0)} s`);
  expect(summary.points).toBeGreaterThan(8);
  expect(summary.defects).toEqual([]);
  expect(summary.verdicts).toEqual({ pass: summary.points });
});

it.skipIf(noLoopDisk !== undefined)("on a real ext4 whose power fails: a sample", async () => {
  const sample = { modes: [], power: { models: ["device" as const], states: 1 }, pointsMax: 24 };
  const kept = await enumerated("reference", sample);
  expect(kept.summary.defects).toEqual([]);
  expect(kept.summary.verdicts).toEqual({ pass: 24 });
  const lost = await enumerated("naive", sample);
  console.log(`naive: ${[...signaturesOf(lost.summary, "power")].join(", ")}`);
  // It syncs nothing, so everything that it acknowledged is gone.
  expect(signaturesOf(lost.summary, "power")).toContain("no-lost-run/run-missing/restart");
});

it("an orchestrator on SQLite: its planted mistake is found, through the shim", async () => {
  const { found, summary } = await enumerated("sqlite", { by: "shim", modes: ["before"], pointsMax: 120 });
  expect(found.lives[0]?.operations.length).toBeGreaterThan(50);
  expect(signaturesOf(summary, "kill")).toContain("no-lost-run/run-doubled/settled");
});

const hasStrace = ["/usr/bin/strace", "/usr/local/bin/strace"].some((file) => existsSync(file)) && canTrace();
if (!hasStrace) console.log("1 test skipped (2 subjects): strace is missing, or may not trace here");

function canTrace(): boolean {
  try {
    execFileSync("strace", ["-f", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasStrace)("strace saw nothing that the preload did not count:", () => {
  let runs: Runs;
  beforeAll(async () => {
    runs = await Runs.open();
  });
  afterAll(() => runs.close());

  it.each([reference, naive])("$name", async (subject) => {
    const found: { calls: number; blind: readonly unknown[] }[] = [];
    const traced: Subject = {
      ...subject,
      async start(ctx) {
        const run = path.dirname(ctx.dir);
        const output = path.join(run, `strace-${found.length}-${Date.now()}`);
        const spawn: typeof ctx.spawn = (file, args, options) => {
          const strace = ["-f", "-y", "-o", output, "-e", `trace=${straceCalls}`, "--", file, ...args];
          const child = ctx.spawn("strace", strace, options);
          void child.exited.then(async () => {
            const life = found.length + 1;
            const calls = readStrace(await readFile(output, "utf8"));
            const operations = readTraces(path.join(run, "boundary", `server-${life}`)).flatMap(
              (trace) => trace.operations,
            );
            const folders = [ctx.dir, ctx.workspace];
            found.push({ calls: calls.length, blind: blindSpots(calls, operations, folders) });
          });
          return child;
        };
        return subject.start({ ...ctx, spawn });
      },
    };
    await runs.run({ ...scenario.plan, boundaries: { by: "preload", ends: [] } }, traced);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.calls).toBeGreaterThan(5);
    expect(found.flatMap(({ blind }) => blind)).toEqual([]);
  });
});
