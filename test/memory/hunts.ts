/** Hunts in builds with patched sources; each build is a file of its own, below one folder that goes when it is closed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { SourcePatch } from "../../harness/launch/patch.ts";
import { bundleBroken } from "./bundle-broken.ts";
import type { Found, Hunt, hunt } from "./hunt.ts";

export class Hunts {
  readonly #dir: string;
  #built = 0;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open(): Promise<Hunts> {
    return new Hunts(await mkdtemp(path.join(tmpdir(), "holdfast-mutants-")));
  }

  /** Hunts in a build with the patches. */
  async in(patches: readonly SourcePatch[], how: Hunt): Promise<Found | undefined> {
    this.#built += 1;
    const file = path.join(this.#dir, `hunt-${this.#built}.mjs`);
    const entry = fileURLToPath(new URL("hunt.ts", import.meta.url));
    await bundleBroken(entry, patches, file);
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { hunt: typeof hunt };
    return module.hunt(how);
  }

  close(): Promise<void> {
    return rm(this.#dir, { recursive: true, force: true });
  }
}
