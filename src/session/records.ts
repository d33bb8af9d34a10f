/**
 * What the journal of the orchestrator says: one record a fact.
 *
 * Always: a record says only what we did, decided or saw; what the agent said stands in its spool, and the record
 * `cover` vouches for those bytes. A fact that clients are shown carries its place in the stream, so that the place
 * survives the loss of its neighbours.
 * Never: a type that is not listed here is an error; it is another version's and passes by.
 */

import type { ProcessIdentity } from "../model/ports.ts";
import type { Finding } from "../model/verdict.ts";

/** Place of a fact of ours in the session's stream; see `model/position.ts`. */
export interface Place {
  readonly attempt: number;
  readonly byte: number;
  readonly k: number;
}

/** What a resumed agent was handed, as far as the record needs it. */
export interface HandOverRecord {
  readonly id: string;
  readonly sends: readonly { readonly callId: string; readonly as: string; readonly shortened: boolean }[];
  /** So many earlier calls were handed over, too, and are not listed: see sends.ts. */
  readonly omitted?: number;
  readonly repairs: readonly { readonly path: string; readonly crc: number; readonly why: string }[];
}

/** Data of every record type. */
export interface RecordData {
  /**
   * Every session's folder was looked into for what a segment up to this generation may have lost without a trace: an empty
   * one, which is not emptied again.
   */
  searched: { generation: number; atMs: number };
  /** A server life began. */
  life: { identity: ProcessIdentity; atMs: number };
  project: { id: string; name: string; path: string; atMs: number };
  session: {
    sessionId: string;
    projectId: string;
    agent: string;
    cwd: string;
    epoch: string;
    model?: string;
    /** The id by which a host knows the session, and what else it keeps about it. */
    name?: string;
    about?: unknown;
    atMs: number;
  };
  /** What a host keeps about the session from now on. */
  about: { sessionId: string; about: unknown };
  /** A prompt was accepted. `key` is the client's idempotency key. */
  run: {
    sessionId: string;
    runId: string;
    prompt: string;
    key?: string;
    /** The message of the queue that it is; with this record it is taken from there. */
    queueId?: string;
    atMs: number;
  };
  /** A prompt waits for the agent that works on the session. */
  queued: { sessionId: string; queueId: string; prompt: string; key?: string; atMs: number };
  /** A person took it back before its turn came. */
  unqueued: { sessionId: string; queueId: string; who: string; atMs: number };
  /** An agent is about to be started; synced before it is. */
  dispatch: {
    sessionId: string;
    runId: string;
    attempt: number;
    /** The text that the agent gets, hand-over included. */
    prompt: string;
    /** What the person asked for. */
    ask: string;
    bootId: string;
    /** The client's idempotency key of a resume. */
    key?: string;
    /** Pid namespace of the server that started it. */
    namespace?: string;
    /** `pipes`: the agent is a child of its host, which reads it and hands us what it said. */
    over?: "pipes";
    /** The agent's own session id, when it resumes. */
    resumes?: string;
    handOver?: HandOverRecord;
    at: Place;
    atMs: number;
  };
  /** The agent was seen running. */
  agent: { sessionId: string; attempt: number; identity: ProcessIdentity };
  /** The agent named its own session. */
  "agent-session": { sessionId: string; attempt: number; agentSessionId: string };
  /** Bytes `[fromByte, ends[0])`, `[ends[0], ends[1])`, … of the spool are synced and have these CRC-32s. */
  cover: {
    sessionId: string;
    attempt: number;
    fromByte: number;
    ends: readonly number[];
    crcs: readonly number[];
  };
  /** The spool was shortened under a living agent: stream offset `atByte` is from now on file offset `fileByte`. */
  shift: { sessionId: string; attempt: number; atByte: number; fileByte: number };
  /** The agent's process is over, or never began. `tailBytes` of its spool end without a newline. */
  ended: {
    sessionId: string;
    attempt: number;
    exitCode: number | null;
    started: "yes" | "no" | "unknown";
    seen: string;
    tailBytes: number;
    at: Place;
    atMs: number;
  };
  /** What the run came to. An interrupted run can be dispatched again. */
  "run-ended": {
    sessionId: string;
    runId: string;
    attempt: number;
    state: string;
    reason: string;
    at: Place;
  };
  cancel: {
    sessionId: string;
    runId: string;
    attempt: number;
    who: string;
    why: "stop" | "abandon";
    at: Place;
  };
  /** The agent is ended by us because it passed a limit. */
  limit: { sessionId: string; attempt: number; reason: string; at: Place };
  /** Processes of a stopped agent that we ended, and those that could not be proven to be its. */
  swept: {
    sessionId: string;
    attempt: number;
    ended: readonly string[];
    left: readonly string[];
    at: Place;
  };
  finding: { sessionId: string; finding: Finding; at: Place };
  "finding-resolved": { sessionId: string; findingId: string; at: Place };
  decision: {
    sessionId: string;
    callId: string;
    attempt: number;
    outcome: "done" | "not-done";
    who: string;
    why?: string;
    atMs?: number;
    at: Place;
  };
  /** The agent is about to be told something over its stdin, or was: `key` says what, once an attempt. */
  said: { sessionId: string; attempt: number; key: string; when: "before" | "after" };
  /** A person's answer to an agent that asked whether it may make a call; synced before the agent hears of it. */
  approval: {
    sessionId: string;
    attempt: number;
    requestId: string;
    callId: string;
    optionId: string;
    allows: boolean;
    who: string;
    atMs: number;
    at: Place;
  };
  /** The journal had lost this attempt; it was taken from the copy at `path`. */
  restored: { sessionId: string; attempt: number; path: string };
  /** The evidence of a verdict was stored. */
  cut: { sessionId: string; path: string; bytes: number; crc: number };
}

