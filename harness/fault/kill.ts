/**
 * kill: the process is gone between two instructions, as by the out-of-memory killer, `kill -9` or a crash.
 *
 * Not able to: lose written bytes. What a process wrote stays in the page cache; that is a power cut's work.
 */
import type { AgentRun } from "../execute/agents.ts";
import { type Execution, limits, WatchdogFired } from "../execute/execution.ts";
import { freezeServer, killServer } from "../execute/server.ts";
import type { Fault } from "./contract.ts";

export const kill: Fault<"kill"> = {
  kind: "kill",
  imitates: "SIGKILL to the server, the agent, both, or everything that descends from the server",
  available: () => true,
  async inject(run, { target }, site) {
    const agents = target === "tree" ? run.agents.alive() : run.agents.alive(site.session);
    // The server first: it must not see its agent die.
    if (target !== "agent") await killServer(run, target === "tree" ? "tree" : "alone");
    if (target !== "server") await killAgents(run, agents);
    if (target === "agent") await freezeServer(run, false);
    return { serverGone: target !== "agent" };
  },
};

/** SIGKILL to agents by identity; resolves when their sockets say that they are gone. */
export async function killAgents(run: Execution, agents: readonly AgentRun[]): Promise<void> {
  await Promise.all(agents.map((agent) => run.machine.signal(agent, "SIGKILL")));
  const gone = await run.agents.when(() => agents.every((agent) => agent.gone), limits.agentMs);
  if (!gone) throw new WatchdogFired("killed agents to be gone");
}
