/**
 * A subject: the orchestrator under test, as one plain object.
 *
 * Always: a subject renames and fetches. Whatever it returns was said by the orchestrator.
 * Never: it never infers. What the orchestrator has no word for is `"unknown"` or `"no-surface"`.
 */

import type { AgentName } from "../plan/plan.ts";

/** What the orchestrator can do; a missing ability makes checks not applicable, and the report says so. */
export interface Abilities {
  readonly resume: boolean;
  readonly reload: readonly ("tsx" | "node-watch" | "signal")[];
  /** It has a surface on which divergence is flagged. */
  readonly flags: boolean;
  /** Its event stream can be resumed from a cursor. */
  readonly cursor: boolean;
  /** It can be asked to end an agent. */
  readonly stop: boolean;
  /** Its files may be damaged between kill and restart. */
  readonly damage: boolean;
  /** The agents that it can be asked to start, by the name of their executable; `["ada"]` where left out. */
  readonly agents?: readonly AgentName[];
  /** A session is resumed by a prompt; while its agent works, that is a message to the agent, which may wait. */
  readonly resumesByPrompt?: boolean;
  /** There is a version to come, which writes more than today's knows. */
  readonly versions?: boolean;
  /** Variables of an agent's environment by which it finds what the agent has started, tools above all. */
  readonly marks?: readonly string[];
  /** It starts agents that speak ACP, besides those; what they ask is answered by {@link Subject.allow}. */
  readonly acp?: boolean;
}

/** Where and with what one run takes place. Everything is absolute and new for each run. */
export interface Context {
  /** The orchestrator's own folder; survives restarts within the run. */
  readonly dir: string;
  /** The project that the agents work in. */
  readonly workspace: string;
  readonly port: number;
  /** The fake agent's executable, and the folder that holds it under the agent's own name. */
  readonly agentPath: string;
  readonly agentBinDir: string;
  /** The pinned, minimal environment to start the server with (has PATH with agentBinDir first). */
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when the run is over or its watchdog fired. */
  readonly signal: AbortSignal;
  /** Starts a process that the harness reaps; stdout and stderr go to the run's folder. Use this, not child_process. */
  spawn(
    file: string,
    args: readonly string[],
    options?: {
      readonly cwd?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly name?: string;
    },
  ): Spawned;
  /** Where {@link Subject.prepare} left what the runs have in common; undefined where a run stands alone. */
  readonly shared?: string;
  /** True in the runs that start the server under its watcher, for plans with a reload. */
  readonly reload?: "tsx" | "node-watch" | "signal";
}

export interface Spawned {
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Resolves with the first line of stdout that matches; rejects when the process ends first. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
}

/** One event as a client was shown it. */
export interface Shown {
  /** Cursor for `events(after)`, where the stream has one; of several events in one frame only the last has it. */
  readonly cursor?: string;
  readonly type:
    | "prompt"
    | "text"
    | "call"
    | "ask"
    | "result"
    | "end"
    | "hole"
    | "flag"
    | "flag-resolved"
    | "other";
  readonly callId?: string;
  readonly name?: string;
  readonly input?: unknown;
  /** For `flag` and `flag-resolved`: a name that is the same each time this flag is spoken of. */
  readonly text?: string;
  readonly isError?: boolean;
  /** For `hole`: the bytes that the orchestrator reports as lost. */
  readonly range?: { readonly fromByte: number; readonly toByte: number };
}

export interface ObservedCall {
  readonly id?: string;
  readonly name: string;
  readonly input: unknown;
  readonly state: "done" | "failed" | "running" | "unknown" | "not-started";
  /** Is the effect still there? Only a power cut takes one; left out where the orchestrator does not say. */
  readonly stands?: "yes" | "no" | "unproven";
  readonly result?: string;
}

export interface ObservedFlag {
  /** A name of the taxonomy, or the orchestrator's own word. */
  readonly code: string;
  readonly callId?: string;
  readonly resolved?: boolean;
  readonly cites: readonly {
    readonly source: string;
    readonly path?: string;
    readonly range?: { readonly fromByte: number; readonly toByte: number };
    readonly value: string;
  }[];
}

