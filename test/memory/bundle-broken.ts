/** Bundles an entry together with an orchestrator whose sources are patched to be wrong. */
import { build } from "esbuild";
import { patching, type SourcePatch } from "../../harness/launch/patch.ts";

export async function bundleBroken(
  entry: string,
  patches: readonly SourcePatch[],
  file: string,
): Promise<void> {
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
}
