/**
 * Builds the hunter together with an orchestrator that carries a bug, or none.
 *
 * Always: the build is the package's own sources with the bug's patches; a patch that does not fit fails it.
 */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { patching, type SourcePatch } from "../launch/patch.ts";

const hunter = fileURLToPath(new URL("./hunter.ts", import.meta.url));

/** Writes the hunter with these patches as one module: of CommonJS where the file's name ends so, else an ES module. */
export async function buildHunter(patches: readonly SourcePatch[], file: string): Promise<void> {
  const format = file.endsWith(".cjs") ? "cjs" : "esm";
  await build({
    entryPoints: [hunter],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20",
    format,
    logLevel: "silent",
    plugins: [patching(patches)],
    // Packages in CommonJS reach node: modules by require, which an ES module has not.
    ...(format === "cjs"
      ? {}
      : {
          banner: {
            js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
          },
        }),
  });
}
