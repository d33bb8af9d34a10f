/**
 * File systems under a run's folder: what small and crashing disks share.
 *
 * Always: what is on one when it is taken away is left in the folder, named pipes among it.
 * Not able to: exist where mounting is not allowed (Linux, as root).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export function run(file: string, args: readonly string[]): void {
  execFileSync(file, args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Takes the file system away that is mounted on the folder; its files stay. */
export function takeAway(folder: string): void {
  const aside = mkdtempSync(`${folder}-`);
  run("cp", ["-a", `${folder}/.`, aside]);
  run("umount", [folder]);
  rmdirSync(folder);
  run("mv", [aside, folder]);
}

/** Tries a mount of these arguments on a folder of its own; why it cannot be done, or undefined. */
export function whyNoMount(args: readonly string[]): string | undefined {
  if (process.platform !== "linux") return "A disk of its own needs Linux.";
  const folder = mkdtempSync(path.join(tmpdir(), "holdfast-mount-"));
  try {
    const { status, stderr, error } = spawnSync("mount", [...args, folder]);
    if (status !== 0)
      return `A file system cannot be mounted here: ${error?.message ?? String(stderr).trim()}`;
    run("umount", [folder]);
    return undefined;
  } finally {
    rmdirSync(folder);
  }
}
