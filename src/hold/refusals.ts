/**
 * Refusals in a host's words: what stands in the way, and what to do now over the hold.
 */
import type { Refusal } from "../session/refusal.ts";
import type { HoldRefusal } from "./types.ts";

const statuses: Readonly<Record<HoldRefusal["code"], HoldRefusal["status"]>> = {
  "agent-alive": 409,
  settling: 503,
  "tool-alive": 409,
  "needs-decision": 409,
  "agent-session-unknown": 409,
  "hand-over-too-long": 413,
  "bad-prompt": 400,
  "prompt-too-long": 413,
  "key-reused": 409,
  "agent-missing": 503,
  "agent-not-started": 503,
  "cwd-missing": 409,
  "unknown-session": 404,
  "unknown-call": 404,
  "known-call": 409,
  decided: 409,
};

export function refused(code: HoldRefusal["code"], message: string): HoldRefusal {
  return { code, message, status: statuses[code] };
}

const waysOut: Readonly<Record<Refusal["code"], string>> = {
  "agent-alive": "Wait until it ends, or end it first.",
  settling: "Ask again.",
  "tool-alive": "Wait until it ends, or end it first.",
  "needs-decision": "Look at the session's calls; decide the unknown ones, or acknowledge them to go on.",
  "agent-session-unknown": "Look at the session; acknowledge it to start afresh all the same.",
  "hand-over-too-long": "Go on with a shorter prompt.",
};

/** A refusal of the engine with its way out. */
export function refusedBySession({ code, message }: Refusal): HoldRefusal {
  return refused(code, `${message} ${waysOut[code]}`);
}
