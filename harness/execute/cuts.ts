/**
 * Takes the disk and the processes of a run at one moment.
 *
 * Always: taken while every lockstep agent is parked; the bytes are copied, so later writes change nothing.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { CutFile, DiskCut } from "../history.ts";
import { effectsFileName } from "../ledger.ts";
import type { SubjectFile } from "../subject/contract.ts";
import type { AgentRun } from "./agents.ts";
import { isAlive } from "./processes.ts";
import { monotonicNow } from "./recorder.ts";

export interface CutRequest {
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
  const t = monotonicNow();
  const [subject, store, effects, alive] = await Promise.all([
    Promise.all(
      request.subjectFiles.map(({ role, path: file, session }) =>
        cutFile(role, file, request.sessionOf(session)),
      ),
    ),
    agentFiles(request.workspace, request.agentSessionOf).then((files) =>
      Promise.all(files.map(({ role, path: file, session }) => cutFile(role, file, session))),
    ),
    readFile(path.join(request.workspace, effectsFileName), "utf8").catch(() => ""),
    Promise.all(request.agents.map(async (agent) => ((await isAlive(agent)) ? [agent] : []))),
  ]);
  return {
    cut: request.cut,
    label: request.label,
    t,
    files: [...subject, ...store],
    alive: alive.flat().map(({ nonce, session, attempt, pid }) => ({ nonce, session, attempt, pid })),
    effects,
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
  workspace: string,
  sessionOf: (agentSessionId: string) => number | undefined,
): Promise<AgentFile[]> {
  const folders = [
    { role: "agent-log", folder: path.join(workspace, ".coding-agent", "events") },
    { role: "agent-snapshot", folder: path.join(workspace, ".coding-agent", "sessions") },
  ] as const;
  const listed = await Promise.all(
    folders.map(async ({ role, folder }) =>
      (await readdir(folder).catch(() => [])).sort().map((name) => ({
        role,
        path: path.join(folder, name),
        session: sessionOf(name.replace(/\.jsonl?$/, "")),
      })),
    ),
  );
  return listed.flat();
}

async function cutFile(role: CutFile["role"], file: string, session: number | undefined): Promise<CutFile> {
  const place = { role, path: file, ...(session === undefined ? {} : { session }) };
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return place;
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes)
    ? { ...place, content: text }
    : { ...place, content: bytes.toString("base64"), base64: true };
}
