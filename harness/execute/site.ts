/**
 * Where a fault fires: brings the run to the place that a round names.
 *
 * Three positions of an event: *unsent* (the agent is parked before it), *unread* (the server is stopped, the
 * event is emitted, then the fault: sent and provably not received), *shown* (a client holds the whole frame).
 * Always: a place that cannot be reached is said (`reached: false`), never silently replaced: by-count places
 * have a last event to fall back on, and the history names the event that was really met.
 */
import type { Gate, GatePosition, Round } from "../plan/plan.ts";
import { advanceUntil, isLockstep, nextTurns, quiesce, type Standing, step } from "./advance.ts";
import { agentOf } from "./agent-files.ts";
import type { AgentRun } from "./agents.ts";
import { type Execution, limits } from "./execution.ts";
import { freezeServer } from "./server.ts";
import { isShowable, lastWasShown, wasShown } from "./shown.ts";

export interface Site {
  /** The event that the fault met; "end" when all agents had finished. */
  readonly at: string;
  readonly position: GatePosition;
  readonly agent?: AgentRun;
  readonly session: number;
}

/** Brings a lockstep run to the site; undefined when a named event never came. */
export async function reachSite(
  run: Execution,
  gate: Gate,
  position: GatePosition,
  unreadEvents = 1,
): Promise<Site | undefined> {
  if (!isLockstep(run)) return reachFreely(run, gate);
  // An agent that is on its way to its first gate counts it, whether it comes there before this or after.
  await quiesce(run);
  const atFirst = run.agents.alive(gate.session).filter(({ met }) => met === 1).length;
  const metBefore = run.agents.met(gate.session) - atFirst;
  const matches = ({ agent, event }: Standing): boolean => {
    if (agent.session !== gate.session) return false;
    if ("event" in gate)
      return event === gate.event && (gate.attempt === undefined || gate.attempt === agent.attempt);
    return run.agents.met(gate.session) - metBefore >= gate.nth || isLastGate(run, { agent, event });
  };
  const standing = await advanceUntil(run, matches);
  if (standing === undefined) {
    return "event" in gate ? undefined : { at: "end", position: "unsent", session: gate.session };
  }
  // What was emitted before the site is known to have arrived: else a plan would have two courses.
  for (const agent of run.agents.alive()) await lastWasShown(run, agent);
  if (position === "unsent")
    return { at: standing.event, position, agent: standing.agent, session: gate.session };
  return position === "shown" ? showAt(run, standing) : sendUnread(run, standing, unreadEvents);
}

function isLastGate(run: Execution, { agent, event }: Standing): boolean {
  const turns = run.plan.sessions[agent.session]?.turns.length ?? 1;
  return event === lastEvent(run, agent) && agent.turn === turns - 1;
}

/** The turn of one that speaks ACP is not the end of its process. */
function lastEvent(run: Execution, agent: AgentRun): string {
  return agentOf(run, agent.session) === "acp" ? "end/out" : "exit";
}

/** Goes on to the next event that a client can be shown; undefined when the agent is at its end. */
async function nextShowable(run: Execution, { agent, event }: Standing): Promise<Standing | undefined> {
  let at: string | undefined = event;
  while (at !== undefined && !isShowable(at)) {
    if (at === lastEvent(run, agent)) return undefined;
    await step(run, agent, "advance");
    at = agent.connection.parked?.event;
  }
  return at === undefined ? undefined : { agent, event: at };
}

/** Nothing more is to be said: the site is the end of the agent, or where it stands before it. */
function lastSite(from: Standing): Site {
  const { agent } = from;
  const at = agent.connection.parked?.event ?? "end";
  return { at, position: "unsent", session: agent.session, ...(agent.gone ? {} : { agent }) };
}

async function showAt(run: Execution, from: Standing): Promise<Site> {
  const standing = await nextShowable(run, from);
  if (standing === undefined) return lastSite(from);
  const { agent, event } = standing;
  await step(run, agent, "shown");
  const shown = await wasShown(run, agent, event);
  return { at: event, position: shown ? "shown" : "unread", agent, session: agent.session };
}

/** Stops the server, then lets the agent say `count` events that nobody reads. */
async function sendUnread(run: Execution, from: Standing, count: number): Promise<Site> {
  const first = await nextShowable(run, from);
  if (first === undefined) return lastSite(from);
  const { agent } = first;
  await lastWasShown(run, agent);
  await freezeServer(run, true);
  let last = first;
  for (let sent = 0; sent < count; sent += 1) {
    const standing =
      sent === 0
        ? first
        : await nextShowable(run, { agent, event: agent.connection.parked?.event ?? "exit" });
    // Blocked on a full pipe, or at its end: it has said what it could.
    if (standing === undefined) break;
    last = standing;
    if (!(await step(run, agent, "unread"))) break;
  }
  return { at: last.event, position: "unread", agent, session: agent.session };
}

/** Waits in a free plan until the session has met its n-th event, or has nothing left to meet. */
async function reachFreely(run: Execution, gate: Gate): Promise<Site | undefined> {
  const nth = "nth" in gate ? gate.nth : 0;
  const before = run.agents.met(gate.session);
  const idle = () => run.agents.alive(gate.session).length === 0;
  for (;;) {
    await run.agents.when(() => run.agents.met(gate.session) - before >= nth || idle(), limits.agentMs * 2);
    const met = run.agents.met(gate.session) - before;
    if (met >= nth || !idle()) break;
    if (!(await nextTurns(run))) break;
  }
  const agent = run.agents.alive(gate.session).at(-1);
  return {
    at: `event ${run.agents.met(gate.session) - before}`,
    position: "unsent",
    session: gate.session,
    ...(agent === undefined ? {} : { agent }),
  };
}

/** True for a round that starts at a phase of the restart instead of at an agent's event. */
export function isPhase(at: Round["at"]): at is Extract<Round["at"], { phase: string }> {
  return "phase" in at;
}
