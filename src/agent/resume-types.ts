/**
 * What an agent's own store can be asked: which sessions it holds of a project, what each of its files says, and
 * what the agent will send to its model when it resumes.
 *
 * Always: home folder and environment are handed in; reading changes no byte of a store and takes no lock on it.
 * Never: a store is not judged here. That is the reconciler's work.
 */
import type { SourceCut } from "../model/evidence.ts";
import type { Databases, Files } from "../model/ports.ts";

/** How much of a history stays in memory, for readers that judge and need not repeat. */
export interface KeepLimits {
  /** Longer texts and results are kept as head, tail and a sum of the whole. */
  readonly textCharsMax: number;
  /** Beyond this, finished turns are left out, oldest first, and counted. Estimated. */
  readonly bytesMax: number;
}

/** The world around a project, as far as agents look at it for their files. */
export interface Surroundings {
  /** Absolute path of the person's home folder. */
  readonly home: string;
  /** Environment of the agent: `CODEX_HOME`, `XDG_DATA_HOME` and the like move stores. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads SQLite images; without it such a store is reported as unreadable. */
  readonly databases?: Databases;
  /** What of a long history is kept in memory; everything when not given. */
  readonly keep?: KeepLimits;
  /** Told of a store that is there and cannot be searched; `why` is a sentence. */
  readonly onTrouble?: (path: string, why: string) => void;
}

/** A session in a store, found but not yet read. */
export interface FoundSession {
  /** Adapter kind. */
  readonly agent: string;
  /** The agent's own session id. */
  readonly id: string;
  /** Log (L) of the session; for a database the file that holds it. */
  readonly path: string;
  /** Snapshot (S), where the agent has one. */
  readonly snapshotPath?: string;
}

/** What answers a call in the history that the model is sent. */
export type SentAnswer =
  /** The tool's own result. */
  | "result"
  /** A text of the agent in place of a result. */
  | "synthetic"
  /** The result, sent once more. */
  | "repeated"
  /** On the call itself: nothing answers it. */
  | "none";

/**
 * One entry of the history that the model is sent on resume, in order: a text (no `callId`), a call
 * (`assistant` with a `callId`; `answer` only when nothing answers it), or an answer (`tool`).
 */
export interface Sent {
  readonly role: "user" | "assistant" | "tool";
  readonly callId?: string;
  readonly answer?: SentAnswer;
  /** A text that the agent adds by itself: it stands nowhere in the store. */
  readonly inserted?: true;
}

/** One session, read once. */
export interface SessionRead {
  readonly sources: readonly SourceCut[];
  /** What a resume with a new prompt would send; the last entry is that prompt. Instructions and tools are left out. */
  readonly sent: readonly Sent[];
  /** Versions of the agent that wrote the store, in order of appearance. */
  readonly versions: readonly string[];
  /** Finished history that was read and not kept: see {@link Surroundings.keep}. */
  readonly leftOut?: { readonly turns: number; readonly calls: number };
}

/** What is particular about an agent's store. */
export interface StoreTraits {
  /** Do stream and store name a call by the same id? `by-order`: see `matchStream`. */
  readonly streamIds: "same" | "by-order";
  /** From where a reader can safely go on. */
  readonly cursor: "byte-offset" | "ordinal+byte-offset" | "uuid+byte-offset" | "row";
  /** What in the store says that a turn is over; `never`: nothing does. */
  readonly turnEnd: "record" | "stop-reason" | "never";
}

export interface AgentStore {
  readonly traits: StoreTraits;
  /** Sessions of the project at `cwd`, in no particular order; what cannot be read is left out. */
  locate(files: Files, cwd: string, around: Surroundings): Promise<readonly FoundSession[]>;
  /** Reads one session; damage, a missing file and a file without permission are answers, not errors. */
  read(files: Files, found: FoundSession, around: Surroundings): Promise<SessionRead>;
}
