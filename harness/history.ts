/**
 * The history: what the harness did and saw, in the one order in which it did and saw it.
 *
 * Always: plain JSON; everything a check uses is in history, ledger, cuts or plan, so that a stored run can be
 * judged again by newer checks.
 */

import type { LedgerEntry, StepTokens } from "./ledger.ts";
import type { FaultKind, GatePosition, Plan } from "./plan/plan.ts";
import type { ObservedSession, Shown, SubjectFile } from "./subject/contract.ts";

/** One thing that happened, seen from the harness. `t` is CLOCK_MONOTONIC in nanoseconds, as in the ledger. */
export type HistoryEntry = { readonly t: string } & (
  | { readonly kind: "server-start"; readonly life: number; readonly pid: number; readonly url: string }
  /** What is started from now on. */
  | { readonly kind: "version"; readonly version: "this" | "next" }
  | { readonly kind: "server-ready"; readonly life: number }
  | {
      readonly kind: "server-exit";
      readonly life: number;
      readonly code: number | null;
      readonly signal: string | null;
    }
  | {
      readonly kind: "submit";
      readonly session: number;
      readonly turn: number;
      readonly key: string;
      readonly prompt: string;
    }
  | {
      readonly kind: "submitted";
      readonly session: number;
      readonly turn: number;
      readonly key: string;
      readonly id: string;
    }
  | {
      readonly kind: "refused";
      readonly what: "submit" | "resume";
      readonly session: number;
      readonly status: number;
      readonly message: string;
    }
  | {
      readonly kind: "unanswered";
      readonly what: "submit" | "resume";
      readonly session: number;
      readonly why: string;
    }
  /** The user found the session of a submit without an answer in the list, by its own words. */
  | { readonly kind: "found"; readonly session: number; readonly id: string }
  | { readonly kind: "connect"; readonly client: number; readonly session: number; readonly after?: string }
  | { readonly kind: "shown"; readonly client: number; readonly session: number; readonly event: Shown }
  | { readonly kind: "disconnected"; readonly client: number; readonly session: number }
  | {
      readonly kind: "agent-hello";
      readonly session: number;
      readonly attempt: number;
      readonly pid: number;
      readonly nonce: string;
    }
  | { readonly kind: "agent-exit"; readonly session: number; readonly attempt: number }
  | {
      readonly kind: "release";
      readonly session: number;
      readonly attempt: number;
      readonly event: string;
      readonly why: string;
    }
  /** `at`: the event the fault met, by name, with its position; `killed`: what was alive and got the signal. */
  | {
      readonly kind: "fault";
      readonly round: number;
      readonly fault: FaultKind;
      readonly at: string;
      readonly position: GatePosition;
      readonly killed: readonly ("server" | "agent" | "tree")[];
    }
  | {
      readonly kind: "damage";
      readonly round: number;
      readonly role: SubjectFile["role"] | "effects";
      readonly path: string;
      readonly how: string;
      readonly session?: number;
      readonly fromByte: number;
      readonly toByte: number;
    }
  | { readonly kind: "cut"; readonly cut: number; readonly label: "killed" | "ready" | "observe" | "settled" }
  | {
      readonly kind: "observe";
      readonly cut: number;
      readonly label: "ready" | "observe" | "settled";
      readonly sessions: readonly ObservedSession[];
    }
  | { readonly kind: "resume"; readonly session: number; readonly prompt: string }
  | { readonly kind: "resumed"; readonly session: number }
  | { readonly kind: "settled"; readonly session: number; readonly state: string }
  | { readonly kind: "watchdog"; readonly waitingFor: string }
);

/** Place of the fault at which a full disk was mended, as far as it is told in words. */
export const fullDisk = "the disk is full";

/** A watchdog entry that begins so tells of a server that ended by itself. */
export const serverLeft = "the server, which ended by itself";

/** A watchdog entry that begins so tells of a server that failed at what it was asked. */
export const serverFails = "an answer to work with";

/** `how` of a damage entry that no plan asked for: bytes that a crash took from a file, or left half written. */
export const crashLoss = "crash";

/** The disk and the processes at one moment. File contents are stored beside the artifact, by content hash. */
export interface DiskCut {
  readonly cut: number;
  readonly label: "killed" | "ready" | "observe" | "settled";
  readonly t: string;
  readonly files: readonly CutFile[];
  /** Agents (by ledger nonce) that were alive. */
  readonly alive: readonly {
    readonly nonce: string;
    readonly session: number;
    readonly attempt: number;
    readonly pid: number;
  }[];
  /** Calls whose own processes were alive, where the plan has such. */
  readonly tools?: readonly { readonly session: number; readonly callId: string }[];
  /** The effects file, whole. */
  readonly effects: string;
}

export interface CutFile {
  readonly role: SubjectFile["role"] | "agent-log" | "agent-snapshot";
  readonly path: string;
  readonly session?: number;
  /** Undefined when the file was not there. */
  readonly content?: string;
  /** `content` is base64 because the bytes are no UTF-8. */
  readonly base64?: boolean;
}

/** The server's own operations on files, as counted from inside. */
export interface CountedBoundaries {
  readonly lives: readonly {
    readonly life: number;
    /** argv[1] of the process, from the run's folder. */
    readonly script: string;
    /** One an operation, in order: what is done to what kind of file, and the modes that it can end in. */
    readonly operations: readonly {
      readonly op: string;
      readonly step: string;
      readonly modes: readonly string[];
    }[];
    /** Functions of the runtime that may change files and are not counted. */
    readonly unknown: readonly string[];
  }[];
  /** Of a run on a small disk: whether there was no room left on it at some time. */
  readonly wasFilled?: boolean;
  readonly hits: readonly {
    readonly life: number;
    readonly operation: number;
    readonly mode: string;
    readonly step: string;
    /** Of a power cut: what it took, in words. */
    readonly lost?: string;
    /** Equal for two ends that had the same operations behind them and left them in the same order. */
    readonly state: string;
  }[];
}

/** A step out of order: something was shown, told, named or started before what it depends on was on the disk. */
export interface Early {
  /** What was published: `early-event`, … */
  readonly kind: string;
  readonly story: string;
}

/** Everything about one executed run; what checks and recheck take. */
export interface RunRecord {
  readonly plan: Plan;
  readonly subject: { readonly name: string; readonly can: import("./subject/contract.ts").Abilities };
  readonly history: readonly HistoryEntry[];
  /** One list an agent process, in order of start. */
  readonly ledgers: readonly (readonly LedgerEntry[])[];
  readonly cuts: readonly DiskCut[];
  readonly tokens: readonly StepTokens[];
  /** Subject's session id per plan session, as far as one was acknowledged. */
  readonly sessionIds: readonly (string | undefined)[];
  /** Where the plan asked for boundaries: what was counted, and which of them the server ended itself at. */
  readonly boundaries?: CountedBoundaries;
  /** Published before it was on the disk; undefined where nobody sees every sync, as on real processes. */
  readonly early?: readonly Early[];
  /** Why the run could not be carried out, if the harness or machine failed (never the subject). */
  readonly infra?: string;
  readonly durationMs: number;
  /** Of a real run: what its driver waited for, and the processor time that its agents told. */
  readonly spent?: { readonly waitedMs: Readonly<Record<string, number>>; readonly agentsCpuMs: number };
}
