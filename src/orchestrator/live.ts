/**
 * One driver per session: nothing is started beside an agent that lives.
 */
import { describe, livenessOf } from "../supervise/index.ts";
import { type Answer, refuse } from "./answer.ts";
import { attemptFolder, type Context } from "./context.ts";
import { latestAttempt, type SessionState } from "./state.ts";

/** A refusal that names the living agent; undefined when there is none. */
export async function refuseWhileLive(context: Context, session: SessionState): Promise<Answer | undefined> {
  const attempt = latestAttempt(session);
  if (attempt === undefined || attempt.ended !== undefined) return undefined;
  const folder = attemptFolder(context, session.id, attempt.attempt);
  const { state, identity, seen } = await livenessOf(context.world, folder, attempt.identity);
  const wayOut = `Wait until it ends, or end it with POST /api/sessions/${session.id}/stop.`;
  if (state === "dead") {
    // Its end is seen but not yet on record; the follower is at it.
    return refuse(
      503,
      "settling",
      "The agent of this session has just ended and is being settled. Ask again.",
    );
  }
  const who = identity === undefined ? `${seen}` : describe(identity);
  const message = `An agent of this session is running: ${who}. ${wayOut}`;
  return refuse(409, "agent-alive", message, {
    ...(identity === undefined ? {} : { pid: identity.pid, startTime: identity.startTime }),
    attempt: attempt.attempt,
    wayOut,
  });
}
