/**
 * Prompts that wait until the agent at work has ended.
 *
 * Always: acknowledged means on the disk; a prompt leaves the queue with the record of the run that it becomes, so it
 * is given to an agent once, whatever ends the server in between.
 * Never: a prompt overtakes a run that was interrupted: that one is resumed or given up first.
 */
import { type Context, exclusively } from "../session/context.ts";
import { isTerminal, latestRun, type QueuedPrompt, type SessionState } from "../session/state.ts";
import { type Answer, answer, refuse } from "./answer.ts";
import { startRun } from "./start-run.ts";
import type { Submit } from "./submit.ts";

/** So many prompts of one session may wait. */
const queuedMax = 100;

/** To be called under the session's lock. */
export async function enqueue(context: Context, session: SessionState, submit: Submit): Promise<Answer> {
  if (session.queue.length >= queuedMax) {
    return refuse(429, "queue-full", `${queuedMax} prompts wait already. Withdraw one, or wait.`);
  }
  const queueId = context.world.ids.next();
  await context.recorder.record("queued", {
    sessionId: session.id,
    queueId,
    prompt: submit.prompt,
    ...(submit.key === undefined ? {} : { key: submit.key }),
    atMs: context.world.clock.now(),
  });
  return queuedAnswer(session, queueId);
}

/** A prompt that waits under this key. */
export function queuedByKey(session: SessionState, key: string): QueuedPrompt | undefined {
  return session.queue.find((one) => one.key === key);
}

export function queuedAnswer(session: SessionState, queueId: string): Answer {
  return answer(202, { session: session.id, queued: queueId });
}

/** Takes a waiting prompt back. */
export function withdraw(
  context: Context,
  session: SessionState,
  queueId: string,
  who: string,
): Promise<Answer> {
  return exclusively(context, session.id, async () => {
    if (!session.queue.some((one) => one.id === queueId)) {
      return refuse(404, "not-queued", "No prompt of that id waits; it may have been given to the agent.");
    }
    const atMs = context.world.clock.now();
    await context.recorder.record("unqueued", { sessionId: session.id, queueId, who, atMs });
    return answer(200, { session: session.id, withdrawn: queueId });
  });
}

/** Starts the next prompt when the session has come to an end. To be called under its lock, with no agent alive. */
export async function startQueued(context: Context, session: SessionState): Promise<void> {
  const [next] = session.queue;
  const run = latestRun(session);
  if (next === undefined || context.closing || run === undefined || !isTerminal(run.state)) return;
  const { prompt, key, id: queueId } = next;
  const started = await startRun(context, session, {
    prompt,
    queueId,
    acknowledge: false,
    ...(key === undefined ? {} : { key }),
  });
  if (started.status >= 400)
    context.report(`A queued prompt of session ${session.id} waits on: ${JSON.stringify(started.body)}`);
}
