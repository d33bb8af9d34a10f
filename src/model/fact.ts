/**
 * What one source said: the common form that every agent's stream and store is read into.
 *
 * Always: a fact keeps its place (source, bytes) and its order within the source; a record that is not
 * understood becomes an `unknown` fact, never nothing.
 * Never: a fact does not say that something is true, only that a source said it.
 */
import { type ByteRange, type Cite, citeValue, type SourceName } from "./cite.ts";

/** A tool call that the source says was made. */
export interface CallFact {
  readonly kind: "call";
  readonly callId: string;
  readonly name: string;
  /** The arguments as the agent wrote them; plain JSON. */
  readonly input: unknown;
}

/** The model's reply names a call that the agent may or may not have come to. */
export interface AnnouncedFact {
  readonly kind: "announced";
  readonly callId: string;
  readonly name: string;
  readonly input: unknown;
}

/** The answer to a tool call. */
export interface ResultFact {
  readonly kind: "result";
  readonly callId: string;
  readonly name?: string;
  readonly content: string;
  readonly isError: boolean;
  /** The source is known to shorten results and this one has the length at which it does. */
  readonly cut: boolean;
}

/** What one source said at one place. */
export type FactBody =
  /** The agent named its own session (its id for resume). */
  | {
      readonly kind: "session";
      readonly agentSessionId: string;
      readonly version?: string;
      readonly model?: string;
    }
  /** A user message was put to the agent: opens a turn. */
  | { readonly kind: "prompt"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | CallFact
  | AnnouncedFact
  | ResultFact
  /** The agent asks whether it may make a call, and waits. */
  | {
      readonly kind: "permission";
      readonly requestId: string;
      readonly callId: string;
      readonly name: string;
      readonly input: unknown;
      readonly options: readonly {
        readonly optionId: string;
        readonly name: string;
        readonly allows: boolean;
      }[];
    }
  /** The source itself records that the turn is over. */
  | {
      readonly kind: "turn-end";
      readonly outcome: "completed" | "failed" | "cancelled";
      readonly reason?: string;
    }
  /** A record of a type that this version does not know, or does not need; passes through. */
  | { readonly kind: "unknown"; readonly type: string }
  /** A line that cannot be read as a record (garbage on stdout, for example). */
  | { readonly kind: "unreadable"; readonly reason: string };

/** A statement of a source at a place. */
export interface Fact {
  readonly source: SourceName;
  readonly path?: string;
  /** Bytes of the record; several facts of one record share the range and differ in `k`. */
  readonly range: ByteRange;
  /** 0, 1, 2 … among the facts of the same record. */
  readonly k: number;
  /** Table and row id, where the source is a database; `range` then counts rows, not bytes. */
  readonly row?: string;
  /** Attempt that produced it, where the source tells (the spool does; Ada's log does not). */
  readonly attempt?: number;
  readonly body: FactBody;
}

/** Bytes of a source that could not be read as a record; kept where they are, reported, never skipped silently. */
export interface Damage {
  readonly code:
    | "torn-tail"
    | "corrupt-middle"
    | "glued-record"
    | "nul-run"
    | "oversized-record"
    | "checksum"
    | "truncated"
    | "seq-gap"
    | "seq-repeat"
    | "seq-regression"
    | "chain-break"
    | "chain-cycle"
    | "late-write"
    | "snapshot-unreadable"
    | "snapshot-missing"
    | "log-missing"
    | "log-unreadable";
  readonly path: string;
  readonly range: ByteRange;
  /** One sentence: what is wrong with these bytes. */
  readonly detail: string;
}

/** Something odd about records that could be read: no record is hidden by it, nothing is lost. */
export interface Oddity {
  readonly code: "fork" | "clock-skew" | "not-read";
  readonly path: string;
  readonly range: ByteRange;
  /** One sentence. */
  readonly detail: string;
}

/** Points at a fact. */
export function citeOf(fact: Fact, value: string): Cite {
  return {
    source: fact.source,
    range: fact.range,
    value: fact.row === undefined ? value : citeValue(`${fact.row}: ${value}`),
    ...(fact.path === undefined ? {} : { path: fact.path }),
    ...(fact.attempt === undefined ? {} : { attempt: fact.attempt }),
  };
}
