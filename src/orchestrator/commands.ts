/**
 * What a person can do to a session besides giving it prompts: stop, abandon, decide a call.
 *
 * Always: the wish is on record before anything is done about it; doing it twice is doing it once.
 */

import { agentLiveness, toolsOf } from "../session/agent-life.ts";
import { type Approving, approve } from "../session/approve.ts";
import { type Context, exclusively, lifeOf } from "../session/context.ts";
import { type Decided, type Decision, decide } from "../session/decide.ts";
import { refuseWhileLive } from "../session/live.ts";
import { takeBackLost } from "../session/recover.ts";
import { settle } from "../session/settle.ts";
import { isTerminal, latestAttempt, latestRun, type SessionState } from "../session/state.ts";
import { nameOf, sweep } from "../session/sweep.ts";
import { describe, endAgent } from "../supervise/index.ts";
import { type Answer, answer, refuse, refusedBy } from "./answer.ts";

/**
 * Ends the living agent of a session and what it has started, all by identity; where the agent is gone already, the
 * tools that it left. Answers before they are gone; the record `swept` says what became of the tools.
 */
export function stopSession(context: Context, session: SessionState, who: string): Promise<Answer> {
  return exclusively(context, session.id, async () => {
    await takeBackLost(context, session);
    const attempt = latestAttempt(session);
    const run = latestRun(session);
    if (attempt === undefined || run === undefined) return nothingToStop();
    const { state, identity } =
      attempt.ended === undefined ? await agentLiveness(context, session, attempt) : { state: "dead" };
    if (state === "dead") return attempt.ended === undefined ? nothingToStop() : stopTools(context, session);
    if (identity === undefined) {
      return refuse(503, "starting", "The agent is about to start and has no process to end yet. Ask again.");
    }
    const tools = (await toolsOf(context, session, attempt)).filter(
      (one) => one.identity.pid !== identity.pid,
    );
    if (run.cancelled === undefined) await recordCancel(context, session, who, "stop");
    lifeOf(context, session.id).stopping = tools;
    await endAgent(context.world, identity, context.config.graceMs);
    return answer(202, {
      session: session.id,
      run: run.id,
      pid: identity.pid,
      ending: [`agent, ${describe(identity)}`, ...tools.map((one) => `tool, ${nameOf(one)}`)],
    });
  });
}

function nothingToStop(): Answer {
  return refuse(409, "not-running", "No agent of this session is running; there is nothing to stop.");
}

async function stopTools(context: Context, session: SessionState): Promise<Answer> {
  const ended = await sweep(context, session);
  if (ended.length === 0) return nothingToStop();
  await settle(context, session);
  return answer(202, { session: session.id, ending: ended.map((one) => `tool, ${one}`) });
}

/** Gives the interrupted run of a session up: it counts as cancelled from now on. */
export function abandonRun(context: Context, session: SessionState, who: string): Promise<Answer> {
  return exclusively(context, session.id, async () => {
    const live = await refuseWhileLive(context, session);
    if (live !== undefined) return refusedBy(session.id, live);
    const run = latestRun(session);
    if (run === undefined || run.state === "completed" || run.state === "failed") {
      return refuse(
        409,
        "nothing-to-abandon",
        "The last run of this session has ended; there is nothing to give up.",
      );
    }
    if (run.cancelled === undefined) await recordCancel(context, session, who, "abandon");
    if (!isTerminal(run.state)) await settle(context, session);
    await context.onIdle(session);
    return answer(200, { session: session.id, run: run.id, state: run.state });
  });
}

async function recordCancel(
  context: Context,
  session: SessionState,
  who: string,
  why: "stop" | "abandon",
): Promise<void> {
  await context.recorder.fact(session, "cancel", {
    sessionId: session.id,
    runId: latestRun(session)?.id ?? "",
    attempt: latestAttempt(session)?.attempt ?? 0,
    who,
    why,
  });
}

/** Answers an agent that asks whether it may make a call. */
export async function approveCall(
  context: Context,
  session: SessionState,
  order: Approving,
): Promise<Answer> {
  const approved = await approve(context, session, order);
  switch (approved.as) {
    case "unknown-request":
      return refuse(
        404,
        "unknown-request",
        "The agent at work has asked nothing of that id. GET the session for what it asks.",
      );
    case "unknown-option":
      return refuse(400, "unknown-option", `The agent offers ${approved.options.join(", ")}.`);
    case "answered-otherwise": {
      const { optionId, who } = approved.before;
      return refuse(409, "answered", `The request was answered with ${optionId} by ${who}; that stays.`);
    }
    case "stale":
      return refuse(409, "stale", "The agent that asked is gone. Resume the session: it asks again.");
    case "recorded": {
      const { requestId, callId, optionId, allows, who } = approved.approval;
      return answer(200, { session: session.id, requestId, call: callId, option: optionId, allows, who });
    }
  }
}

/** Puts a person's word on a call of unknown outcome on record. */
export async function decideCall(
  context: Context,
  session: SessionState,
  decision: Decision,
): Promise<Answer> {
  const decided = await decide(context, session, decision);
  if (decided.as !== "recorded") return notDecided(session, decided);
  return answer(200, { session: session.id, call: decided.callId, outcome: decision.outcome });
}

/** Why a person's word on a call was not taken. */
export function notDecided(
  session: SessionState,
  decided: Exclude<Decided, { readonly as: "recorded" }>,
): Answer {
  switch (decided.as) {
    case "refused":
      return refusedBy(session.id, decided.refusal);
    case "unknown-call":
      return refuse(
        404,
        "unknown-call",
        "This session has no call of that id. GET the session for its calls.",
      );
    case "decided-otherwise":
      return refuse(
        409,
        "decided",
        `The call was decided as ${decided.before.outcome} by ${decided.before.who}; that stays.`,
      );
    case "known":
      return refuse(
        409,
        "known-call",
        `The outcome of this call is known (${decided.effect}); there is nothing to decide.`,
      );
  }
}
