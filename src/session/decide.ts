/**
 * A person's word on a call of unknown outcome.
 *
 * Always: it is given once and stays; doing it twice is doing it once.
 */
import type { DecisionEvidence } from "../model/evidence.ts";
import type { Effect } from "../model/verdict.ts";
import { type Context, exclusively } from "./context.ts";
import { refuseWhileLive } from "./live.ts";
import type { Refusal } from "./refusal.ts";
import { settle } from "./settle.ts";
import type { SessionState } from "./state.ts";

export interface Decision {
  readonly callId: string;
  readonly outcome: "done" | "not-done";
  readonly who: string;
  /** What the word rests on, where it is not the person's own. */
  readonly why?: string;
}

export type Decided =
  | { readonly as: "recorded"; readonly callId: string }
  | { readonly as: "refused"; readonly refusal: Refusal }
  | { readonly as: "unknown-call" }
  | { readonly as: "decided-otherwise"; readonly before: DecisionEvidence }
  | { readonly as: "known"; readonly effect: Effect };

/** Puts the decision on record and settles the session again. */
export function decide(context: Context, session: SessionState, decision: Decision): Promise<Decided> {
  return exclusively(context, session.id, async (): Promise<Decided> => {
    const live = await refuseWhileLive(context, session);
    if (live !== undefined) return { as: "refused", refusal: live };
    const { verdict } = await settle(context, session);
    const calls = verdict.calls.filter((one) => one.id === decision.callId);
    const call = calls.findLast((one) => one.effect === "unknown" || one.effect === "partly") ?? calls.at(-1);
    if (call === undefined) return { as: "unknown-call" };
    const before = session.decisions.findLast(
      (one) => one.callId === call.id && one.attempt === (call.attempt ?? 0),
    );
    if (before !== undefined && before.outcome !== decision.outcome)
      return { as: "decided-otherwise", before };
    if (before !== undefined) return { as: "recorded", callId: call.id };
    if (call.effect !== "unknown" && call.effect !== "partly") return { as: "known", effect: call.effect };
    await context.recorder.fact(session, "decision", {
      sessionId: session.id,
      callId: call.id,
      attempt: call.attempt ?? 0,
      outcome: decision.outcome,
      who: decision.who,
      ...(decision.why === undefined ? {} : { why: decision.why }),
      atMs: context.world.clock.now(),
    });
    await settle(context, session);
    return { as: "recorded", callId: call.id };
  });
}
