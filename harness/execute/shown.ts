/**
 * Waits until a client was shown what an agent has said.
 *
 * Always: the client holds the complete frame; a wait that runs out says so and judges nothing.
 */
import type { HistoryEntry } from "../history.ts";
import type { LedgerOut } from "../ledger.ts";
import type { ObservedSession, Shown } from "../subject/contract.ts";
import type { AgentRun } from "./agents.ts";
import { type Execution, limits } from "./execution.ts";
import { untilNamed } from "./prompt.ts";

/** Events that every orchestrator has a frame for. */
export function isShowable(event: string): boolean {
  return /^(call:\d+|ask:\d+|result:\d+|text:\d+|final)\/out$/.test(event);
}

/** Waits until a client holds the frame of the event that the agent has just emitted. */
export async function wasShown(run: Execution, agent: AgentRun, event: string): Promise<boolean> {
  const done = (await run.agents.ledger(agent)).filter(
    (entry): entry is LedgerOut => entry.kind === "out" && entry.phase === "done",
  );
  const emitted = done.findLast((entry) => entry.event === event);
  if (emitted === undefined) return false;
  const isListening = run.clients.isOpen(agent.session, 0);
  const hello = run.recorder.entries.findLastIndex(
    (entry) => entry.kind === "agent-hello" && entry.nonce === agent.nonce,
  );
  // Texts have no id: the client must hold as many of this attempt's texts as were emitted.
  const count = done.filter((entry) => entry.type === emitted.type).length;
  const isFrame = (entry: HistoryEntry): boolean =>
    entry.kind === "shown" &&
    entry.client === 0 &&
    entry.session === agent.session &&
    entry.event.type === emitted.type &&
    (emitted.callId === undefined || entry.event.callId === emitted.callId);
  const enough = () =>
    emitted.callId !== undefined ||
    run.recorder.entries.slice(Math.max(0, hello)).filter(isFrame).length >= count;
  const shown = await run.recorder.until(
    (entry) => isFrame(entry) && enough(),
    // What a client that is not connected does not hold by now it will not hold.
    isListening ? limits.shownMs : 0,
    Math.max(0, hello),
  );
  return shown !== undefined;
}

/** Waits until every client that is connected was shown what is last in the history of its session. */
export async function endWasShown(run: Execution, sessions: readonly ObservedSession[]): Promise<void> {
  if (!run.subject.can.cursor) return;
  for (const [session, { id }] of run.sessions.entries()) {
    const history = sessions.find((observed) => observed.id === id)?.history ?? [];
    const last = history.findLast(
      ({ type, callId }) =>
        type === "text" || (callId !== undefined && (type === "call" || type === "result")),
    );
    if (last === undefined) continue;
    const isSame = ({ type, callId, text }: Shown) =>
      type === last.type && (type === "text" ? text === last.text : callId === last.callId);
    const count = history.filter(isSame).length;
    for (let client = 0; client < run.plan.clients; client += 1) {
      if (!run.clients.isOpen(session, client)) continue;
      const isFrame = (entry: HistoryEntry) =>
        entry.kind === "shown" && entry.session === session && entry.client === client && isSame(entry.event);
      const isEnough = () => run.recorder.entries.filter(isFrame).length >= count;
      await run.recorder.until((entry) => isFrame(entry) && isEnough(), limits.shownMs);
    }
  }
}

/** Waits until a client holds the frame of whatever the agent said last that has one. */
export async function lastWasShown(run: Execution, agent: AgentRun): Promise<void> {
  await untilNamed(run, agent);
  const last = (await run.agents.ledger(agent)).findLast(
    (entry) => entry.kind === "out" && entry.phase === "done" && isShowable(entry.event),
  );
  if (last?.kind === "out") await wasShown(run, agent, last.event);
}
