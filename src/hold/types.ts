/**
 * What a host sees of its sessions: plain data, and the few calls that it needs.
 *
 * A host is a server that starts coding agents and shows what they say. It keeps its own ids and files; the hold keeps
 * the record on which they can be rebuilt.
 */
import type { AgentChild } from "../host/agent-child.ts";
import type { ChildProcess } from "../host/pipes.ts";
import type { CallVerdict, Finding, Recovery } from "../model/verdict.ts";

export interface HoldOptions {
  /** Folder of the hold, made when absent; relative to the working folder. One server at a time writes it. */
  readonly folder: string;
  /** Kind of the agents, where {@link SpawnOptions.agent} does not say: `ada`, `codex`, `claude-code`, … */
  readonly agent?: string;
  /** Environment that agents get and in which their stores are looked for; by default this process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** An agent that writes more to its stdout is ended; 1 GiB by default. */
  readonly outputBytesMax?: number;
  /**
   * Called once when this server can record nothing more: another one has taken the folder over, or the disk failed.
   * Nothing is delivered from then on; end the process. By default one line on stderr says so.
   */
  readonly onOver?: (why: string) => void;
  /**
   * Called once for each agent that this server is to follow, so that a host has one place for all of them: those that
   * are taken back, before the hold is open; those that are started, before `spawn` (or `attach`) answers. What it throws, is thrown
   * by the one or the other.
   */
  readonly onAgent?: (agent: HeldAgent) => void;
  /** One line for the operator; by default on stderr. */
  readonly report?: (message: string) => void;
}

/** What the agent is told; known only when the hold has looked at what became of the work before. */
export interface Turn {
  /** The person's words; on a resume after a crash behind a hand-over that names what is finished and what is unknown. */
  readonly prompt: string;
  /** The agent's own session id, where it resumes one. */
  readonly resume?: string;
}

export interface SpawnOptions {
  /** The person's words. */
  readonly prompt: string;
  /** The host's id of the session, or the agent's own; a new session when it is left out or not known. */
  readonly session?: string;
  /** The agent's own id of a conversation that began before the hold knew of it; for the first prompt on it. */
  readonly agentSession?: string;
  /** The client's name for this prompt: a second spawn with the same key starts nothing. */
  readonly key?: string;
  /** What the host wants back with the session after a crash, e.g. its title; JSON of at most 64 KiB. */
  readonly about?: unknown;
  readonly agent?: string;
  readonly model?: string;
  /** Of a new session; the working folder by default. */
  readonly cwd?: string;
  /** The agent's whole environment; the hold's by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A person has seen what blocks (unknown calls, a lost agent session), and goes on. */
  readonly acknowledge?: boolean;
}

/** Why nothing was started: an expected answer. */
export interface HoldRefusal {
  readonly code:
    | "agent-alive"
    | "settling"
    | "tool-alive"
    | "needs-decision"
    | "agent-session-unknown"
    | "hand-over-too-long"
    | "bad-prompt"
    | "prompt-too-long"
    | "key-reused"
    | "agent-missing"
    | "agent-not-started"
    | "cwd-missing"
    | "unknown-session"
    | "unknown-call"
    | "known-call"
    | "decided";
  /** What is so, of which thing, and what to do now. */
  readonly message: string;
  /** The HTTP status that says the same. */
  readonly status: 400 | 404 | 409 | 413 | 503;
}

export type SpawnAnswer =
  | {
      readonly session: HeldSession;
      readonly child: AgentChild;
      /** This key was used before: nothing was started, this is what it started then. */
      readonly repeated: boolean;
    }
  | { readonly refusal: HoldRefusal };

export type BeginAnswer =
  | {
      readonly session: HeldSession;
      /** What the agent is to be told, and which session it resumes. */
      readonly turn: Turn;
      /** This key was used before; start nothing. */
      readonly repeated: boolean;
      /** Takes the child that the host started; the answer says what it says, after it is on record. */
      attach(child: ChildProcess): AgentChild;
      /**
       * There is no child to attach, since the host could not even try to start one: the run ends as one whose agent
       * could not be started. After `attach`, and for a repeated key, it does nothing.
       */
      abandon(): Promise<void>;
    }
  | { readonly refusal: HoldRefusal };

