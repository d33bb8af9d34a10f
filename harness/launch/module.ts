/**
 * Programs that await at their top level: TypeScript bundled to one ES module.
 *
 * Node starts it slower than what `program.ts` makes; it is for servers that are written so.
 */
import { build } from "esbuild";

/** @throws Error with esbuild's message, which names file and line, when the entry cannot be built. */
export async function makeModule(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    write: false,
    logLevel: "silent",
    minifyWhitespace: true,
    minifySyntax: true,
    // Packages in CommonJS reach node: modules by require, which an ES module has not.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error(`Bundling ${entry} gave no output.`);
  return output.contents;
}
