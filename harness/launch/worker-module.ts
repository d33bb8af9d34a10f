/**
 * The campaign's worker as one ES module that Node runs as it is.
 *
 * Every process that a run needs is forked from its worker, and a fork costs by the pages that the worker holds:
 * under a loader of TypeScript it holds a compiler's heap and the harness in many small modules besides.
 * Always: a module that looks for files beside itself finds them where its source is.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const entry = fileURLToPath(new URL("../campaign/worker.ts", import.meta.url));

/** Packages that find their other files beside themselves: they stay where they are installed. */
const stays = ["esbuild", "tsx/esm/api"];

/** @throws Error with esbuild's message, which names file and line, when the worker cannot be built. */
export async function makeWorkerModule(): Promise<Uint8Array> {
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
    define: { "import.meta.url": placeName },
    // Packages in CommonJS reach node: modules by require, which an ES module has not.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    plugins: [staying, knowingPlaces],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("Bundling the worker gave no output.");
  return output.contents;
}

const staying: Plugin = {
  name: "staying",
  setup({ onResolve }) {
    for (const name of stays) {
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({
        path: import.meta.resolve(name),
        external: true,
      }));
    }
  },
};

const placeName = "__place";

/** Each module has its own place; esbuild keeps the names apart. */
const knowingPlaces: Plugin = {
  name: "knowing-places",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!text.includes("import.meta.url")) return undefined;
      const place = JSON.stringify(pathToFileURL(path).href);
      return { contents: `const ${placeName} = ${place};${text}`, loader: "ts" };
    });
  },
};