export interface ObservedSession {
  readonly id: string;
  /** The orchestrator's own word. */
  readonly state: string;
  /** Does it say that the session's latest run reached its end by itself (completed or failed)? */
  readonly ended: "yes" | "no" | "unknown";
  /** Does it say that an agent works on the session now? */
  readonly live: "yes" | "no" | "unknown";
  readonly calls: readonly ObservedCall[];
  /** What the history endpoint shows. */
  readonly history: readonly Shown[];
  readonly flags: readonly ObservedFlag[] | "no-surface";
}

export interface SubjectFile {
  readonly role: "log" | "snapshot" | "index" | "journal" | "spool";
  readonly path: string;
  readonly session?: string;
}

/** What the orchestrator answered to a request that it may refuse. */
export type Refusable<T> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly status: number; readonly message: string };

/** One prompt for the orchestrator. */
export interface Prompt {
  readonly prompt: string;
  /** A further turn of this session, or its resumption. */
  readonly session?: string;
  /** The same when the harness repeats a submit that got no answer. */
  readonly key: string;
  readonly agent: AgentName;
}

/** A prompt that is answered by the stream of its own events. */
export interface Followed {
  /** Resolves when the orchestrator has accepted the work and named the session; rejects when the stream ends first. */
  readonly accepted: Promise<Refusable<{ readonly session: string }>>;
  /** Read to its end by the harness; `accepted` settles by being read. */
  readonly events: AsyncIterable<Shown>;
}

/** What a run's command line gives to a subject that needs more than its own file. */
export interface SubjectOptions {
  /** `--checkout`: an existing, installed checkout of the orchestrator, absolute. */
  readonly checkout?: string;
}

/** The object that a subject file exports by default, or what the function that it exports returns. */
export interface Subject {
  readonly name: string;
  readonly can: Abilities;
  /**
   * The port on which it listens whatever it is told. Runs then take place in a network of their own each, where the
   * machine allows that, and one after the other elsewhere.
   */
  readonly port?: number;
  /** Called once a campaign, before its runs: makes what they have in common, as a bundled server, in this folder. */
  prepare?(folder: string): Promise<void>;
  /** Called once a run, before the first start. */
  setup?(ctx: Context): Promise<void>;
  /** Starts the server; resolves when it answers and is ready to be asked. */
  start(ctx: Context): Promise<{ readonly pid: number; readonly url: string }>;
  /** Resolves when the orchestrator has accepted the work (acknowledged). With `session`: a further turn of it. */
  submit(
    ctx: Context,
    request: {
      readonly prompt: string;
      readonly session?: string;
      readonly key: string;
      readonly agent?: AgentName;
    },
  ): Promise<Refusable<{ readonly session: string }>>;
  resume(ctx: Context, session: string, prompt: string): Promise<Refusable<object>>;
  /**
   * For an orchestrator that answers a prompt with the stream of its events, and names a new session only in that
   * stream. Used instead of `submit` and `resume` where it is there.
   */
  follow?(ctx: Context, request: Prompt): Followed;
  /** Live events of a session; ends when the connection ends. */
  events(ctx: Context, session: string, after?: string): AsyncIterable<Shown>;
  /** Says yes to whatever the session's agent asks a person at the moment; for those that speak ACP. */
  allow?(ctx: Context, session: string): Promise<void>;
  observe(ctx: Context): Promise<{ readonly sessions: readonly ObservedSession[] }>;
  files(ctx: Context): Promise<readonly SubjectFile[]>;
  /** Triggers the hot reload; resolves when the reloaded server answers and is ready to be asked. */
  reload?(ctx: Context): Promise<{ readonly pid: number; readonly url: string }>;
  /** Called while no server runs: from the next start on it is that version. */
  useVersion?(ctx: Context, version: "this" | "next"): Promise<void>;
  /** Ends the server in its own orderly way. */
  stop(ctx: Context): Promise<void>;
}
