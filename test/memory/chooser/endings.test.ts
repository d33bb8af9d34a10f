/** How the world ends: by the models that are asked for, in order, where something was written or was on its way. */
import { expect, it } from "vitest";
import { Endings } from "../../../harness/memory/chooser/endings.ts";
import type { Shape } from "../../../harness/memory/chooser/shape.ts";
import { defaultModels } from "../../../harness/memory/crashes.ts";
import { Random } from "../../../harness/memory/random.ts";

const calls = 40;
const shape: Shape = {
  calls,
  steps: Array.from({ length: calls }, (_, at) => `step ${at}`),
  phases: Array.from({ length: calls }, () => "one"),
  changes: [3, 7, 8, 30, 31],
  syncs: [8, 20, 31],
  journalSyncs: [8, 31],
  appends: [7, 30],
  together: [30],
  costsMs: [],
};

function drawn(models: typeof defaultModels) {
  const [endings, random] = [new Endings(models), new Random(1)];
  return Array.from({ length: 400 }, () => endings.draw(shape, random));
}

it("each way comes, crashes in order, the first at a call that there is", () => {
  const all = drawn(defaultModels);
  expect(new Set(all.map(({ layer }) => layer))).toEqual(new Set(["boundary", "power", "disk"]));
  const crashes = all.map((one) => one.crashes);
  for (const [first, second] of crashes) {
    expect(first?.call).toBeGreaterThanOrEqual(1);
    if (second !== undefined) expect(second.call).toBeGreaterThan(first?.call ?? 0);
  }
  expect(new Set(crashes.flat().map(({ when }) => when))).toEqual(
    new Set(["before", "after", "torn", "late"]),
  );
  expect(new Set(crashes.flat().map(({ model }) => model))).toEqual(new Set(defaultModels));
});

it("nothing but a write is torn or late, and nothing but a sync fails", () => {
  for (const { crashes } of drawn(defaultModels)) {
    for (const { call, when, drops } of crashes) {
      if (when === "torn" || when === "late") expect(shape.appends).toContain(call);
      if (drops !== undefined) expect(shape.syncs).toContain(drops);
      if (drops !== undefined) expect(call).toBeGreaterThan(drops);
    }
  }
});

it("of the syncs that fail most are the journal's; of their servers some are killed at once, and the power goes later", () => {
  const failed = drawn(defaultModels).filter(({ layer }) => layer === "disk");
  const dropped = failed.map(({ crashes: [first] }) => first?.drops);
  expect(new Set(dropped)).toEqual(new Set([8, 20, 31]));
  const killed = failed.filter(({ crashes: [first] }) => first?.model === "kill");
  expect(killed.length).toBeGreaterThan(0);
  expect(killed.length).toBeLessThan(failed.length / 2);
  for (const { crashes } of failed) expect(crashes.at(-1)).toMatchObject({ model: "posix", state: "least" });
});

it("a model that is not asked for does not come", () => {
  const models = (...asked: typeof defaultModels) =>
    new Set(drawn(asked).flatMap(({ crashes }) => crashes.map(({ model }) => model)));
  expect(models("kill")).toEqual(new Set(["kill"]));
  expect(models("posix")).toEqual(new Set(["posix"]));
  expect(models("ext4", "torn")).toEqual(new Set(["ext4", "torn"]));
});