export interface HeldSession {
  /** The host's id. */
  readonly id: string;
  readonly agent: string;
  /** The agent's own id of it, once it said or wrote one. */
  readonly agentSession?: string;
  readonly about: unknown;
  readonly cwd: string;
  /**
   * `live`, `completed`, `failed`, `cancelled`, `interrupted`, `interrupted-indeterminate` (calls of unknown outcome),
   * `diverged`, `unreadable`, …
   */
  readonly state: string;
  /** One sentence on the state. */
  readonly reason: string;
  /** An agent works on it now. */
  readonly live: boolean;
  /** How its latest agent is held; see the guide. `pipes`: recorded before shown, and no more. */
  readonly over: "spool" | "pipes";
  /** Divergences, with their evidence; a resolved one stays. */
  readonly findings: readonly (Finding & { readonly resolved: boolean })[];
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

/** An agent to follow, from its start or from where it was taken back. */
export interface HeldAgent {
  readonly session: HeldSession;
  readonly child: AgentChild;
  /** The person's words, where it was started on them now. */
  readonly prompt?: string;
}

/** A session that was open when the last server ended. */
export interface Recovered {
  readonly session: HeldSession;
  /** End of what was on record of it when the hold was opened; for `history` and `adopt`. */
  readonly position: string;
  /** Its agent, where it lives: taken back; its stdout goes on behind `position`. */
  readonly child?: AgentChild;
}

/** One thing on record, in order. */
export type HoldEntry = { readonly position: string; readonly attempt: number } & (
  | { readonly kind: "prompt"; readonly text: string }
  /** One line of the agent's stdout, without its newline. `unreadable`: not text, or far too long; `text` is its head. */
  | { readonly kind: "line"; readonly text: string; readonly unreadable?: string }
  /** Bytes that were on record and are gone or altered. */
  | {
      readonly kind: "hole";
      readonly range: { readonly fromByte: number; readonly toByte: number };
      readonly why: string;
    }
  | { readonly kind: "exited"; readonly exitCode: number | null }
  | { readonly kind: "run-ended"; readonly state: string; readonly reason: string }
  /** Anything else that the hold recorded: findings, decisions, a kill. */
  | { readonly kind: "note"; readonly type: string; readonly body: Readonly<Record<string, unknown>> }
);

/** A session with what the sources add up to. */
export interface Look extends HeldSession {
  readonly calls: readonly CallVerdict[];
  /** What is safe to do. */
  readonly recovery: Recovery;
}

/** Whose end ends a {@link Hold.follow}: a request, a response, a socket; or a signal. */
export type Until =
  | AbortSignal
  | {
      /** Has ended already. */
      readonly closed?: boolean | null;
      once(event: "close", listener: () => void): unknown;
      off(event: "close", listener: () => void): unknown;
    };

/** Words the command line for what the agent is told. */
export type Args = readonly string[] | ((turn: Turn) => readonly string[]);

/** All sessions of one server, held over its deaths. */
export interface Hold {
  /** Sessions without a recorded end when this server started: adopted, or marked as interrupted. */
  readonly recovered: readonly Recovered[];
  /** All sessions, oldest first. */
  sessions(): readonly HeldSession[];
  /** By the host's id, or the agent's own. */
  session(id: string): HeldSession | undefined;
  /**
   * In the place of `spawn` of node:child_process. Resolves when the prompt is on the disk and the agent is started:
   * then the host may answer its client.
   *
   * @example
   * const started = await hold.spawn("ada", ({ prompt, resume }) => ["chat", prompt, ...(resume ? ["--resume", resume] : [])], {
   *   session: id,
   *   prompt: request.body.prompt,
   * });
   * if ("refusal" in started) return response.status(started.refusal.status).json(started.refusal);
   * started.child.stdout.on("data", onData);
   * @throws HoldfastError `bad-argument` for what no host may pass.
   */
  spawn(command: string, args: Args, options: SpawnOptions): Promise<SpawnAnswer>;
  /**
   * For a host that keeps its own pipes: all of `spawn` but the start. The host starts the agent on `turn` and hands it
   * over with `attach`. Promised is only: read ⇒ recorded ⇒ shown. What the agent wrote and this server had not read is
   * lost with it, and the agent cannot be taken back; `session.over` is `"pipes"`.
   */
  begin(options: Omit<SpawnOptions, "env">): Promise<BeginAnswer>;
  /** The agent at work on a session, as it was spawned or taken back in this life. */
  child(id: string): AgentChild | undefined;
  /** Another reader of a living agent, whose stdout begins behind `after`, or with the agent's first line. */
  adopt(id: string, after?: string): AgentChild | undefined;
  /** Everything on record, in order; up to and with `upTo`, where it is given. */
  history(id: string, upTo?: string): Promise<readonly HoldEntry[]>;
  /**
   * The same as a stream that goes on: what is on record behind `after`, then what comes.
   *
   * @example
   * for await (const entry of hold.follow(id, { until: response })) response.write(`data: ${JSON.stringify(entry)}\n\n`);
   */
  follow(id: string, options?: { readonly after?: string; readonly until?: Until }): AsyncIterable<HoldEntry>;
  /** A session with its calls, and what is safe to do; with `check` all sources are read again. */
  look(id: string, check?: boolean): Promise<Look | undefined>;
  /**
   * Puts a person's word on a call of unknown outcome on record.
   *
   * @throws HoldfastError `bad-argument` for another outcome, and where nobody says who it is.
   */
  decide(
    id: string,
    callId: string,
    outcome: "done" | "not-done",
    who: string,
  ): Promise<HoldRefusal | undefined>;
  /** Finishes what is being recorded. Ends no agent: the next server takes them back. */
  close(): Promise<void>;
}
