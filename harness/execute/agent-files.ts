/**
 * The agents' own stores: where each keeps them, and which plan session a file belongs to.
 *
 * Always: a file that lies where an agent keeps its store, of a session that another agent works on, is not the
 * agent's: an orchestrator may write into the same folder.
 */
import path from "node:path";
import type { AgentName } from "../plan/plan.ts";
import type { Execution } from "./execution.ts";

/** The agent that the session's plan asks for. */
export function agentOf(run: Pick<Execution, "plan" | "subject">, session: number): AgentName {
  return run.plan.sessions[session]?.agent ?? run.subject.can.agents?.[0] ?? "ada";
}

/** A file of an agent's own store. */
export interface AgentFile {
  readonly role: "agent-log" | "agent-snapshot";
  readonly path: string;
  /** Plan session, where the file's name tells it. */
  readonly session: number | undefined;
}

/** The logs and snapshots of all agents that the plan has, in order of name. */
export async function agentFiles(
  run: Pick<Execution, "plan" | "subject" | "machine" | "agents" | "context" | "environment">,
): Promise<readonly AgentFile[]> {
  const owners = run.plan.sessions.map((_, session) => agentOf(run, session));
  const listed = await Promise.all(
    [...new Set(owners)].map(async (agent) => {
      const files = await Promise.all(
        storesOf(agent, run.context.workspace, path.join(run.environment.dir, "home")).map((store) =>
          filesIn(run, store),
        ),
      );
      return files.flat().filter(({ session }) => session === undefined || owners[session] === agent);
    }),
  );
  return listed.flat();
}

interface Store {
  readonly role: AgentFile["role"];
  readonly folder: string;
  /** Folders named by a number that lie between the folder and its files: year, month, day. */
  readonly levels: number;
}

/** An agent that speaks ACP tells nobody where its store is. */
function storesOf(agent: AgentName, workspace: string, home: string): readonly Store[] {
  if (agent === "acp") return [];
  if (agent === "codex")
    return [{ role: "agent-log", folder: path.join(home, ".codex", "sessions"), levels: 3 }];
  const base = path.join(workspace, agent === "ada" ? ".coding-agent" : ".anita");
  return [
    { role: "agent-log", folder: path.join(base, "events"), levels: 0 },
    { role: "agent-snapshot", folder: path.join(base, "sessions"), levels: 0 },
  ];
}

async function filesIn(
  run: Pick<Execution, "machine" | "agents">,
  { role, folder, levels }: Store,
): Promise<readonly AgentFile[]> {
  const names = (await run.machine.names(folder)).sort();
  if (levels > 0) {
    const inner = names.map((name) =>
      filesIn(run, { role, folder: path.join(folder, name), levels: levels - 1 }),
    );
    return (await Promise.all(inner)).flat();
  }
  return names.map((name) => ({
    role,
    path: path.join(folder, name),
    session: run.agents.sessionOf(storeIdOf(name)),
  }));
}

/** The agent's session id in the name of a file of its store. */
function storeIdOf(name: string): string {
  const stem = name.replace(/\.jsonl?$/, "");
  return /^rollout-.{20}(.{36})$/.exec(stem)?.[1] ?? stem;
}