export type RecordType = keyof RecordData;
export type AnyRecord = {
  readonly [T in RecordType]: { readonly type: T; readonly data: RecordData[T] };
}[RecordType];

type FieldKind = "text" | "count" | "object" | "counts" | "any";

/** Fields without which a record of that type cannot be folded. */
const shapes: { readonly [T in RecordType]: Readonly<Record<string, FieldKind>> } = {
  searched: { generation: "count" },
  life: { identity: "object" },
  project: { id: "text", name: "text", path: "text" },
  session: { sessionId: "text", projectId: "text", agent: "text", cwd: "text", epoch: "text" },
  about: { sessionId: "text", about: "any" },
  run: { sessionId: "text", runId: "text", prompt: "text" },
  queued: { sessionId: "text", queueId: "text", prompt: "text" },
  unqueued: { sessionId: "text", queueId: "text" },
  dispatch: {
    sessionId: "text",
    runId: "text",
    attempt: "count",
    prompt: "text",
    ask: "text",
    bootId: "text",
    at: "object",
  },
  agent: { sessionId: "text", attempt: "count", identity: "object" },
  "agent-session": { sessionId: "text", attempt: "count", agentSessionId: "text" },
  cover: { sessionId: "text", attempt: "count", fromByte: "count", ends: "counts", crcs: "counts" },
  shift: { sessionId: "text", attempt: "count", atByte: "count", fileByte: "count" },
  ended: {
    sessionId: "text",
    attempt: "count",
    exitCode: "any",
    started: "text",
    seen: "text",
    at: "object",
  },
  "run-ended": {
    sessionId: "text",
    runId: "text",
    attempt: "count",
    state: "text",
    reason: "text",
    at: "object",
  },
  cancel: { sessionId: "text", runId: "text", attempt: "count", who: "text", why: "text", at: "object" },
  limit: { sessionId: "text", attempt: "count", reason: "text", at: "object" },
  swept: { sessionId: "text", attempt: "count", ended: "object", left: "object", at: "object" },
  finding: { sessionId: "text", finding: "object", at: "object" },
  "finding-resolved": { sessionId: "text", findingId: "text", at: "object" },
  decision: {
    sessionId: "text",
    callId: "text",
    attempt: "count",
    outcome: "text",
    who: "text",
    at: "object",
  },
  said: { sessionId: "text", attempt: "count", key: "text", when: "text" },
  approval: {
    sessionId: "text",
    attempt: "count",
    requestId: "text",
    callId: "text",
    optionId: "text",
    allows: "any",
    who: "text",
    at: "object",
  },
  restored: { sessionId: "text", attempt: "count", path: "text" },
  cut: { sessionId: "text", path: "text" },
};

const checks: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  count: isCount,
  object: (value) => typeof value === "object" && value !== null,
  counts: (value) => Array.isArray(value) && value.every(isCount),
  any: () => true,
};

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Reads a record as one of ours; undefined for another version's type, or data that lacks what its type needs. */
export function readRecord(type: string, data: Readonly<Record<string, unknown>>): AnyRecord | undefined {
  if (!Object.hasOwn(shapes, type)) return undefined;
  const shape = shapes[type as RecordType];
  const fits = Object.entries(shape).every(([field, kind]) => checks[kind](data[field]));
  // The journal's checksum says that a version of ours wrote it; the shape says that this one can read it.
  return fits ? ({ type, data } as unknown as AnyRecord) : undefined;
}
