/**
 * May a call be made again whose outcome nobody knows? By the class of its tool.
 *
 * - it only reads: yes;
 * - its effect can be looked up in the workspace: yes where the effect is not there, no where it is;
 * - anything else, every shell above all: when a person says so.
 *
 * Always: what allowed it is on record with who asked, before anything is made again.
 * Never: a look that could not tell is taken for "not there".
 */
import type { CallVerdict } from "../model/verdict.ts";
import { isLast, isRead, probe } from "../probe/index.ts";
import { adapterOf, type Context } from "./context.ts";
import { type Decided, decide } from "./decide.ts";
import type { SessionState } from "./state.ts";
import { verdictOf } from "./view.ts";

export interface RetryOrder {
  readonly callId: string;
  readonly who: string;
  /** The person says that it was not done, or that twice does no harm. */
  readonly confirmed: boolean;
}

export type Retry =
  | { readonly as: "allowed"; readonly call: CallVerdict; readonly why: string }
  /** The effect is there. */
  | { readonly as: "present"; readonly seen: string }
  | { readonly as: "needs-person"; readonly why: string }
  | Exclude<Decided, { readonly as: "recorded" }>;

/** Puts on record that the call is to be made again, where it may be. */
export async function allowRetry(
  context: Context,
  session: SessionState,
  { callId, who, confirmed }: RetryOrder,
): Promise<Retry> {
  const { calls } = await verdictOf(context, session, true);
  const at = calls.findLastIndex((one) => one.id === callId);
  const call = calls[at];
  if (call === undefined) return { as: "unknown-call" };
  const isUnknown = call.effect === "unknown" || call.effect === "partly";
  if (!isUnknown && call.effect !== "not-started") return { as: "known", effect: call.effect };
  const found = isUnknown
    ? await ground(context, session, calls, at)
    : { as: "allowed" as const, why: "it was not started" };
  if (found.as === "present") return found;
  if (found.as === "needs-person" && !confirmed) return found;
  const why = found.as === "allowed" ? found.why : "a person says so";
  if (!isUnknown) return { as: "allowed", call, why };
  const decided = await decide(context, session, { callId, outcome: "not-done", who, why });
  return decided.as === "recorded" ? { as: "allowed", call, why } : decided;
}

async function ground(
  context: Context,
  session: SessionState,
  calls: readonly CallVerdict[],
  at: number,
): Promise<
  | { readonly as: "allowed"; readonly why: string }
  | Extract<Retry, { readonly as: "present" | "needs-person" }>
> {
  const { files, names } = context.world;
  const agent = adapterOf(session).kind;
  const call = calls[at];
  if (call !== undefined && isRead(agent, call.name)) return { as: "allowed", why: "it only reads" };
  if (call === undefined || names === undefined)
    return { as: "needs-person", why: "nobody can look for its effect here" };
  const look = { files, names, agent, cwd: session.cwd };
  const { saw, cite } = await probe(look, { call, isLast: isLast(agent, calls, at), provisional: false });
  if (saw === "present") return { as: "present", seen: cite.value };
  if (saw === "absent") return { as: "allowed", why: `its effect is not there: ${cite.value}` };
  return { as: "needs-person", why: cite.value };
}
