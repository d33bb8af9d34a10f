/**
 * `holdfast inspect [DIR]`: where every agent's sessions of a project stand.
 *
 * Exit codes: 0 nothing to decide · 1 a decision is needed · 2 misuse · 3 something could not be read.
 * Always: nothing is written but the answer; an unexpected failure is one sentence as well.
 */
import type { KeepLimits } from "../agent/resume-types.ts";
import type { Program } from "../host/program.ts";
import {
  exitCodeOf,
  historyLines,
  type Inspection,
  paintOf,
  reportPieces,
  tableLines,
} from "../inspect/index.ts";
import { inspectFolder, type ProjectFlags, type ProjectWorld } from "./project.ts";

export interface InspectFlags extends ProjectFlags {
  readonly json?: boolean;
}

/** An inspection judges and does not repeat: long texts are not kept, nor what is long over. */
export const inspectKeep: KeepLimits = { textCharsMax: 4_096, bytesMax: 8 * 1024 * 1024 };

/** Runs the command; ends the program. */
export async function inspectCommand(
  make: () => Promise<ProjectWorld>,
  program: Program,
  dir: string,
  flags: InspectFlags,
): Promise<void> {
  const inspection = await inspectFolder(await make(), program, dir, flags, inspectKeep);
  if ("misuse" in inspection) {
    program.complain(`holdfast: ${inspection.misuse}`);
    return program.end(2);
  }
  if (flags.json === true) for (const piece of reportPieces(inspection)) program.write(piece);
  else printText(program, inspection, flags.session !== undefined);
  await program.end(exitCodeOf(inspection));
}

function printText(program: Program, inspection: Inspection, isWhole: boolean): void {
  const { NO_COLOR: noColour } = program.env;
  const paint = paintOf(program.isTerminal && (noColour === undefined || noColour === ""));
  if (!isWhole) {
    for (const line of tableLines(inspection, paint)) program.print(line);
    return;
  }
  for (const [at, session] of inspection.sessions.entries()) {
    if (at > 0) program.print("");
    for (const line of historyLines(session, paint)) program.print(line);
  }
}
