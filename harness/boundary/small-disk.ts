/**
 * A folder as a disk of its own that gets full: a tmpfs, with a chosen number of bytes left.
 *
 * Always: room is taken in whole pages, as on any disk in blocks.
 */
import { mkdirSync, statfsSync } from "node:fs";
import { run, takeAway, whyNoMount } from "./mounts.ts";

/** More than any run writes. */
const roomyBytes = 256 * 1024 * 1024;

export class SmallDisk {
  readonly #folder: string;

  /** Puts an empty disk in the place of an empty folder; it is made where it is missing. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    run("mount", ["-t", "tmpfs", "-o", `size=${roomyBytes},mode=700`, "holdfast", folder]);
  }

  /** Leaves so many bytes free, counted up to whole pages. */
  leave(bytes: number): void {
    const { blocks, bfree, bsize } = statfsSync(this.#folder);
    const taken = (blocks - bfree) * bsize;
    // A size of nothing would mean no limit.
    run("mount", ["-o", `remount,size=${Math.max(bsize, taken + bytes)}`, this.#folder]);
  }

  /** Somebody gave it more room. */
  mend(): void {
    run("mount", ["-o", `remount,size=${roomyBytes}`, this.#folder]);
  }

  isFull(): boolean {
    return statfsSync(this.#folder).bfree === 0;
  }

  /** Takes the disk away; the files stay. */
  remove(): void {
    takeAway(this.#folder);
  }
}

/** Why there can be no such disk here; undefined where there can. */
export function whyNoDisk(): string | undefined {
  return whyNoMount(["-t", "tmpfs", "-o", "size=64k", "holdfast"]);
}
