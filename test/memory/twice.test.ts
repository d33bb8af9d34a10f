/** A defect in memory that does not come again is told as that. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { readArtifactRecord } from "../../harness/campaign/artifact.ts";
import { assess } from "../../harness/campaign/assess.ts";
import { faultNames } from "../../harness/fault/index.ts";
import { MemoryCampaign } from "../../harness/memory/campaign.ts";
import { defaultModels } from "../../harness/memory/crashes.ts";

const world = vi.hoisted(() => ({ sound: false }));

/** A world that breaks a promise in its first run alone. */
vi.mock(import("../../harness/memory/crash.ts"), async (original) => {
  const real = await original();
  const executeWithCrashes: typeof real.executeWithCrashes = async (...args) => {
    const executed = await real.executeWithCrashes(...args);
    if (world.sound) return executed;
    world.sound = true;
    const { record } = executed;
    const stuck = { kind: "watchdog" as const, waitingFor: "what never comes", t: "999999999999999" };
    return { ...executed, record: { ...record, history: [...record.history, stuck] } };
  };
  return { ...real, executeWithCrashes };
});

vi.mock(import("../../harness/memory/canary.ts"), () => ({
  memoryCanary: () => Promise.resolve("died as expected"),
}));

test("a defect that came once of twice is told so, and what is kept is the run that showed it", async () => {
  const outDir = await mkdtemp(path.join(tmpdir(), "holdfast-twice-"));
  const options = { seed: 5, faults: faultNames, models: defaultModels, rounds: 1, outDir };
  const { defects } = await new MemoryCampaign(options).run(
    () => false,
    () => undefined,
  );
  expect(defects.length).toBeGreaterThan(0);
  for (const { reproduced, artifact, signature } of defects) {
    expect(reproduced).toBe("1 of 2");
    const kept = assess(await readArtifactRecord(artifact));
    expect(kept.defects.map((defect) => defect.signature)).toContain(signature);
  }
  await rm(outDir, { recursive: true });
});
