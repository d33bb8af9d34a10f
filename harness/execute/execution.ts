/**
 * One run in progress: everything its parts share.
 *
 * Always: the parts (server, clients, agents) change it only through the functions of this folder.
 */
import type { DiskCut } from "../history.ts";
import type { StepTokens } from "../ledger.ts";
import type { Plan } from "../plan/plan.ts";
import type { Context, ObservedSession, Subject } from "../subject/contract.ts";
import { agentFiles } from "./agent-files.ts";
import type { Agents } from "./agents.ts";
import type { Clients } from "./clients.ts";
import { takeCut } from "./cuts.ts";
import type { Machine } from "./machine.ts";
import type { Identity, RunProcess } from "./processes.ts";
import type { Recorder } from "./recorder.ts";
import { livingTools } from "./tools.ts";

/** Where and with what a run takes place; everything new for each run. */
export interface RunEnvironment {
  readonly dir: string;
  readonly port: number;
  readonly agentBundle: string;
  readonly runId: string;
  /** See {@link Context.shared}. */
  readonly shared?: string;
}

/** Limits of single waits. None of them is a way to wait for a fact: each is how long a missing fact is given. */
export const limits = {
  /** Server start to ready. */
  startMs: 20_000,
  /** A subject to make itself ready for a run, before its first start. */
  setupMs: 60_000,
  /** An answer to anything that the subject is asked. */
  answerMs: 30_000,
  /** An agent to say hello, to park, or to leave. */
  agentMs: 6_000,
  /** An event to be shown to a client. */
  shownMs: 3_000,
  /** Something that need not be shown to be shown all the same. */
  heardMs: 400,
  /** A subject to notice that its agent ended. */
  noticeMs: 5_000,
  /** An orderly stop. */
  stopMs: 5_000,
} as const;

export interface SessionProgress {
  /** The subject's id, once acknowledged. */
  id?: string;
  turn: number;
  resumes: number;
  /** The latest submit's answer: resolves when it has come, or never will. */
  answered?: Promise<boolean>;
}

export interface Execution {
  readonly plan: Plan;
  readonly subject: Subject;
  readonly context: Context;
  readonly environment: Pick<RunEnvironment, "dir" | "runId">;
  readonly machine: Machine;
  readonly recorder: Recorder;
  readonly agents: Agents;
  readonly clients: Clients;
  readonly tokens: readonly StepTokens[];
  readonly sessions: SessionProgress[];
  readonly cuts: DiskCut[];
  /** Everything that was started through `context.spawn`. */
  readonly spawned: RunProcess[];
  /**
   * Each thing that an agent says is heard before it goes on, also on the way to the end: what the server does then
   * has one course, as far as it has one by itself.
   */
  readonly isPaced: boolean;
  server: { readonly life: number; readonly identity: Identity; frozen: boolean } | undefined;
  lives: number;
}

/** A wait of the driver ran out: the run ends there and is judged as it is. */
export class WatchdogFired extends Error {
  constructor(readonly waitingFor: string) {
    super(`Waited in vain for ${waitingFor}`);
    this.name = "WatchdogFired";
  }
}

/** The subject's words on its own state, and the disk at the same moment. */
export async function observe(
  run: Execution,
  label: "ready" | "observe" | "settled",
): Promise<readonly ObservedSession[]> {
  const cut = await cutNow(run, label);
  const { sessions } = await run.subject.observe(run.context);
  run.recorder.record({ kind: "observe", cut, label, sessions });
  return sessions;
}

/** Copies the disk; returns the cut's number. */
export async function cutNow(run: Execution, label: DiskCut["label"]): Promise<number> {
  const cut = run.cuts.length;
  run.cuts.push(
    await takeCut({
      machine: run.machine,
      cut,
      label,
      workspace: run.context.workspace,
      subjectFiles: await run.subject.files(run.context),
      sessionOf: (id) => sessionIndex(run, id),
      agentFiles: await agentFiles(run),
      agents: run.agents.runs,
      tools: await livingTools(run),
    }),
  );
  run.recorder.record({ kind: "cut", cut, label });
  return cut;
}

/** Plan session of a subject's session id. */
export function sessionIndex(run: Execution, id: string | undefined): number | undefined {
  const index = id === undefined ? -1 : run.sessions.findIndex((session) => session.id === id);
  return index < 0 ? undefined : index;
}

/** What the subject says of one plan session. */
export function observedOf(
  run: Execution,
  sessions: readonly ObservedSession[],
  session: number,
): ObservedSession | undefined {
  const id = run.sessions[session]?.id;
  return sessions.find((observed) => observed.id === id);
}
