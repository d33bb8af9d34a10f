/**
 * What a call does to the workspace: one line in the effects file.
 *
 * Always: one O_APPEND write of the whole line, so that a token is in the file entirely or not at all.
 */
import path from "node:path";
import { effectsFileName } from "./constants.ts";
import type { AgentMachine } from "./machine.ts";

export function leaveEffect(machine: AgentMachine, cwd: string, effectToken: string): void {
  const file = path.join(cwd, effectsFileName);
  // A power cut may have left half a line.
  const glue = isTorn(machine, file) ? "\n" : "";
  machine.appendText(file, `${glue}${effectToken}\n`);
}

function isTorn(machine: AgentMachine, file: string): boolean {
  return machine.sizeOf(file) > 0 && !machine.readText(file).endsWith("\n");
}

/** A missing file holds no effects. */
export function isEffectThere(machine: AgentMachine, cwd: string, effectToken: string): boolean {
  try {
    return machine.readText(path.join(cwd, effectsFileName)).split("\n").includes(effectToken);
  } catch {
    return false;
  }
}
