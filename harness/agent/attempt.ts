/**
 * One attempt of the fake agent, top to bottom: start, replies, end.
 *
 * Always: before every primitive a gate, around it its ledger entries. What is skipped is decided when the model
 * would decide it: what it was sent, at the start; what is in the workspace, when its reply begins.
 */
import type { Snapshot } from "./ada-store.ts";
import { ada } from "./dialect.ts";
import { type AttemptOptions, Performer } from "./performer.ts";
import { failedResumeEvents, numberReplies } from "./steps.ts";

/** Runs to the end; returns the exit code. Throws StdoutLostError when a broken stdout ends the agent. */
export async function runAttempt(options: AttemptOptions): Promise<number> {
  const snapshot = options.isResume ? options.store?.readSnapshot() : newSnapshot(options);
  const { store, dialect = ada } = options;
  if (snapshot === undefined || store === undefined) return failResume(options);
  const performer = new Performer({ ...options, store }, snapshot);
  await performer.all(dialect.startEvents(options.isResume));
  const knows = performer.askModel();
  let unlogged: readonly number[] = [];
  for (const reply of numberReplies(options.order.script)) {
    const acting = performer.decide(reply, knows);
    const part = dialect.replyEvents(reply, acting, options.order.storeLag, unlogged);
    performer.begin(reply, acting);
    await performer.all(part.events);
    unlogged = part.unlogged;
  }
  await performer.all(dialect.endEvents(unlogged));
  return 0;
}

async function failResume({ gates, stdout, sessionId, order, machine }: AttemptOptions): Promise<number> {
  const error = `Session not found or unreadable: ${sessionId}`;
  for (const { event, kind } of failedResumeEvents()) {
    const nth = await gates.before(event);
    if (kind === "exit") break;
    const line = { type: "run.failed", sessionId, error, timestamp: machine.timestamp() };
    await stdout.write({ nth, event, type: "end" }, line);
  }
  machine.complain(`ada: ${error} (turn ${order.turn})`);
  return 1;
}

function newSnapshot({ sessionId, cwd, model, machine }: AttemptOptions): Snapshot {
  const now = machine.timestamp();
  return {
    id: sessionId,
    workingDirectory: cwd,
    model,
    messages: [],
    createdAt: now,
    lastActiveAt: now,
    status: "active",
  };
}
