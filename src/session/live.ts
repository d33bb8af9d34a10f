/**
 * One driver per session: nothing is started beside an agent that lives.
 */
import { describe } from "../supervise/index.ts";
import { agentLiveness } from "./agent-life.ts";
import type { Context } from "./context.ts";
import { takeBackLost } from "./recover.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { latestAttempt, type SessionState } from "./state.ts";

/** A refusal that names the living agent; undefined when there is none. To be called under the session's lock. */
export async function refuseWhileLive(context: Context, session: SessionState): Promise<Refusal | undefined> {
  await takeBackLost(context, session);
  const attempt = latestAttempt(session);
  if (attempt === undefined || attempt.ended !== undefined) return undefined;
  const { state, identity, seen } = await agentLiveness(context, session, attempt);
  if (state === "dead" && attempt.over === "pipes" && attempt.identity === undefined)
    return refusal("agent-alive", "An agent of this session was begun by its host and is not attached yet.", {
      attempt: attempt.attempt,
    });
  // Where its end is seen but not yet on record, the follower is at it.
  if (state === "dead")
    return refusal("settling", "The agent of this session has just ended and is being settled.");
  const who = identity === undefined ? seen : describe(identity);
  return refusal("agent-alive", `An agent of this session is running: ${who}.`, {
    ...(identity === undefined ? {} : { pid: identity.pid, startTime: identity.startTime }),
    attempt: attempt.attempt,
  });
}
