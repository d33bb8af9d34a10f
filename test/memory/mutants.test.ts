import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Hunts } from "./hunts.ts";
import { mutants } from "./mutants.ts";

let hunts: Hunts;
beforeAll(async () => {
  hunts = await Hunts.open();
});
afterAll(() => hunts.close());

describe("each way to break durability is found in memory", () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "%s",
    async (_, { patches, hunt: how }) => {
      const found = await hunts.in(patches, how);
      expect(found?.what).toBeTruthy();
    },
    60_000,
  );

  test.each(["order", "power", "failed-sync", "late-write"] as const)(
    "nothing is found by %s where nothing is broken",
    async (how) => {
      expect(await hunts.in([], how)).toBeUndefined();
    },
    60_000,
  );
});
