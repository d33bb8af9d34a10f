/**
 * The catalogue of seeded bugs, where there is one: it is part of the repository and not of the package.
 */
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Bug } from "./bug.ts";

export const catalogueFile = fileURLToPath(new URL("../../test/bugs/index.ts", import.meta.url));

/** All seeded bugs; undefined outside of a checkout. */
export async function loadCatalogue(): Promise<readonly Bug[] | undefined> {
  if (!existsSync(catalogueFile)) return undefined;
  const { bugs } = (await import(pathToFileURL(catalogueFile).href)) as { readonly bugs: readonly Bug[] };
  return bugs;
}
