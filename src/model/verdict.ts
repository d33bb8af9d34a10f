/**
 * What follows from a cut: states, calls, findings with their evidence, and what is safe to do.
 *
 * Always: the names are those of the taxonomy; a finding cites; unknown is kept as unknown.
 * Never: `effect` does not leave done or failed once it is there: later contradiction adds the mark
 * `conflict` and blocks recovery.
 */
import type { Cite } from "./cite.ts";

/** Run states after reconcile. */
export type RunState =
  | "completed"
  | "failed"
  | "cancelled"
  | "live"
  | "live-unowned"
  | "interrupted"
  | "interrupted-indeterminate"
  | "awaiting-approval-stale"
  | "diverged"
  | "exhausted"
  | "unreadable";

/** Did the call's effect happen? */
export type Effect = "not-started" | "running" | "done" | "failed" | "partly" | "unknown";
/** After a power cut: is the effect still there? */
export type Stands = "yes" | "no" | "unproven";
/** Will the model, resumed from the agent's store as it is, know the outcome? */
export type ModelKnows = "yes" | "no" | "wrongly" | "unknown";

export type CallMark = "cut" | "elsewhere" | "superseded" | "conflict" | "orphan";

/** Names of the taxonomy for a call, derived from the three answers and the marks. */
export type CallState =
  | "not-started"
  | "running-adopted"
  | "running-orphan"
  | "completed"
  | "failed"
  | "result-elsewhere"
  | "result-cut"
  | "interrupted-partial"
  | "indeterminate"
  | "unpaired-result"
  | "id-conflict"
  | "superseded";

/** One tool call as far as it can be known. */
export interface CallVerdict {
  readonly id: string;
  readonly attempt?: number;
  /** Index of the call's turn, as in `turnsOf`: tells apart calls of turns that no attempt of ours opened. */
  readonly turn?: number;
  readonly name: string;
  readonly input: unknown;
  readonly effect: Effect;
  readonly stands: Stands;
  readonly modelKnows: ModelKnows;
  readonly marks: readonly CallMark[];
  readonly state: CallState;
  /** The longest trusted text of the result, with the answer whether it is an error. */
  readonly result?: { readonly content: string; readonly isError: boolean; readonly cut: boolean };
  readonly cites: readonly Cite[];
}

export type Severity = "info" | "warning" | "blocks";

/** The divergences that a source can raise today; the string values are the taxonomy's names. */
export type FindingCode =
  | "snapshot-behind-log"
  | "snapshot-ahead-of-log"
  | "snapshot-conflict"
  | "snapshot-unreadable"
  | "snapshot-missing"
  | "log-missing"
  | "log-unreadable"
  | "torn-tail"
  | "glued-record"
  | "corrupt-middle"
  | "seq-gap"
  | "seq-repeat"
  | "seq-regression"
  | "fork"
  | "clock-skew"
  | "record-lost"
  | "duplicate-event"
  | "id-conflict"
  | "dangling-call"
  | "unpaired-result"
  | "journal-ahead"
  | "agent-ahead"
  | "ghost-running"
  | "unexpected-live"
  | "second-writer"
  | "late-write"
  | "session-rebound"
  | "schema-unknown"
  | "told-wrongly"
  | "effect-rolled-back"
  | "chain-break"
  | "chain-cycle"
  | "orphan-tool"
  | "pid-reused"
  | "place-moved"
  | "version-drift"
  | "config-drift"
  | "superseded"
  | "budget-exhausted";

/** One divergence, named, with its cause. */
export interface Finding {
  /** Stable while the evidence grows: code / run or session / call / first position at which the sources part. */
  readonly id: string;
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly callId?: string;
  readonly attempt?: number;
  /** One sentence for a person. */
  readonly summary: string;
  /** Never empty. */
  readonly cites: readonly Cite[];
}

/** State of one start of an agent. */
export interface AttemptVerdict {
  readonly attempt: number;
  readonly runId: string;
  readonly state: "live" | "completed" | "failed" | "cancelled" | "interrupted" | "never-started";
}

/** How one call is put to the resumed agent. */
export interface CallSend {
  readonly callId: string;
  readonly as: "result" | "unknown" | "nothing";
  /** The call's turn, as in `CallVerdict.turn`. */
  readonly turn?: number;
}

/** What is safe to do now. */
export interface Recovery {
  /** `none`: nothing to do · `adopt`: take the live agent back · `resume`: start it again with the hand-over · `ask`: a person decides first. */
  readonly action: "none" | "adopt" | "resume" | "ask";
  readonly why: string;
  readonly sends: readonly CallSend[];
}

/** The output of `reconcile`. */
export interface Verdict {
  readonly schema: 1;
  readonly sessionId: string;
  /** State of the latest run; a session without attempts of ours is judged from the agent's store alone. */
  readonly run: { readonly id?: string; readonly state: RunState };
  readonly attempts: readonly AttemptVerdict[];
  /** In order of first appearance. */
  readonly calls: readonly CallVerdict[];
  readonly findings: readonly Finding[];
  readonly recovery: Recovery;
}
