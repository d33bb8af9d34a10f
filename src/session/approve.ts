/**
 * A person's answer to an agent that asks whether it may make a call.
 *
 * Always: it is on the disk before the agent hears of it; it is given once, and given again it is the same.
 */
import type { Ask } from "../agent/contract.ts";
import { type Context, exclusively, lifeOf } from "./context.ts";
import { type Approval, latestAttempt, type SessionState } from "./state.ts";

export interface Approving {
  readonly requestId: string;
  /** One of the options that the agent named; or whether it may, which is the first option of that kind. */
  readonly option: string | boolean;
  readonly who: string;
}

export type Approved =
  | { readonly as: "recorded"; readonly approval: Approval }
  | { readonly as: "unknown-request" }
  | { readonly as: "unknown-option"; readonly options: readonly string[] }
  | { readonly as: "answered-otherwise"; readonly before: Approval }
  /** The agent that asked is gone; whoever resumes it is asked again. */
  | { readonly as: "stale" };

/** A request of the agent at work that nobody has answered. */
export function openAsks(context: Context, session: SessionState): readonly Ask[] {
  const attempt = latestAttempt(session);
  const { talk } = lifeOf(context, session.id);
  if (attempt === undefined || attempt.ended !== undefined || talk?.attempt !== attempt.attempt) return [];
  const answered = new Set((attempt.approvals ?? []).map(({ requestId }) => requestId));
  return talk.asks.filter(({ requestId }) => !answered.has(requestId));
}

/** Puts the answer on record, then tells the agent. */
export function approve(context: Context, session: SessionState, order: Approving): Promise<Approved> {
  return exclusively(context, session.id, async (): Promise<Approved> => {
    const attempt = latestAttempt(session);
    const { talk } = lifeOf(context, session.id);
    const before = attempt?.approvals?.find(({ requestId }) => requestId === order.requestId);
    const ask = talk?.asks.find(({ requestId }) => requestId === order.requestId);
    if (attempt === undefined || (ask === undefined && before === undefined))
      return { as: "unknown-request" };
    const option = ask?.options.find(({ optionId, allows }) =>
      typeof order.option === "string" ? optionId === order.option : allows === order.option,
    );
    if (before !== undefined) {
      const chosen = option?.optionId ?? order.option;
      const isSame = chosen === before.optionId || order.option === before.allows;
      return isSame ? { as: "recorded", approval: before } : { as: "answered-otherwise", before };
    }
    if (attempt.ended !== undefined || talk === undefined || ask === undefined) return { as: "stale" };
    if (option === undefined)
      return { as: "unknown-option", options: ask.options.map(({ optionId }) => optionId) };
    const { requestId, callId } = ask;
    const { optionId, allows } = option;
    await context.recorder.fact(session, "approval", {
      sessionId: session.id,
      attempt: attempt.attempt,
      requestId,
      callId,
      optionId,
      allows,
      who: order.who,
      atMs: context.world.clock.now(),
    });
    await talk.speak();
    const approval = attempt.approvals?.find((one) => one.requestId === requestId);
    return approval === undefined ? { as: "stale" } : { as: "recorded", approval };
  });
}
