/**
 * The named regressions, by name: read from this folder, so that a new scenario is one file.
 */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Scenario } from "./scenario.ts";

const folder = path.dirname(fileURLToPath(import.meta.url));
const notScenarios = ["index.ts", "scenario.ts"];

/** All scenarios, in order of name. */
export async function loadScenarios(): Promise<Scenario[]> {
  const files = (await readdir(folder))
    .filter((name) => name.endsWith(".ts") && !notScenarios.includes(name))
    .sort();
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(pathToFileURL(path.join(folder, file)).href)) as { default: Scenario };
      return module.default;
    }),
  );
}
