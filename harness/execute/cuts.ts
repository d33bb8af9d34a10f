/**
 * Takes the disk and the processes of a run at one moment.
 *
 * Always: taken while every lockstep agent is parked; the bytes are copied, so later writes change nothing.
 */
import { isUtf8 } from "node:buffer";
import path from "node:path";
import type { CutFile, DiskCut } from "../history.ts";
import { effectsFileName } from "../ledger.ts";
import type { SubjectFile } from "../subject/contract.ts";
import type { AgentFile } from "./agent-files.ts";
import type { AgentRun } from "./agents.ts";
import type { Machine } from "./machine.ts";
import type { LivingTool } from "./tools.ts";

export interface CutRequest {
  readonly machine: Machine;
  readonly cut: number;
  readonly label: DiskCut["label"];
  readonly workspace: string;
  readonly subjectFiles: readonly SubjectFile[];
  /** Plan session of a subject's session id. */
  readonly sessionOf: (id: string | undefined) => number | undefined;
  readonly agentFiles: readonly AgentFile[];
  readonly agents: readonly AgentRun[];
  readonly tools: readonly LivingTool[];
}

export async function takeCut(request: CutRequest): Promise<DiskCut> {
  const { machine } = request;
  const t = machine.monotonic();
  const isAlive = async ({ pid, startTime, served, gone }: AgentRun) =>
    !(served && gone) && (await machine.startTimeOf(pid)) === startTime;
  const [subject, store, effects, alive] = await Promise.all([
    Promise.all(
      request.subjectFiles.map(({ role, path: file, session }) =>
        cutFile(machine, role, file, request.sessionOf(session)),
      ),
    ),
    Promise.all(
      request.agentFiles.map(({ role, path: file, session }) => cutFile(machine, role, file, session)),
    ),
    machine.readFile(path.join(request.workspace, effectsFileName)),
    Promise.all(request.agents.map(async (agent) => ((await isAlive(agent)) ? [agent] : []))),
  ]);
  return {
    cut: request.cut,
    label: request.label,
    t,
    files: [...subject, ...store],
    alive: alive.flat().map(({ nonce, session, attempt, pid }) => ({ nonce, session, attempt, pid })),
    ...(request.tools.length === 0 ? {} : { tools: request.tools }),
    effects: effects?.toString("utf8") ?? "",
  };
}

async function cutFile(
  machine: Pick<Machine, "readFile">,
  role: CutFile["role"],
  file: string,
  session: number | undefined,
): Promise<CutFile> {
  const place = { role, path: file, ...(session === undefined ? {} : { session }) };
  const bytes = await machine.readFile(file);
  return bytes === undefined ? place : { ...place, ...contentOf(bytes) };
}

const contents = new WeakMap<Buffer, Pick<CutFile, "content" | "base64">>();

/** Bytes as a cut keeps them; a machine that gives the same bytes again is given the same text. */
function contentOf(bytes: Buffer): Pick<CutFile, "content" | "base64"> {
  const known = contents.get(bytes);
  if (known !== undefined) return known;
  const made = isUtf8(bytes)
    ? { content: bytes.toString("utf8") }
    : { content: bytes.toString("base64"), base64: true };
  contents.set(bytes, made);
  return made;
}
