import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { bundleBroken } from "./bundle-broken.ts";
import type { Found, hunt } from "./hunt.ts";
import { type Mutant, mutants } from "./mutants.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-mutants-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let built = 0;

/** Hunts in a build with the patches. */
async function huntIn(patches: readonly SourcePatch[], how: Mutant["hunt"]): Promise<Found | undefined> {
  built += 1;
  const file = path.join(dir, `hunt-${built}.mjs`);
  const entry = fileURLToPath(new URL("hunt.ts", import.meta.url));
  await bundleBroken(entry, patches, file);
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { hunt: typeof hunt };
  return module.hunt(how);
}

describe("each way to break durability is found in memory", () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "%s",
    async (_, { patches, hunt: how }) => {
      const found = await huntIn(patches, how);
      expect(found?.what).toBeTruthy();
    },
    60_000,
  );

  test.each(["order", "power", "failed-sync", "late-write"] as const)(
    "nothing is found by %s where nothing is broken",
    async (how) => {
      expect(await huntIn([], how)).toBeUndefined();
    },
    60_000,
  );
});
