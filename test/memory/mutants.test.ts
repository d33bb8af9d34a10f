import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patching, type SourcePatch } from "../../harness/launch/patch.ts";
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
  await build({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "silent",
    plugins: [patching(patches)],
    // Packages in CommonJS reach node: modules by require, which an ES module has not.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
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
