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
import type { AgentRun } from "./agents.ts";
import type { Machine } from "./machine.ts";

export interface CutRequest {
  readonly machine: Machine;
  readonly cut: number;
  readonly label: DiskCut["label"];
  readonly workspace: string;
  readonly subjectFiles: readonly SubjectFile[];
  /** Plan session of a subject's session id. */
  readonly sessionOf: (id: string | undefined) => number | undefined;
  /** Plan session of an agent's session id. */
  readonly agentSessionOf: (agentSessionId: string) => number | undefined;
  readonly agents: readonly AgentRun[];
}

export async function takeCut(request: CutRequest): Promise<DiskCut> {
  const { machine } = request;
  const t = machine.monotonic();
  const isAlive = async ({ pid, startTime }: AgentRun) => (await machine.startTimeOf(pid)) === startTime;
  const [subject, store, effects, alive] = await Promise.all([
    Promise.all(
      request.subjectFiles.map(({ role, path: file, session }) =>
        cutFile(machine, role, file, request.sessionOf(session)),
      ),
    ),
    agentFiles(machine, request.workspace, request.agentSessionOf).then((files) =>
      Promise.all(files.map(({ role, path: file, session }) => cutFile(machine, role, file, session))),
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
    effects: effects?.toString("utf8") ?? "",
  };
}

/** A file of the agent's own store, and the plan session that it belongs to. */
export interface AgentFile {
  readonly role: "agent-log" | "agent-snapshot";
  readonly path: string;
  readonly session: number | undefined;
}

/** The agent's logs and snapshots in the workspace, in order of name. */
export async function agentFiles(
  machine: Pick<Machine, "names">,
  workspace: string,
  sessionOf: (agentSessionId: string) => number | undefined,
): Promise<AgentFile[]> {
  const folders = [
    { role: "agent-log", folder: path.join(workspace, ".coding-agent", "events") },
    { role: "agent-snapshot", folder: path.join(workspace, ".coding-agent", "sessions") },
  ] as const;
  const listed = await Promise.all(
    folders.map(async ({ role, folder }) =>
      (await machine.names(folder)).sort().map((name) => ({
        role,
        path: path.join(folder, name),
        session: sessionOf(name.replace(/\.jsonl?$/, "")),
      })),
    ),
  );
  return listed.flat();
}

async function cutFile(
  machine: Pick<Machine, "readFile">,
  role: CutFile["role"],
  file: string,
  session: number | undefined,
): Promise<CutFile> {
  const place = { role, path: file, ...(session === undefined ? {} : { session }) };
  const bytes = await machine.readFile(file);
  if (bytes === undefined) return place;
  return isUtf8(bytes)
    ? { ...place, content: bytes.toString("utf8") }
    : { ...place, content: bytes.toString("base64"), base64: true };
}
