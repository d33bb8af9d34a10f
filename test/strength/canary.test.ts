import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildHunter } from "../../harness/strength/build.ts";
import { huntMutant } from "../../harness/strength/canary.ts";
import { bugOf, drawMutant } from "../../harness/strength/draw-mutant.ts";
import { bugs } from "../bugs/index.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-canary-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it("each bug is drawn by some seed, and a seed draws one", () => {
  const drawn = Array.from({ length: 800 }, (_, seed) => bugOf(seed, bugs)?.id);
  expect(new Set(drawn).size).toBe(bugs.length);
  expect(bugOf(7, bugs)).toBe(bugOf(7, bugs));
  expect(bugOf(7, [])).toBeUndefined();
});

it("the bug that is drawn is found; a build without one lives, and the campaign is told", async () => {
  const seed = Array.from({ length: 800 }, (_, index) => index).find(
    (index) => bugOf(index, bugs)?.id === "dangling-call-reads-done",
  );
  const mutant = (await drawMutant(seed ?? 0, dir)) ?? expect.fail();
  expect(await huntMutant(mutant, seed ?? 0, () => false, 60)).toMatchObject({
    id: "dangling-call-reads-done",
    end: "found",
  });
  const file = path.join(dir, "sound.cjs");
  await buildHunter([], file);
  expect(await huntMutant({ id: "none", file }, 1, () => false, 2)).toEqual({
    id: "none",
    end: "lived",
    runs: 2,
  });
  expect(await huntMutant({ id: "none", file }, 1, () => true, 2)).toMatchObject({
    end: "cut short",
    runs: 0,
  });
}, 60_000);
