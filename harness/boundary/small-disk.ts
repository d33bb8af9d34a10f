/**
 * A folder as a disk of its own that gets full: a tmpfs, with a chosen number of bytes left.
 *
 * Always: room is taken in whole pages, as on any disk in blocks; what is on it when it is taken away is left in the
 * folder.
 * Not able to: exist where mounting is not allowed (Linux, as root); {@link whyNoDisk} says so.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

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

  /** Takes the disk away; the files stay, named pipes among them. */
  remove(): void {
    const aside = mkdtempSync(`${this.#folder}-`);
    run("cp", ["-a", `${this.#folder}/.`, aside]);
    run("umount", [this.#folder]);
    rmdirSync(this.#folder);
    run("mv", [aside, this.#folder]);
  }
}

/** Why there can be no such disk here; undefined where there can. */
export function whyNoDisk(): string | undefined {
  if (process.platform !== "linux") return "A small disk needs Linux.";
  const folder = mkdtempSync(path.join(tmpdir(), "holdfast-mount-"));
  try {
    const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "holdfast", folder]);
    if (status !== 0) return `A file system cannot be mounted here: ${String(stderr).trim()}`;
    run("umount", [folder]);
    return undefined;
  } finally {
    rmdirSync(folder);
  }
}

function run(file: string, args: readonly string[]): void {
  execFileSync(file, args, { stdio: ["ignore", "ignore", "pipe"] });
}
