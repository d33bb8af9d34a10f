/**
 * Builds that are wrong on purpose: texts in source files replaced while they are bundled.
 *
 * Always: a patch that no longer fits its source fails loudly: a mutant that is none would count as found by nobody.
 */
import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** A change to one source file of a build. */
export interface SourcePatch {
  /** End of the file's path, as `src/journal/writer.ts`. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** As a plugin of esbuild; the build fails when a patch does not fit. */
export function patching(patches: readonly SourcePatch[]): Plugin {
  return {
    name: "patch",
    setup(onBuild) {
      const applied = new Set<SourcePatch>();
      onBuild.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = patches.filter(({ file }) => path.endsWith(`/${file}`));
        if (own.length === 0) return undefined;
        let contents = await readFile(path, "utf8");
        for (const patch of own) {
          const parts = contents.split(patch.find);
          if (parts.length !== 2) {
            throw new Error(
              `"${patch.find}" stands ${parts.length - 1} times in ${patch.file}; a patch needs it once.`,
            );
          }
          contents = parts.join(patch.replace);
          applied.add(patch);
        }
        return { contents, loader: "ts" };
      });
      onBuild.onEnd(() => {
        const missed = patches.find((patch) => !applied.has(patch));
        if (missed === undefined) return undefined;
        return { errors: [{ text: `The build has no file ${missed.file} to patch.` }] };
      });
    },
  };
}
