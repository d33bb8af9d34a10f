/**
 * The scripted user: resumes what was interrupted, and brings every session to its end.
 *
 * Always: the user acts on what the orchestrator says, never on what the harness knows better; only where it has
 * no word for "ended" does the user go by the agent's own end.
 */
import type { ObservedSession } from "../subject/contract.ts";
import { isLockstep, nextTurns, passGates, quiesce, step, turnEnded } from "./advance.ts";
import { type Execution, limits, observedOf, WatchdogFired } from "./execution.ts";
import { recoverSubmit, resumeSession } from "./prompt.ts";
import { throwIfStarved } from "./starvation.ts";
import { letToolsFinish } from "./tools.ts";

const resumesMax = 6;
/** More gates than any script has. */
const gatesMax = 1_000;

/** Resumes each session that is neither live nor ended; with `onlyFirst`, stops after the first that was accepted. */
export async function resumeInterrupted(
  run: Execution,
  observed: readonly ObservedSession[],
  orphanGates: number,
  onlyFirst: boolean,
): Promise<boolean> {
  let accepted = false;
  for (const session of run.sessions.keys()) {
    if (run.sessions[session]?.id === undefined) {
      const isNew = await recoverSubmit(run, session, observed);
      accepted ||= isNew;
      if (observedOf(run, observed, session) === undefined) continue;
    }
    const said = observedOf(run, observed, session);
    if (said === undefined || said.live === "yes" || (await isOver(run, session, said))) continue;
    accepted = (await resumeOne(run, session, orphanGates)) || accepted;
    if (accepted && onlyFirst) return true;
  }
  return accepted;
}

/**
 * A person who does not look: asks for each session that has not ended to be resumed, also of one whose agent is said
 * to work. What is resumed by what it says is then asked for a second time. Whoever keeps one driver a session refuses
 * what comes beside an agent.
 */
export async function insist(run: Execution, observed: readonly ObservedSession[]): Promise<void> {
  for (const session of run.sessions.keys()) {
    const said = observedOf(run, observed, session);
    const { id } = run.sessions[session] ?? {};
    if (id === undefined || said === undefined || (await isOver(run, session, said))) continue;
    await resumeSession(run, session, id);
    await quiesce(run);
  }
}

/** Has the session's current turn come to its end, by the orchestrator's word? */
async function isOver(run: Execution, session: number, said: ObservedSession): Promise<boolean> {
  if (said.ended === "yes") return true;
  return (
    said.ended === "unknown" && run.agents.alive(session).length === 0 && (await turnEnded(run, session))
  );
}

async function resumeOne(run: Execution, session: number, orphanGates: number): Promise<boolean> {
  const progress = run.sessions[session];
  if (progress?.id === undefined || progress.resumes >= resumesMax) return false;
  progress.resumes += 1;
  const orphans = run.agents.alive(session);
  if (!(await resumeSession(run, session, progress.id))) return false;
  await quiesce(run);
  for (let passed = 0; passed < orphanGates && isLockstep(run); passed += 1) {
    const orphan = orphans.find(({ gone }) => !gone);
    if (orphan === undefined) break;
    await step(run, orphan, "orphan, during the resume");
  }
  return true;
}

/** Brings every session to its end: lets agents finish, submits what is left, resumes what stopped. */
export async function settle(run: Execution): Promise<void> {
  for (let pass = 0; pass < resumesMax * run.sessions.length + 4; pass += 1) {
    await letAgentsFinish(run);
    if (await nextTurns(run)) continue;
    const sessions = await whenNoticed(run);
    const open: number[] = [];
    for (const session of run.sessions.keys()) {
      const said = observedOf(run, sessions, session);
      if (said === undefined || !(await isOver(run, session, said))) open.push(session);
    }
    if (open.length === 0) {
      if (
        run.sessions.every(({ turn }, session) => turn + 1 >= (run.plan.sessions[session]?.turns.length ?? 1))
      )
        return;
      if (!(await nextTurns(run))) throw new WatchdogFired("the next turn to be accepted");
      continue;
    }
    const resumed = await resumeInterrupted(run, sessions, 0, false);
    if (!resumed && run.agents.alive().length === 0) {
      throw new WatchdogFired(`session ${open.join(", ")} to be resumable or ended`);
    }
  }
  throw new WatchdogFired("all sessions to come to an end");
}

async function letAgentsFinish(run: Execution): Promise<void> {
  if (run.isPaced) await passGates(run, gatesMax, "to its end");
  for (const agent of run.agents.alive()) agent.connection.runOn();
  const finished = await run.agents.when(() => run.agents.alive().length === 0, limits.agentMs * 3);
  if (!finished)
    throw new WatchdogFired(
      `agents ${run.agents
        .alive()
        .map(({ pid }) => pid)
        .join(", ")} to finish`,
    );
  // Last: whoever took a tool's silence for its end has acted by now.
  await letToolsFinish(run);
}

/** What the orchestrator says once it has noticed that no agent runs, or when the limit is over. */
async function whenNoticed(run: Execution): Promise<readonly ObservedSession[]> {
  const deadline = run.machine.nowMs() + limits.noticeMs;
  for (;;) {
    const since = run.recorder.entries.length;
    const { sessions } = await run.subject.observe(run.context);
    const stillLive = sessions.some(({ live }) => live === "yes") && run.agents.alive().length === 0;
    // One that is not listed may be in the middle of being written: a person looks again.
    const unlisted = run.sessions.some(
      ({ id }) => id !== undefined && !sessions.some((one) => one.id === id),
    );
    if (!stillLive && !unlisted) return sessions;
    if (run.machine.nowMs() > deadline) {
      await throwIfStarved(run, "the orchestrator to notice that its agents are gone");
      return sessions;
    }
    await run.recorder.until((entry) => entry.kind === "shown", 50, since);
  }
}
