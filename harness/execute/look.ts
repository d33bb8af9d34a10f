/**
 * Looks at what the subject says, as of one moment: no agent moves meanwhile, and one that has ended was noticed.
 */

import type { ObservedSession } from "../subject/contract.ts";
import { isLockstep } from "./advance.ts";
import type { AgentRun } from "./agents.ts";
import { type Execution, limits, observe, sessionIndex } from "./execution.ts";
import { throwIfStarved } from "./starvation.ts";

/** Observes while no agent moves: a free agent is stopped for the moment, so that disk and words belong together. */
export async function stillObserve(
  run: Execution,
  label: "ready" | "observe",
): Promise<readonly ObservedSession[]> {
  if (isLockstep(run)) return observe(run, label);
  const agents = run.agents.alive();
  await Promise.all(agents.map((agent) => run.machine.signal(agent, "SIGSTOP")));
  try {
    await lateEnds(run, agents);
    return await observe(run, label);
  } finally {
    await Promise.all(agents.map((agent) => run.machine.signal(agent, "SIGCONT")));
  }
}

/**
 * Of an agent that has gone the server said just now that it lives: given until it says otherwise, so that it is no matter
 * of luck whether the next look comes before that or behind it.
 */
export async function untilRightOn(run: Execution, said: readonly ObservedSession[]): Promise<void> {
  const isWrong = ({ id, live }: ObservedSession) => {
    const session = sessionIndex(run, id);
    return live === "yes" && session !== undefined && run.agents.alive(session).length === 0;
  };
  if (said.some(isWrong)) await untilNoticed(run);
}

/** The agent died under a living server: given until it says so, or the limit. */
export async function untilNoticed(run: Execution): Promise<void> {
  const gone = new Set(
    run.sessions.flatMap(({ id }, session) =>
      id !== undefined && run.agents.alive(session).length === 0 ? [id] : [],
    ),
  );
  const deadline = run.machine.nowMs() + limits.noticeMs;
  while (run.machine.nowMs() < deadline) {
    const since = run.recorder.entries.length;
    const { sessions } = await run.subject.observe(run.context);
    if (!sessions.some(({ id, live }) => gone.has(id) && live === "yes")) return;
    await run.recorder.until((entry) => entry.kind === "shown", 50, since);
  }
  await throwIfStarved(run, "the orchestrator to notice that its agent is gone");
}

/** As {@link untilNoticed}, where an agent has ended since the entry of that number. */
export async function untilNoticedSince(run: Execution, entry: number): Promise<void> {
  if (run.recorder.entries.slice(entry).some(({ kind }) => kind === "agent-exit")) await untilNoticed(run);
}

/** An agent may have ended a moment ago, and nobody has heard of it yet. */
async function lateEnds(run: Execution, agents: readonly AgentRun[]): Promise<void> {
  const starts = await Promise.all(agents.map(({ pid }) => run.machine.startTimeOf(pid)));
  const ended = agents.filter((_, index) => starts[index] === undefined);
  if (ended.length === 0) return;
  await run.agents.when(() => ended.every(({ gone }) => gone), limits.agentMs);
  await untilNoticed(run);
}
