/**
 * Two and more servers on one folder, 200 generated interleavings with SIGSTOP and SIGCONT, on real processes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { interleavings, play } from "../orchestrator/drivers.ts";
import { bundleServer } from "../orchestrator/helper.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
const numRuns = Number(process.env.INTERLEAVINGS ?? 200);
let bundle = "";

beforeAll(async () => {
  bundle = await bundleServer(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it(`one driver in ${numRuns} interleavings`, async () => {
  let withLate = 0;
  let servers = 0;
  const seed = Number(process.env.SEED ?? 1);
  await fc.assert(
    fc.asyncProperty(interleavings, async (steps) => {
      const { place, outcome } = await play(bundle, steps);
      try {
        servers += place.servers.length;
        if (outcome.lateWrites > 0) withLate += 1;
        expect(outcome).toMatchObject({ doubles: "", lostAcknowledged: [] });
        expect(outcome.starts).toBe(outcome.startedAttempts);
        expect(outcome.startedAttempts).toBeLessThanOrEqual(outcome.attemptsOnRecord);
        if (outcome.lateWrites > 0) expect(outcome.lateFindings).toBeGreaterThan(0);
      } finally {
        await place.clean();
      }
    }),
    { numRuns, seed, endOnFailure: true },
  );
  console.log(`${numRuns} interleavings, seed ${seed}: ${servers} servers, ${withLate} left late writes`);
  expect(withLate).toBeGreaterThan(0);
}, 3_600_000);
