/**
 * Runs that stand for all states that a recovery cannot tell apart: what power cuts find when every state is run, they
 * find too; and a whole scenario, of which no legal state is left out, is green.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enumerate } from "../../harness/memory/enumerate.ts";
import scenario from "../../scenarios/result-known-only-from-the-stream.ts";
import { Hunts } from "../memory/hunts.ts";
import { mutants } from "../memory/mutants.ts";

let hunts: Hunts;
beforeAll(async () => {
  hunts = await Hunts.open();
});
afterAll(() => hunts.close());

describe("each way to break durability that power cuts find", () => {
  test.each(mutants.filter(({ hunt }) => hunt === "power").map((mutant) => [mutant.name, mutant] as const))(
    "%s",
    async (_, { patches }) => {
      const found = await hunts.in(patches, "all-states");
      expect(found?.what).toBeTruthy();
    },
  );

  test("nothing where nothing is broken", async () => {
    expect(await hunts.in([], "all-states")).toBeUndefined();
  });
});

test("every legal state of a scenario under ext4", async () => {
  const found = await enumerate(scenario.plan, { model: "ext4", pairs: false, seed: 1, statesMax: "all" });
  console.log(`${found.coverage?.legal} legal states, ${found.runs} runs, ${found.cpuMs / 1_000} CPU s`);
  expect(found.failures).toEqual([]);
  expect(found.coverage?.covered).toBe(found.coverage?.legal);
});
