/**
 * A check: one promise, judged from the record of one run.
 *
 * Always: pure; it uses primitive facts (token in effects, bytes emitted, bytes shown, bytes sent to the model)
 * and its own readers. Unknown is not a pass; a check that throws is unknown.
 * Never: it imports nothing from `src/` and derives no call states of its own.
 */
import type { RunRecord } from "../history.ts";

/** When in the run a promise was broken; part of the signature. */
export type Phase = "before-fault" | "restart" | "resume" | "settled" | "stream";

export interface Violation {
  /** What kind of breach, e.g. `result-missing`; lower-case words joined by hyphens, no ids. */
  readonly kind: string;
  readonly phase: Phase;
  /** In words, for a person, with what, where and when: may hold ids and times. */
  readonly story: string;
}

export type CheckResult =
  | { readonly status: "pass" }
  | { readonly status: "fail"; readonly violations: readonly Violation[] }
  | { readonly status: "unknown"; readonly why: string }
  /** The subject lacks the ability, or the plan never gave the promise a chance to break. */
  | { readonly status: "not-applicable"; readonly why: string };

export interface Check {
  /** The promise's name, e.g. `no-lost-shown-event`. */
  readonly promise: string;
  /** The promise as one sentence. */
  readonly says: string;
  /** Of one whose breaches others see too: why it stays. */
  readonly stays?: string;
  judge(run: RunRecord): CheckResult;
}

/** Signature of a violation: unchanged by shrinking. */
export function signatureOf(check: Check, violation: Violation): string {
  return `${check.promise}/${violation.kind}/${violation.phase}`;
}
