/**
 * Processes of single calls: which of them live, and letting those go on whose agents are gone.
 *
 * Always: known by what stands in their agents' ledgers, and by identity.
 */
import type { LedgerEntry } from "../ledger.ts";
import type { Plan } from "../plan/plan.ts";
import { type Execution, limits, WatchdogFired } from "./execution.ts";

type ToolEntry = Extract<LedgerEntry, { kind: "tool" }>;

export interface LivingTool {
  readonly session: number;
  readonly callId: string;
}

/** Tools that wait or work. */
export async function livingTools(
  run: Pick<Execution, "plan" | "agents" | "machine">,
): Promise<LivingTool[]> {
  return (await toolsOf(run, () => true)).map(({ session, callId }) => ({ session, callId }));
}

/** Lets every tool go on whose agent is gone; resolves when they have ended. @throws WatchdogFired. */
export async function letToolsFinish(run: Execution): Promise<void> {
  const deadline = run.machine.nowMs() + limits.agentMs;
  for (const { goPath } of await toolsOf(run, ({ gone }) => gone))
    await run.machine.writeFile(goPath, new TextEncoder().encode("go\n"));
  while ((await toolsOf(run, ({ gone }) => gone)).length > 0) {
    if (run.machine.nowMs() > deadline) throw new WatchdogFired("a tool without its agent to end");
    await new Promise<void>((resolve) => void run.machine.after(10, resolve));
  }
}

async function toolsOf(
  { plan, agents, machine }: Pick<Execution, "plan" | "agents" | "machine">,
  chosen: (agent: { readonly gone: boolean }) => boolean,
): Promise<(ToolEntry & { readonly session: number })[]> {
  if (!hasTools(plan)) return [];
  const found = await Promise.all(
    agents.runs.filter(chosen).map(async (agent) => {
      const tools = (await agents.ledger(agent)).filter((entry) => entry.kind === "tool");
      const alive = await Promise.all(
        tools.map(async ({ pid, startTime }) => (await machine.startTimeOf(pid)) === startTime),
      );
      return tools.filter((_, at) => alive[at]).map((tool) => ({ ...tool, session: agent.session }));
    }),
  );
  return found.flat();
}

function hasTools({ sessions }: Plan): boolean {
  return sessions.some(({ turns }) =>
    turns.some(({ script }) => script.replies.some(({ calls }) => calls.some(({ tool }) => tool === true))),
  );
}
