/**
 * `holdfast repair [DIR]`: what would be repaired, as a diff, and the first message for a resumed agent.
 *
 * Exit codes: 0 nothing to repair, or repaired · 1 a person decides first, or --write would change something · 2 misuse ·
 * 3 something could not be read.
 * Always: without --write no byte changes.
 */
import { adapters } from "../agent/index.ts";
import type { Program } from "../host/program.ts";
import { clean, type InspectedSession, type Inspection, isUnreadable, strangerOf } from "../inspect/index.ts";
import { HoldfastError } from "../model/error.ts";
import { IoError } from "../model/ports.ts";
import { carryOut, diffLines, planRepair, type RepairPlan } from "../repair/index.ts";
import { inspectFolder, type ProjectFlags, type ProjectWorld } from "./project.ts";

export interface RepairFlags extends ProjectFlags {
  readonly write?: boolean;
}

/** Runs the command; ends the program. */
export async function repairCommand(
  make: () => Promise<ProjectWorld>,
  program: Program,
  dir: string,
  flags: RepairFlags,
): Promise<void> {
  const project = await make();
  const inspection = await inspectFolder(project, program, dir, flags, undefined);
  if ("misuse" in inspection) {
    program.complain(`holdfast: ${inspection.misuse}`);
    return program.end(2);
  }
  let needsPerson = false;
  let planned = 0;
  for (const session of inspection.sessions) {
    const outcome = await repairOne(project, program, session, flags.write === true);
    needsPerson ||= outcome === "open";
    if (outcome !== "nothing") planned += 1;
  }
  for (const { path, why } of inspection.troubles) program.print(`unreadable  ${clean(path)}: ${clean(why)}`);
  const isPartial = hasUnreadable(inspection);
  if (planned === 0)
    program.print(isPartial ? "Nothing to repair in what could be read." : "Nothing to repair.");
  await program.end(isPartial ? 3 : needsPerson ? 1 : 0);
}

function hasUnreadable({ sessions, troubles }: Inspection): boolean {
  return troubles.length > 0 || sessions.some(isUnreadable);
}

async function repairOne(
  project: ProjectWorld,
  program: Program,
  session: InspectedSession,
  isWriting: boolean,
): Promise<"nothing" | "done" | "open"> {
  const adapter = adapters[session.found.agent];
  if (adapter === undefined) throw new HoldfastError("bad-state", `No adapter for ${session.found.agent}.`);
  const { evidence, verdict, sent, asked, cwd } = session;
  const parts = { agentSessionId: session.found.id, cwd, evidence, verdict, sent, asked };
  const plan = await planRepair(project.files, adapter, parts, project.world.clock.now());
  const hasMessage = plan.message !== undefined && verdict.recovery.action === "resume";
  if (plan.steps.length === 0 && !hasMessage) return "nothing";
  program.print(`${clean(plan.agent, 20)} ${clean(plan.agentSessionId, 80)}`);
  for (const line of diffLines(plan)) program.print(line);
  if (hasMessage) printMessage(program, plan);
  if (plan.refusal !== undefined) program.print(`Nothing is written: ${clean(plan.refusal)}`);
  const isDone = plan.steps.length === 0 || (isWriting && (await writePlan(project, program, session, plan)));
  program.print("");
  return isDone && plan.refusal === undefined ? "done" : "open";
}

function printMessage(program: Program, { message = "" }: RepairPlan): void {
  program.print("# First message for the resumed agent:");
  for (const line of message.split("\n")) program.print(`> ${clean(line, 4_000)}`.trimEnd());
}

async function writePlan(
  { files, names, processes }: ProjectWorld,
  program: Program,
  { found, cwd }: InspectedSession,
  plan: RepairPlan,
): Promise<boolean> {
  const whoLives = async () => {
    const adapter = adapters[found.agent];
    const alive =
      adapter === undefined
        ? undefined
        : strangerOf(adapter, { id: found.id, folders: [cwd] }, await processes.list(), []);
    return alive === undefined ? undefined : `An agent may be working on this session (${alive.cite.value}).`;
  };
  try {
    const done = await carryOut({ files, names, whoLives }, plan);
    for (const path of done.kept) program.print(`kept      ${clean(path)}`);
    for (const path of done.written) program.print(`repaired  ${clean(path)}`);
    if (!done.ok && plan.refusal === undefined) program.print(`Nothing more is written: ${clean(done.why)}`);
    return done.ok;
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    program.print(`The disk refused: ${clean(thrown.message)}. Each file is whole; run the repair again.`);
    return false;
  }
}
