/**
 * What Holdfast must know of an agent: one adapter a vendor, the only place that knows its formats.
 *
 * Always: an adapter reads and says what it read, with byte ranges; unknown record types pass through.
 * Never: it never throws on what it reads, never writes into a vendor's store by itself (it returns what to
 * write), and never concludes: that is the reconciler's work.
 */
import type { Abilities, SourceCut } from "../model/evidence.ts";
import type { FactBody } from "../model/fact.ts";
import type { Files } from "../model/ports.ts";
import type { Verdict } from "../model/verdict.ts";
import type { AgentStore, Sent, Surroundings } from "./resume-types.ts";

/** How to start the agent on a prompt. */
export interface CommandLine {
  /** Executable name, looked up over PATH unless absolute. */
  readonly command: string;
  readonly args: readonly string[];
}

export interface StartRequest {
  /** Executable to use instead of the vendor's name. */
  readonly command?: string;
  readonly model?: string;
  readonly prompt: string;
  /** The agent's own session id, for a resume. */
  readonly resume?: string;
}

/** The files in which the agent keeps one session; relative paths never, unknown ids never become paths unchecked. */
export interface StorePaths {
  readonly log?: string;
  readonly snapshot?: string;
}

/** What must stand in the agent's store before it is resumed. */
export interface StoreRepair {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** One sentence for the journal and for people. */
  readonly why: string;
}

/** What an earlier attempt was asked. */
export interface EarlierPrompt {
  readonly attempt: number;
  /** Without its hand-over preface. */
  readonly text: string;
  /** As the agent was given it, where that is known: tells attempts apart that were asked the same. */
  readonly given?: string;
}

/** Everything a hand-over needs to be worded. */
export interface HandOverRequest {
  readonly verdict: Verdict;
  /** What the person asked for on resume. */
  readonly prompt: string;
  /** Of the earlier attempts that the agent was started with, oldest first. */
  readonly earlierPrompts: readonly EarlierPrompt[];
  readonly handOverId: string;
  /** Facts of the whole session in order, to rebuild a snapshot from. */
  readonly sources: readonly SourceCut[];
  /** The agent's snapshot as it is now, where it can be read; fields of it that we do not know are kept. */
  readonly snapshotText?: string;
  readonly agentSessionId: string;
  readonly cwd: string;
  readonly nowMs: number;
  /** What the agent's store would send by itself, where it was read: decides which results must be told. */
  readonly sent?: readonly Sent[];
}

/** What the resumed agent gets: the prompt to start with, and the store it will read. */
export interface HandOver {
  readonly prompt: string;
  readonly repairs: readonly StoreRepair[];
  readonly sends: readonly {
    readonly callId: string;
    readonly as: "result" | "unknown";
    readonly shortened: boolean;
  }[];
}

/** With what an agent that is spoken with is started. */
export interface Opening {
  readonly cwd: string;
  readonly prompt: string;
}

/** A line for the agent's stdin. */
export interface Outgoing {
  /** Says which it is; a key is said once. */
  readonly key: string;
  /** Without its newline. */
  readonly line: string;
  /** The agent takes no notice of it when it comes a second time. */
  readonly isRepeatable: boolean;
}

/** The agent wants to know whether it may make a call. */
export interface Ask {
  readonly requestId: string;
  readonly callId: string;
  readonly name: string;
  readonly input: unknown;
  readonly options: readonly { readonly optionId: string; readonly name: string; readonly allows: boolean }[];
}

/** Our side of the conversation with one start of an agent: a fold over its lines. */
export interface Conversing {
  /** Every request for a permission so far, answered or not. */
  readonly asks: readonly Ask[];
  /** The turn has come to its end; the agent waits for more, which there is not. */
  readonly isOver: boolean;
  /** What is to be said, in order; what was said already is among it. */
  readonly due: readonly Outgoing[];
  hear(line: string): void;
  /** What the agent has said shows that it was told this. */
  isProven(key: string): boolean;
  answer(ask: Ask, optionId: string): Outgoing;
}

export interface AgentAdapter {
  readonly kind: string;
  /** What each source of this agent is able to say, as declared in reference form. */
  readonly abilities: { readonly O: Abilities; readonly L: Abilities; readonly S: Abilities };
  readonly resumesFrom: "snapshot" | "log" | "index";
  commandLine(request: StartRequest): CommandLine;
  /** One line of the agent's stdout, without its newline, decoded into 0 or more facts; never throws. */
  decodeLine(line: string): readonly FactBody[];
  /** False for anything that cannot be an id of this agent: then no path is made of it. */
  isSessionId(text: string): boolean;
  /** Where the agent keeps this session; `cwd` is the workspace it was started in. */
  storePaths(cwd: string, agentSessionId: string, around?: Surroundings): StorePaths;
  /** Log (L) and snapshot (S) of one session, each read once; a missing file is a cut with status "missing". */
  readStore(
    files: Files,
    cwd: string,
    agentSessionId: string,
    around?: Surroundings,
  ): Promise<readonly SourceCut[]>;
  /** Pure: rebuilds what the agent resumes from and words the corrective first message. */
  handOver(request: HandOverRequest): HandOver;
  /** Finds and reads the agent's own store; `around` above is needed by agents that keep it in the home folder. */
  readonly store?: AgentStore;
  /** Pure: gives the calls of the stream (O) the ids, names and inputs that the store (L) has for them. */
  matchStream?(sources: readonly SourceCut[]): readonly SourceCut[];
  /** Of agents that are spoken with over their stdin, and asked nothing on their command line. */
  converse?(opening: Opening): Conversing;
}
