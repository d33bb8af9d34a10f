import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Ports } from "../../harness/execute/ports.ts";
import { executeRun } from "../../harness/execute/run.ts";
import { bundleOnce } from "../../harness/launch/bundle.ts";
import { executeInMemory, memoryAbilities } from "../../harness/memory/execute.ts";
import { partsAt } from "../../harness/memory/parity.ts";
import { generatePlan } from "../../harness/plan/generate.ts";
import reference from "../../harness/subject/reference.ts";

/** 500 in the long test. */
const plans = Number(process.env.HOLDFAST_PARITY_PLANS ?? 4);
/** What both can: in memory there is one agent and one version. Without reloads, since there is no file to change. */
const can = { ...memoryAbilities, reload: [] };
let dir = "";

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "hf-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test(
  `${plans} plans have equal histories and findings on processes and in memory`,
  async () => {
    const entry = fileURLToPath(new URL("../../harness/agent/main.ts", import.meta.url));
    const { agent } = await bundleOnce({ agent: entry }, path.join(dir, "bundles"));
    const ports = await Ports.claim();
    for (let index = 0; index < plans; index += 1) {
      const plan = generatePlan({ can }, 5, index);
      const place = { dir: path.join(dir, `r${index}`), port: await ports.next(), agentBundle: agent };
      const real = await executeRun(plan, reference, { ...place, runId: `parity-${index}` });
      expect([index, partsAt(real, await executeInMemory(plan, index))]).toEqual([index, undefined]);
      await rm(place.dir, { recursive: true, force: true });
    }
    await ports.release();
  },
  30_000 + plans * 10_000,
);
