/**
 * A person's word on a call of unknown outcome, through a host.
 */
import { HoldfastError } from "../model/error.ts";
import type { Context } from "../session/context.ts";
import { type Decision, decide } from "../session/decide.ts";
import type { SessionState } from "../session/state.ts";
import { refused, refusedBySession } from "./refusals.ts";
import { needName } from "./spawn.ts";
import type { HoldRefusal } from "./types.ts";

/** undefined when it is on record. @throws HoldfastError for a word that could not be read back. */
export async function decideByHost(
  context: Context,
  session: SessionState | undefined,
  decision: Decision,
): Promise<HoldRefusal | undefined> {
  needName("who", decision.who);
  if (decision.outcome !== "done" && decision.outcome !== "not-done") {
    const message = `"${String(decision.outcome)}" is no outcome. Say "done" or "not-done".`;
    throw new HoldfastError("bad-argument", message);
  }
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
