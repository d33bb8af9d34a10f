/**
 * What is known of a session: the shapes that the records are folded into.
 *
 * Always: plain data, so that a checkpoint holds it as JSON (maps and sets apart).
 */
import type { Cite } from "../model/cite.ts";
import type { DecisionEvidence } from "../model/evidence.ts";
import type { ProcessIdentity } from "../model/ports.ts";
import type { Finding } from "../model/verdict.ts";
import type { Covers } from "./covers.ts";
import type { HandOverRecord, Place } from "./records.ts";

export interface ProjectState {
  readonly id: string;
  readonly name: string;
  readonly path: string;
}

export interface RunRecordState {
  readonly id: string;
  prompt: string;
  key?: string;
  /** The message of the queue that it was. */
  queueId?: string;
  /** Its own record is lost: this is what the dispatch of an attempt says of it. */
  isLost?: boolean;
  /** "live" from dispatch to end; else what the run came to. */
  state: string;
  reason: string;
  cancelled?: { readonly cite: Cite; readonly why: "stop" | "abandon" };
}

export interface AttemptState {
  readonly attempt: number;
  readonly runId: string;
  readonly prompt: string;
  readonly ask: string;
  readonly bootId: string;
  readonly key?: string;
  readonly namespace?: string;
  /** The agent is its host's child on pipes, and dies or goes silent with it. */
  readonly over?: "pipes";
  readonly resumes?: string;
  readonly handOver?: HandOverRecord;
  readonly cite: Cite;
  identity?: ProcessIdentity;
  readonly covers: Covers;
  ended?: {
    readonly exitCode: number | null;
    readonly started: "yes" | "no" | "unknown";
    readonly seen: string;
    readonly cite: Cite;
  };
  limit?: string;
  /** What the agent was told over its stdin, by key: about to be, or written. */
  said?: Record<string, "before" | "after">;
  /** Answers to what it asked. */
  approvals?: Approval[];
  /** Copy from which the attempt came back into the record, where the journal had lost it. */
  restoredFrom?: string;
}

/** A person's answer to a request of an agent. */
export interface Approval {
  readonly requestId: string;
  readonly callId: string;
  readonly optionId: string;
  readonly allows: boolean;
  readonly who: string;
  readonly atMs: number;
  readonly cite: Cite;
}

/** Something we recorded that clients are shown. */
export interface StreamFact {
  readonly at: Place;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface QueuedPrompt {
  readonly id: string;
  readonly prompt: string;
  readonly key?: string;
  readonly atMs: number;
}

export interface SessionState {
  readonly id: string;
  readonly projectId: string;
  readonly agent: string;
  readonly cwd: string;
  readonly epoch: string;
  readonly model?: string;
  readonly atMs: number;
  /** The id by which a host knows it, and what else the host keeps about it. */
  readonly name?: string;
  about?: unknown;
  readonly runs: RunRecordState[];
  readonly attempts: AttemptState[];
  agentSessionId?: string;
  /** By id; a resolved one stays on record. */
  readonly findings: Map<string, { readonly finding: Finding; resolved: boolean }>;
  readonly decisions: DecisionEvidence[];
  /** Prompts whose turn has not come, in order. */
  readonly queue: QueuedPrompt[];
  /** Prompts that were taken back before that. */
  withdrawn?: QueuedPrompt[];
  readonly facts: StreamFact[];
  /** Where the last record stands that this version does not know; another one does, and shows it there. */
  passedAt?: Place;
  /** Segments of the journal that hold records of this session. */
  readonly segments: Set<string>;
}
