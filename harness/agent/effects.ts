/**
 * What a call does to the workspace: one line in the effects file.
 *
 * Always: one O_APPEND write of the whole line, so that a token is in the file entirely or not at all.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import { effectsFileName } from "./constants.ts";

export function leaveEffect(cwd: string, effectToken: string): void {
  const fd = openSync(path.join(cwd, effectsFileName), "a");
  try {
    writeSync(fd, `${effectToken}\n`);
  } finally {
    closeSync(fd);
  }
}

/** A missing file holds no effects. */
export function isEffectThere(cwd: string, effectToken: string): boolean {
  try {
    return readFileSync(path.join(cwd, effectsFileName), "utf8").split("\n").includes(effectToken);
  } catch {
    return false;
  }
}
