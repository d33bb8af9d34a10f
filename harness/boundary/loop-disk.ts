/**
 * A folder on a real ext4 of its own, and what is left of it when the power fails: the device as it is at that moment.
 *
 * The device is an image file on a loop: what ext4 has handed to it is in the image, what is only in memory is not. So a
 * copy of the image, mounted again, is the disk after a power cut; ext4 replays its own journal on it.
 * Always: what was there before the first start of the server has been synced.
 * Not able to: tear a single block, or lose what the device was told to keep: a copy is of whole writes, in order.
 */
import { constants, copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { run, takeAway, whyNoMount } from "./mounts.ts";

const imageBytes = 48 * 1024 * 1024;

export class LoopDisk {
  readonly #folder: string;
  #cuts = 0;

  /** Puts an empty ext4 in the place of an empty folder; it is made where it is missing. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    makeImage(this.#image());
    this.#mount();
    rmSync(path.join(folder, "lost+found"), { recursive: true });
  }

  /** Brings what is there to the device. */
  sync(): void {
    run("sync", ["-f", this.#folder]);
  }

  /** Keeps the device as it is now. To be called at once; processes may still be alive. */
  powerFails(): void {
    const before = this.#image();
    this.#cuts += 1;
    copyFileSync(before, this.#image(), constants.COPYFILE_FICLONE);
  }

  /** Mounts what was kept. Nothing may use the folder any more. */
  powerIsBack(): void {
    run("umount", [this.#folder]);
    this.#mount();
  }

  remove(): void {
    takeAway(this.#folder);
    for (; this.#cuts >= 0; this.#cuts -= 1) rmSync(this.#image());
  }

  #image(): string {
    return `${this.#folder}-disk-${this.#cuts}`;
  }

  #mount(): void {
    // The longest time without a commit that nobody asked for: what is left depends on the server's syncs alone.
    run("mount", ["-o", "loop,commit=300", this.#image(), this.#folder]);
  }
}

function makeImage(image: string): void {
  writeFileSync(image, "");
  truncateSync(image, imageBytes);
  run("mkfs.ext4", ["-q", "-F", image]);
}

/** Why there can be no such disk here; undefined where there can. */
export function whyNoLoopDisk(): string | undefined {
  const image = path.join(tmpdir(), `holdfast-loop-${process.pid}`);
  try {
    makeImage(image);
    return whyNoMount(["-o", "loop", image]);
  } catch (error) {
    return `An ext4 cannot be made here: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    rmSync(image, { force: true });
  }
}
