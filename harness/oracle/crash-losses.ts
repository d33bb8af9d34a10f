/**
 * What a power cut took of a run: effects that were done, and every trace of a call.
 *
 * Always: facts alone: what was done before the cut, and what the first copy of the disk after it holds.
 */
import type { DiskCut } from "../history.ts";
import type { StepTokens } from "../ledger.ts";
import type { DamageEntry, Facts } from "./facts.ts";
import { logHas, replyNames, sessionAt } from "./session-at.ts";
import type { CallUse } from "./steps.ts";

/** The effect was done, and a power cut took it from the workspace: the tool had not synced it. */
export function isEffectTaken(facts: Facts, tokens: StepTokens, uses: readonly CallUse[]): boolean {
  return facts.losses.some((loss) => {
    const doneBefore = uses.some(({ effect }) => effect !== undefined && effect.beginNs < BigInt(loss.t));
    return (
      loss.role === "effects" &&
      doneBefore &&
      !(cutAfter(facts, loss)?.effects.includes(tokens.effectToken) ?? true)
    );
  });
}

/** A crash left nothing that can be found and names the call, and nobody had been shown it: no one can know of it. */
export function isTraceless(facts: Facts, use: CallUse): boolean {
  const wasShown = facts.shown.some(({ event }) => event.callId === use.callId);
  if (wasShown) return false;
  return facts.losses.some((loss) => {
    const cut = cutAfter(facts, loss);
    const began = use.call?.beginNs ?? use.effect?.beginNs;
    if (cut === undefined || began === undefined || began > BigInt(loss.t)) return false;
    const at = sessionAt(facts, cut, use.session);
    return !at.heldCalls.has(use.callId) && !logHas(at, "calls", use.callId) && !replyNames(at, use.callId);
  });
}

/** Bytes that were in a file once, up to `toByte`, and were taken by a crash before the moment. */
export function wereTaken(
  facts: Facts,
  { path, toByte, t }: { readonly path: string; readonly toByte: number; readonly t: string },
  beforeNs: bigint,
): boolean {
  return facts.losses.some(
    (loss) =>
      loss.path === path &&
      loss.fromByte < toByte &&
      BigInt(loss.t) > BigInt(t) &&
      BigInt(loss.t) <= beforeNs,
  );
}

function cutAfter(facts: Facts, { t }: DamageEntry): DiskCut | undefined {
  return facts.run.cuts.find((cut) => BigInt(cut.t) > BigInt(t));
}
