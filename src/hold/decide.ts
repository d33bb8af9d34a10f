/**
 * A person's word on a call of unknown outcome, through a host.
 */
import type { Context } from "../session/context.ts";
import { type Decision, decide } from "../session/decide.ts";
import type { SessionState } from "../session/state.ts";
import { refused, refusedBySession } from "./refusals.ts";
import type { HoldRefusal } from "./types.ts";

/** undefined when it is on record. */
export async function decideByHost(
  context: Context,
  session: SessionState | undefined,
  decision: Decision,
): Promise<HoldRefusal | undefined> {
  if (session === undefined) return refused("unknown-session", "There is no session of that id.");
  const decided = await decide(context, session, decision);
  switch (decided.as) {
    case "refused":
      return refusedBySession(decided.refusal);
    case "unknown-call":
      return refused(
        "unknown-call",
        "This session has no call of that id. Look at the session for its calls.",
      );
    case "decided-otherwise":
      return refused(
        "decided",
        `The call was decided as ${decided.before.outcome} by ${decided.before.who}; that stays.`,
      );
    case "known":
      return refused(
        "known-call",
        `The outcome of this call is known (${decided.effect}); there is nothing to decide.`,
      );
    case "recorded":
      return undefined;
  }
}
