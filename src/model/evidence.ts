/**
 * A cut: everything that the sources said about one session at one moment, as plain data.
 *
 * Always: a cut is complete in itself. It can be stored, and the verdict recomputed from it years later.
 * Never: it holds no handles, no clock and nothing that was concluded.
 */
import type { Cite, SourceName } from "./cite.ts";
import type { Damage, Fact, Oddity } from "./fact.ts";

/** When a source writes a kind of record, relative to the fact itself. */
export type WriteOrder = "write-ahead" | "write-behind" | "never";

/**
 * What a source is able to say about one kind of record.
 *
 * `synced` says whether the record is on the disk before the fact takes effect. It decides what absence means
 * after a power cut: an unsynced source proves nothing then.
 */
export interface Ability {
  readonly order: WriteOrder;
  readonly synced: boolean;
}

/** Per kind of record; a kind that is not listed is `never`. */
export type Abilities = Partial<
  Readonly<Record<"call" | "result" | "turn-end" | "prompt" | "text", Ability>>
>;

/** One source, read once. */
export interface SourceCut {
  readonly source: SourceName;
  readonly path?: string;
  readonly status: "read" | "missing" | "unreadable";
  readonly abilities: Abilities;
  /** In the source's own order. */
  readonly facts: readonly Fact[];
  readonly damage: readonly Damage[];
  readonly oddities?: readonly Oddity[];
}

/** What our journal says about one start of an agent. */
export interface AttemptEvidence {
  /** 1, 2, 3 … within the session. */
  readonly attempt: number;
  readonly runId: string;
  /** The text that the agent was started with. */
  readonly prompt: string;
  /** Whether the agent process was ever started: decided by who won the start marker, not by time. */
  readonly started: "yes" | "no" | "unknown";
  /** Present when the end of the process is on record. */
  readonly ended?: { readonly exitCode: number | null; readonly cite: Cite };
  /** Is the agent (or its wrapper) there now? Only identity answers: pid, start time, boot id. */
  readonly liveness: "alive" | "dead" | "unknown";
  readonly processCite: Cite;
  readonly dispatchCite: Cite;
  /** The machine was booted again since this attempt was started; where it is left out, as for the whole session. */
  readonly bootChanged?: boolean;
  /** A yes to one of its calls may be lost: nothing is claimed from the absence of one. */
  readonly mayLackApprovals?: true;
  /** A cancel by a person is on record. */
  readonly cancelled?: Cite;
  /** The agent's pid belongs to another process now. */
  readonly pidReused?: Cite;
}

/** A tool's process that lives although the agent that started it may be gone. */
export interface ToolEvidence {
  readonly callId: string;
  readonly attempt?: number;
  readonly cite: Cite;
}

/** What the agent, resumed from its store as it is, will send to its model as the answer to a call. */
export interface ToldEvidence {
  readonly callId: string;
  /** `synthetic`: a text of the agent in place of the result · `none`: the call without an answer, or not at all. */
  readonly answer: "result" | "synthetic" | "none";
}

/** An agent of this kind that no attempt on record started. */
export interface StrangerEvidence {
  /** True when its command line names this session; else it is an agent of this kind in this folder. */
  readonly certain: boolean;
  readonly cite: Cite;
}

/** A person's word on a call whose effect the sources cannot tell. */
export interface DecisionEvidence {
  readonly callId: string;
  /** 0 for a call of a turn that no attempt of ours opened. */
  readonly attempt: number;
  readonly outcome: "done" | "not-done";
  readonly who: string;
  /** For people only. */
  readonly atMs?: number;
  readonly cite: Cite;
}

/** What a probe of the workspace saw of a call's effect. */
export interface ProbeEvidence {
  readonly callId: string;
  readonly attempt?: number;
  readonly saw: "present" | "absent" | "partly" | "cannot-tell";
  /** A living tool child can still change the answer. */
  readonly provisional: boolean;
  readonly cite: Cite;
}

/** A yes that we gave to a call, on the disk before the agent was told. */
export interface ApprovalEvidence {
  readonly callId: string;
  readonly attempt: number;
  readonly cite: Cite;
}

/** The input of `reconcile`. */
export interface Evidence {
  readonly schema: 1;
  readonly session: {
    readonly id: string;
    /** Agent kind: `ada`, `codex`, … */
    readonly agent: string;
    /** True only if this session's configuration routed each call through our own approval. */
    readonly gated: boolean;
  };
  /** In order of attempt. Empty for a store that no orchestrator of ours has a journal for. */
  readonly attempts: readonly AttemptEvidence[];
  /** The spool of every attempt (source O), the agent's log (L), its snapshot or index (S). */
  readonly sources: readonly SourceCut[];
  readonly decisions: readonly DecisionEvidence[];
  readonly probes: readonly ProbeEvidence[];
  /** Every synced yes, of a gated session or to a request for permission in its stream. Without this list nothing is claimed from the absence of a yes. */
  readonly approvals?: readonly ApprovalEvidence[];
  /** A boot id that changed since the last attempt means a power cut may have taken unsynced bytes. */
  readonly bootChanged: boolean;
  /** What the agent reads when it resumes; decides whether a stale snapshot matters. */
  readonly resumesFrom: "snapshot" | "log" | "index";
  /** Per call what a resume would send; calls that are not listed are not sent. Absent when nobody asked the store. */
  readonly told?: readonly ToldEvidence[];
  readonly tools?: readonly ToolEvidence[];
  readonly stranger?: StrangerEvidence;
  /** Present when the session's folder is not there. */
  readonly workspaceGone?: Cite;
}
