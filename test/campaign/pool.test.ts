/** Workers that do not live: said at once, and never started again without end. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { canaryPlan } from "../../harness/campaign/canary.ts";
import type { Job } from "../../harness/campaign/job.ts";
import { Pool, WorkersLost } from "../../harness/campaign/pool.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-pool-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Each start of the worker leaves a folder, whose number it knows. */
async function open(source: string, count: number): Promise<Pool> {
  const workerModule = path.join(dir, "worker.mjs");
  const starts = JSON.stringify(path.join(dir, "starts"));
  await writeFile(
    workerModule,
    `import { mkdirSync } from "node:fs";
    mkdirSync(${starts}, { recursive: true });
    const isTaken = (number) => {
      try {
        mkdirSync(${starts} + "/" + number);
        return false;
      } catch {
        return true;
      }
    };
    let start = 1;
    while (isTaken(start)) start += 1;
    process.on("disconnect", () => process.exit(0));
    ${source}`,
  );
  const tools = { preload: "", shim: undefined } as unknown as Parameters<typeof Pool.open>[0]["tools"];
  return Pool.open({ dir, workerModule, agentBundle: "", tools, shared: dir, count });
}

const starts = async () => (await readdir(path.join(dir, "starts"))).length;
const job = (id: number): Job => ({
  id,
  subject: "none",
  plan: canaryPlan(1),
  times: "once",
  origin: "test",
});

it("a worker that ends while it loads is told with how it ended, and the others are ended", async () => {
  const opening = open(
    `if (start === 1) process.exit(7); else process.on("message", () => process.send({ kind: "ready" }));`,
    2,
  );
  await expect(opening).rejects.toBeInstanceOf(WorkersLost);
  await expect(opening).rejects.toThrow("A worker of the campaign ended while it was loading (exit code 7)");
  expect(await starts()).toBe(2);
});

const dyingInJobs = (loads: string) =>
  `${loads} process.on("message", ({ kind }) => {
    if (kind === "job") process.exit(9);
    process.send({ kind: "ready" });
  });`;

it("a worker that ends in a job is replaced, and the job is told as failed", async () => {
  const pool = await open(dyingInJobs(""), 1);
  const failed = "the worker process ended in the middle of the run (exit code 9)";
  expect([await pool.run(job(1)), await pool.run(job(2))]).toEqual([
    { id: 1, failed },
    { id: 2, failed },
  ]);
  expect(pool.isOver).toBe(false);
  await pool.close();
});

it("where the one in its place does not load, every job fails with the reason, and no other is started", async () => {
  const pool = await open(dyingInJobs("if (start > 1) process.exit(7);"), 1);
  const answers = await Promise.all([pool.run(job(1)), pool.run(job(2))]);
  expect(answers).toEqual([
    { id: 1, failed: expect.stringContaining("in the middle of the run") },
    { id: 2, failed: expect.stringContaining("ended while it was loading (exit code 7)") },
  ]);
  expect(pool.isOver).toBe(true);
  expect(await pool.run(job(3))).toEqual({ id: 3, failed: expect.stringContaining("while it was loading") });
  expect(await starts()).toBe(2);
  await pool.close();
});
