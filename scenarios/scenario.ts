/**
 * A scenario: one failure that somebody really had, as a plan with its source and reason.
 *
 * Always: data. The plan is all that a run takes; what the naive orchestrator does under it is said beside it, so
 * that a scenario which no longer bites is noticed.
 */
import type { Call, Orphan, Plan, Reply, Script } from "../harness/plan/plan.ts";

export interface Scenario {
  /** What happens, in kebab-case; also the file's name. */
  readonly name: string;
  /** Failure class, and public threads in which it was reported or the system it was measured on. */
  readonly source: string;
  /** What must be true afterwards, and why it is not by itself. */
  readonly why: string;
  readonly plan: Plan;
  /** The promise that the naive orchestrator breaks, or why it keeps them all. */
  readonly naive: { readonly breaks: string } | { readonly holds: string };
}

/** A call that does its effect and succeeds. */
export const call: Call = { outcome: "append", resultChars: 40, style: "ascii" };

/** One call a reply, one after the other: the model sees each result before it asks for the next. */
export function oneByOne(calls: number): Script {
  const reply: Reply = { calls: [call], parallel: false };
  return { replies: Array.from({ length: calls }, () => reply), finalText: "All done." };
}

/** All calls announced in one reply before the first runs. */
export function atOnce(calls: number): Script {
  const reply: Reply = { calls: Array.from({ length: calls }, () => call), parallel: true };
  return { replies: [reply], finalText: "All done." };
}

/** A surviving agent that stands still. */
export const still: Orphan = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
