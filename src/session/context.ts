/**
 * What the parts of one server life share.
 *
 * Always: `state` is changed by the recorder alone, after the record is durable, or what it vouches for; everything else in here is of this
 * life only and can be lost at any moment.
 */

import type { AgentAdapter } from "../agent/contract.ts";
import { adapters } from "../agent/index.ts";
import type { Surroundings } from "../agent/resume-types.ts";
import type { LateWrite } from "../journal/index.ts";
import { HoldfastError } from "../model/error.ts";
import type { Damage } from "../model/fact.ts";
import type { Kin, World } from "../model/ports.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Talk } from "./converse.ts";
import type { Follower } from "./follow.ts";
import type { Gap } from "./gaps.ts";
import type { Recorder } from "./recorder.ts";
import type { SessionState, State } from "./state.ts";

export interface OrchestratorConfig {
  /** Absolute path of the folder that holds everything. */
  readonly home: string;
  /** Executable per agent kind, where it is not looked up by its vendor's name. */
  readonly agentCommands: Readonly<Record<string, string>>;
  /** The whole environment that agents get. */
  readonly agentEnv: Readonly<Record<string, string>>;
  /** An agent that writes more to its stdout is ended; a file gives no backpressure. */
  readonly spoolBytesMax: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** So long a tool that runs without its agent is waited for before the server stops looking. */
  readonly orphanWaitMs: number;
}

export const spoolBytesMaxDefault = 1024 * 1024 * 1024;
export const graceMsDefault = 5_000;
export const orphanWaitMsDefault = 10 * 60_000;

/** One session in this life. */
export interface SessionLife {
  /** Set while start-up has not yet found out where the session stands. */
  reconciling: boolean;
  follower?: Follower;
  /** With the agent at work, where its kind is spoken with. */
  talk?: Talk;
  /** Adopted, and not yet looked at for what is wrong with our own files; see `noteAdopted`. */
  unnoted?: boolean;
  /** Its folder, by name, is on the disk; a life that was killed may have made it and not come to that. */
  folderIsDurable?: boolean;
  /** Why the agent can no longer be followed, where that is so. */
  trouble?: string;
  /** The last verdict on a complete cut. */
  verdict?: Verdict;
  /** Waits for tools that run without their agent. */
  orphanWatch?: { cancel(): void };
  /** They were waited for as long as they are, and ran on. */
  orphansOutlasted?: boolean;
  /** What a stop is to end with the agent: seen while the agent's session had its leader. */
  stopping?: readonly Kin[];
}

export interface Context {
  readonly world: World;
  readonly config: OrchestratorConfig;
  readonly state: State;
  readonly recorder: Recorder;
  readonly lives: Map<string, SessionLife>;
  /** Damage of our own journal, by session. */
  readonly journalDamage: Map<string, Damage[]>;
  /** Where the journal may have lost more than single records whose sessions are known. */
  gaps: readonly Gap[];
  /** Written by former servers after they had been superseded, as far as it was seen. */
  late: readonly LateWrite[];
  /** Looks for more of it. */
  readonly lateWrites: () => Promise<readonly LateWrite[]>;
  /** One at a time per session: submit, resume, decide, settle. */
  readonly locks: Map<string, Promise<unknown>>;
  /** Submits under way, by idempotency key; for whoever takes submits. */
  readonly submits: Map<string, { readonly prompt: string; readonly answer: Promise<unknown> }>;
  /** Called under the session's lock when its agent is gone and it is settled: what waits may begin. */
  readonly onIdle: (session: SessionState) => Promise<void>;
  /** Set when this life takes no more work. */
  closing: boolean;
  /** One line for the operator. */
  report(message: string): void;
}

export function lifeOf(context: Context, sessionId: string): SessionLife {
  let life = context.lives.get(sessionId);
  if (life === undefined) {
    life = { reconciling: false };
    context.lives.set(sessionId, life);
  }
  return life;
}

/** @throws HoldfastError for an agent that another version knows. */
export function adapterOf(session: Pick<SessionState, "agent">): AgentAdapter {
  const adapter = Object.hasOwn(adapters, session.agent) ? adapters[session.agent] : undefined;
  if (adapter !== undefined) return adapter;
  const message = `This version knows no agent "${session.agent}", of which a session is on record. Use the version that made it.`;
  throw new HoldfastError("bad-state", message);
}

/** Where agents of this server keep their stores: what they are given as their environment decides. */
export function surroundingsOf({ config }: Pick<Context, "config">): Surroundings {
  return { home: config.agentEnv.HOME ?? "", env: config.agentEnv };
}

/** Runs `work` when everything before it on this session is done. */
export function exclusively<T>(context: Context, sessionId: string, work: () => Promise<T>): Promise<T> {
  const before = context.locks.get(sessionId) ?? Promise.resolve();
  const mine = before.then(work, work);
  const settled = mine.catch(() => undefined);
  context.locks.set(sessionId, settled);
  void settled.then(() => {
    if (context.locks.get(sessionId) === settled) context.locks.delete(sessionId);
  });
  return mine;
}

export function sessionFolder(context: Context, sessionId: string): string {
  return `${context.config.home}/sessions/${sessionId}`;
}

export function attemptFolder(context: Context, sessionId: string, attempt: number): string {
  return `${sessionFolder(context, sessionId)}/attempts/${attempt}`;
}

/** The whole of a file; undefined when there is none. */
export async function readWhole(context: Context, path: string): Promise<Uint8Array | undefined> {
  const file = await context.world.files.openRead(path);
  if (file === undefined) return undefined;
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}
