/**
 * Starting a further run of a session, and how the answers to a start are put.
 */
import type { Context } from "../session/context.ts";
import {
  type DispatchOrder,
  findAgent,
  nextAttempt,
  recordDispatch,
  startDispatched,
} from "../session/dispatch.ts";
import { prepareHandOver } from "../session/hand-over.ts";
import { refuseWhileLive } from "../session/live.ts";
import type { SessionState } from "../session/state.ts";
import { type Answer, answer, refuse, refusedBy } from "./answer.ts";

export interface RunOrder {
  readonly prompt: string;
  readonly key?: string;
  /** The message of the queue that it is. */
  readonly queueId?: string;
  /** A person has seen what blocks, and goes on. */
  readonly acknowledge: boolean;
}

/** To be called under the session's lock. */
export async function startRun(context: Context, session: SessionState, order: RunOrder): Promise<Answer> {
  const live = await refuseWhileLive(context, session);
  if (live !== undefined) return refusedBy(session.id, live);
  const executable = await findAgent(context, session.agent);
  if (executable === undefined) return agentMissing(session.agent);
  const handOver = await prepareHandOver(context, session, {
    ask: order.prompt,
    resumesRun: false,
    acknowledge: order.acknowledge,
  });
  if ("refusal" in handOver) return refusedBy(session.id, handOver.refusal);
  const runId = context.world.ids.next();
  const attempt = await nextAttempt(context, session);
  const start: DispatchOrder = { runId, attempt, executable, ...handOver };
  await Promise.all([
    context.recorder.record("run", {
      sessionId: session.id,
      runId,
      prompt: order.prompt,
      ...keyOf(order),
      ...(order.queueId === undefined ? {} : { queueId: order.queueId }),
      atMs: context.world.clock.now(),
    }),
    recordDispatch(context, session.id, start),
  ]);
  const failed = await startDispatched(context, session, start);
  return failed === undefined
    ? accepted(201, session.id, runId, attempt)
    : notStarted(failed, session.id, runId);
}

export function accepted(status: number, session: string, run: string, attempt: number): Answer {
  return answer(status, { session, run, attempt });
}

export function keyOf({ key }: { readonly key?: string }): { readonly key?: string } {
  return key === undefined ? {} : { key };
}

export function agentMissing(agent: string): Answer {
  const message = `The agent "${agent}" is not on the server's PATH. Install it, or start the server with --agent-path.`;
  return refuse(503, "agent-missing", message);
}

export function notStarted(why: string, session: string, run: string): Answer {
  const message = `${why} The run is on record as interrupted; resume it with POST /api/sessions/${session}/resume.`;
  return refuse(503, "agent-not-started", message, { session, run });
}
