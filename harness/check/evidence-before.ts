/**
 * What could be known of a call at a moment: what the last cut before it holds, and what had been shown.
 */
import type { DiskCut } from "../history.ts";
import { type Facts, mayHaveLostShown } from "../oracle/facts.ts";
import { logHas, sessionAt } from "../oracle/session-at.ts";

/** The last cut before a moment. */
export function cutBefore(facts: Facts, ns: bigint): DiskCut | undefined {
  return facts.run.cuts.findLast((cut) => BigInt(cut.t) <= ns);
}

/** Does anything that an orchestrator can read, or has shown, hold the call's line (or its result's)? */
export function isKnowableBefore(
  facts: Facts,
  session: number,
  what: "calls" | "results",
  callId: string,
  ns: bigint,
): boolean {
  const type = what === "calls" ? "call" : "result";
  const shown = facts.shown.some(
    (one) =>
      one.session === session && one.ns <= ns && one.event.type === type && one.event.callId === callId,
  );
  if (shown && !mayHaveLostShown(facts, session, ns)) return true;
  const cut = cutBefore(facts, ns);
  if (cut === undefined) return false;
  const at = sessionAt(facts, cut, session);
  const held = what === "calls" ? at.heldCalls : at.heldResults;
  return held.has(callId) || logHas(at, what, callId);
}
