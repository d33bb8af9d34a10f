/**
 * Moves the agents of a run forward, gate by gate.
 *
 * Always (lockstep): one agent moves at a time, in rotation over the sessions, so that a plan has one course;
 * nothing is decided while an agent is between two gates.
 * In a free plan the agents move by themselves and the same functions only wait for them.
 */
import type { AgentRun } from "./agents.ts";
import { type Execution, limits, WatchdogFired } from "./execution.ts";
import { submitTurn } from "./prompt.ts";
import { isShowable, wasShown } from "./shown.ts";

/** Where an agent stands: before `event`, which is the `met`-th of its session in this round. */
export interface Standing {
  readonly agent: AgentRun;
  readonly event: string;
}

export function isLockstep(run: Execution): boolean {
  return run.plan.mode === "lockstep";
}

/** Waits until every living agent is parked (lockstep) or has at least begun (free). */
export async function quiesce(run: Execution): Promise<void> {
  if (!isLockstep(run)) return;
  // One that waits for a reader of its pipe moves no more than a parked one.
  const atRest = () =>
    run.agents.alive().every((agent) => agent.blocked || agent.connection.parked !== undefined);
  if (await run.agents.when(atRest, limits.agentMs)) return;
  const moving = run.agents.alive().filter((agent) => agent.connection.parked === undefined);
  throw new WatchdogFired(`agents ${moving.map(({ pid }) => pid).join(", ")} to reach their next gate`);
}

/** Where every living agent stands. */
export function standings(run: Execution): Standing[] {
  return run.agents.alive().flatMap((agent) => {
    const { parked } = agent.connection;
    return parked === undefined ? [] : [{ agent, event: parked.event }];
  });
}

/**
 * Lets one agent pass its gate and waits until it stands at the next one or is gone.
 * Returns false when it is stuck in its write, as on a pipe that nobody reads.
 */
export async function step(run: Execution, agent: AgentRun, why: string): Promise<boolean> {
  const parked = agent.connection.parked;
  if (parked === undefined) return true;
  run.recorder.record({
    kind: "release",
    session: agent.session,
    attempt: agent.attempt,
    event: parked.event,
    why,
  });
  const since = run.recorder.entries.length;
  run.agents.release(agent);
  const arrived = () => agent.gone || agent.connection.parked !== undefined;
  await run.agents.when(() => arrived() || agent.blocked, limits.agentMs);
  // A person who is there answers; before the agent has its answer, the plan has no one course.
  const isAnswered = parked.event.startsWith("ask:") && run.server?.frozen === false;
  if (isAnswered) await run.agents.when(arrived, limits.agentMs);
  if (run.isPaced && parked.event.endsWith("/out")) await heard(run, agent, parked.event, since);
  return arrived();
}

/** Waits until a client was shown what the agent has just said, or anything of its session where that has no frame. */
async function heard(run: Execution, agent: AgentRun, event: string, since: number): Promise<void> {
  if (run.server === undefined || run.server.frozen) return;
  if (isShowable(event)) await wasShown(run, agent, event);
  else
    await run.recorder.until(
      (entry) => entry.kind === "shown" && entry.session === agent.session,
      limits.heardMs,
      since,
    );
}

/** Submits the next turn of each session whose turn has come to its end; true when one was. */
export async function nextTurns(run: Execution): Promise<boolean> {
  let submitted = false;
  for (const [session, planned] of run.plan.sessions.entries()) {
    const progress = run.sessions[session];
    if (progress?.id === undefined || progress.turn + 1 >= planned.turns.length) continue;
    if (run.agents.alive(session).length > 0) continue;
    if (!(await turnEnded(run, session)) && !(await saidToHaveEnded(run, session))) continue;
    // The orchestrator must have noticed the end before it can take more; clients are told when it has.
    await noticed(run, session);
    progress.turn += 1;
    const accepted = await submitTurn(run, session);
    if (!accepted) progress.turn -= 1;
    submitted ||= accepted;
  }
  return submitted;
}

/** Did the agent of the session's current turn come to its end by itself? Read from its ledger. */
export async function turnEnded(run: Execution, session: number): Promise<boolean> {
  const turn = run.sessions[session]?.turn ?? 0;
  const attempts = run.agents.runs.filter((agent) => agent.session === session && agent.turn === turn);
  const ledgers = await Promise.all(attempts.map((agent) => run.agents.ledger(agent)));
  // Killed between its last line and its exit it has come to its end all the same.
  return ledgers.some((entries) =>
    entries.some(
      (entry) =>
        (entry.kind === "exit" && entry.code === 0) ||
        (entry.kind === "out" && entry.event === "end/out" && entry.phase === "done"),
    ),
  );
}

/** The agent may have been killed between its last word and its exit: then the orchestrator's word counts. */
async function saidToHaveEnded(run: Execution, session: number): Promise<boolean> {
  if (run.server === undefined) return false;
  const { sessions } = await run.subject.observe(run.context);
  return sessions.find(({ id }) => id === run.sessions[session]?.id)?.ended === "yes";
}

async function noticed(run: Execution, session: number): Promise<void> {
  const turns = (run.sessions[session]?.turn ?? 0) + 1;
  const id = run.sessions[session]?.id;
  for (let asked = 0; asked < 40; asked += 1) {
    const ends = run.recorder.entries.filter(
      (entry) =>
        entry.kind === "shown" &&
        entry.session === session &&
        entry.event.type === "end" &&
        entry.client === 0,
    );
    const { sessions } = await run.subject.observe(run.context);
    const observed = sessions.find((one) => one.id === id);
    if (
      observed?.ended === "yes" ||
      (observed?.ended === "unknown" && observed.live !== "yes" && ends.length >= turns)
    )
      return;
    const since = run.recorder.entries.length;
    await run.recorder.until((entry) => entry.kind === "shown" && entry.session === session, 100, since);
  }
}

/**
 * Moves all agents until one of them stands where `reached` says, and returns it; undefined when nothing is left
 * that could move.
 */
export async function advanceUntil(
  run: Execution,
  reached: (standing: Standing) => boolean,
): Promise<Standing | undefined> {
  let turn = 0;
  for (;;) {
    await quiesce(run);
    const standing = standings(run);
    const found = standing.find(reached);
    if (found !== undefined) return found;
    if (standing.length === 0) {
      if (await unblocked(run)) continue;
      if (await nextTurns(run)) continue;
      return undefined;
    }
    const next = standing[turn % standing.length];
    turn += 1;
    if (next !== undefined) await step(run, next.agent, "advance");
  }
}

/** A slow machine makes a write wait that will be read: the agent comes to its next gate, or is gone. */
async function unblocked(run: Execution): Promise<boolean> {
  if (run.server?.frozen !== false || run.agents.alive().length === 0) return false;
  const hasMoved = () => run.agents.alive().some(({ connection }) => connection.parked !== undefined);
  return run.agents.when(() => hasMoved() || run.agents.alive().length === 0, limits.agentMs);
}

/** Lets the agents of the given sessions (all, by default) pass up to `count` gates in total. */
export async function passGates(run: Execution, count: number, why: string, session?: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) {
    await quiesce(run);
    const standing = standings(run).filter(({ agent }) => session === undefined || agent.session === session);
    const next = standing[passed % Math.max(1, standing.length)];
    if (next === undefined) return;
    // Blocked on a pipe that nobody reads: it can go no further.
    if (!(await step(run, next.agent, why))) return;
  }
}
