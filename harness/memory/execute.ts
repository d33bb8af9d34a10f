/**
 * Executes one plan in memory, and returns its record: the same plans, driver, fake agent, checks and oracle as on
 * real processes.
 *
 * Always: plan, seed and hooks decide everything; the same three give the same record. Takes no time of its own:
 * limits and pauses are virtual.
 * Never: it does not judge, and touches nothing of the real machine.
 */
import path from "node:path";
import { randomUuid } from "../agent/machine.ts";
import { Agents } from "../execute/agents.ts";
import { Clients } from "../execute/clients.ts";
import { type Execution, WatchdogFired } from "../execute/execution.ts";
import type { Machine } from "../execute/machine.ts";
import type { RunProcess } from "../execute/processes.ts";
import { Recorder } from "../execute/recorder.ts";
import { play } from "../execute/run.ts";
import { failureOfServer } from "../execute/server.ts";
import { makeTokens } from "../execute/tokens.ts";
import type { RunRecord } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import type { Abilities, Context, Subject } from "../subject/contract.ts";
import { home, referenceOver } from "../subject/reference-api.ts";
import { runMemoryAgent } from "./agent.ts";
import type { CallHooks } from "./calls.ts";
import { Computer } from "./computer.ts";
import { FileNode } from "./nodes.ts";
import { ServerLife } from "./server.ts";
import { Wrappers } from "./wrapper.ts";

export interface MemoryRun {
  readonly run: Execution;
  readonly computer: Computer;
  readonly stage: Stage;
}

/** What the subject of a run shares with whoever ends the world around it. */
export interface Stage {
  life: ServerLife | undefined;
  /** Grows when the world ends around the driver: what it waited for until then never comes. */
  epoch: number;
  readonly lives: ServerLife[];
  readonly wrappers: Wrappers;
  /** Told when a server ends because it can no longer work. */
  onOver: () => void;
  /** Told when a server is about to be started. */
  onStart: () => void;
}

/** What the orchestrator can do in memory: all that it can on real processes. */
export const memoryAbilities: Abilities = {
  resume: true,
  reload: ["node-watch", "tsx"],
  flags: true,
  cursor: true,
  stop: true,
  damage: true,
};

/** Can the plan be run in memory? The one agent there is Ada, asked on its command line, and its calls have no processes. */
export function isForMemory({ sessions }: Plan): boolean {
  return sessions.every(
    ({ agent, turns }) =>
      (agent === undefined || agent === "ada") &&
      turns.every(({ script }) =>
        script.replies.every(({ calls }) => calls.every(({ tool }) => tool !== true)),
      ),
  );
}

const runDir = "/run";
const agentPath = `${runDir}/bin/ada`;

/** Runs a plan in memory. Throws nothing: what fails is in the record. */
export async function executeInMemory(plan: Plan, seed: number, hooks: CallHooks = {}): Promise<RunRecord> {
  const made = prepareInMemory(plan, seed, hooks);
  let infra: string | undefined;
  try {
    await made.computer.scheduler.drive(play(made.run));
  } catch (error) {
    infra = tellEnd(made, error);
  }
  return recordOf(made, infra);
}

/** Records what ended a run early; returns it when it is the harness' own fault. */
export function tellEnd({ run }: MemoryRun, error: unknown): string | undefined {
  const waitingFor = error instanceof WatchdogFired ? error.waitingFor : failureOfServer(error);
  if (waitingFor === undefined)
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  run.recorder.record({ kind: "watchdog", waitingFor });
  return undefined;
}

export function recordOf({ run, computer }: MemoryRun, infra: string | undefined): RunRecord {
  const ledgers = run.agents.runs.map(({ ledgerPath }) => computer.ledgers.get(ledgerPath) ?? []);
  return {
    plan: run.plan,
    subject: { name: run.subject.name, can: run.subject.can },
    history: run.recorder.entries,
    ledgers: ledgers.filter((entries) => entries.length > 0),
    cuts: run.cuts,
    tokens: run.tokens,
    sessionIds: run.sessions.map(({ id }) => id),
    ...(infra === undefined ? {} : { infra }),
    durationMs: computer.scheduler.nowMs,
  };
}

/** The world before the first start of the server. */
export function prepareInMemory(plan: Plan, seed: number, hooks: CallHooks): MemoryRun {
  const computer = new Computer(seed, hooks);
  const dir = path.join(runDir, "subject");
  const workspace = path.join(runDir, "workspace");
  for (const folder of [dir, workspace]) computer.disk.prepare(folder);
  const machine = machineOf(computer);
  const tokens = makeTokens(plan, machine);
  const recorder = new Recorder(machine);
  const agents = new Agents(plan, tokens, path.join(runDir, "ledger"), recorder, machine);
  const wrappers = new Wrappers(computer, agentPath, (process, start, spool) =>
    runMemoryAgent(computer, (connection) => agents.accept(connection), process, start, spool),
  );
  const stage: Stage = {
    life: undefined,
    epoch: 0,
    lives: [],
    wrappers,
    onOver: () => undefined,
    onStart: () => undefined,
  };
  const spawned: RunProcess[] = [];
  const subject = subjectOf(computer, stage, spawned);
  const context: Context = {
    dir,
    workspace,
    port: 4173,
    agentPath,
    agentBinDir: path.dirname(agentPath),
    env: {},
    signal: new AbortController().signal,
    spawn: () => {
      throw new Error("Nothing is spawned in memory.");
    },
  };
  const clients = new Clients(subject, context, recorder, plan.clients);
  const run: Execution = {
    plan,
    subject,
    context,
    environment: { dir: runDir, runId: "memory" },
    machine,
    recorder,
    agents,
    clients,
    tokens,
    sessions: plan.sessions.map(() => ({ turn: 0, resumes: 0 })),
    cuts: [],
    spawned,
    isPaced: false,
    server: undefined,
    lives: 0,
  };
  return { run, computer, stage };
}

/** The subject as the driver of the stage's present epoch has it. */
export function subjectOf(computer: Computer, stage: Stage, spawned: RunProcess[]): Subject {
  const { epoch } = stage;
  /** Settles only while the epoch lasts. */
  const lasting = <T>(promise: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const still = () => stage.epoch === epoch;
      promise.then(
        (value) => still() && resolve(value),
        (error) => still() && reject(error),
      );
    });
  const current = (): ServerLife => {
    if (stage.life === undefined) throw new Error("ECONNREFUSED: no server was started");
    return stage.life;
  };
  const start = async (ctx: Context) => {
    stage.onStart();
    const life = new ServerLife(computer, () => stage.onOver());
    stage.life = life;
    stage.lives.push(life);
    spawned.push(spawnedOf(computer, life, lasting(life.exited)));
    const place = { home: home(ctx), agentPath };
    const ended = life.exited.then((): never => {
      throw new Error(`the server ended before it was ready: ${life.complaints.join(" ")}`);
    });
    await lasting(Promise.race([life.start(place, stage.wrappers), ended]));
    return { pid: life.process.identity.pid, url: life.url };
  };
  return {
    name: "reference",
    can: memoryAbilities,
    start,
    ...referenceOver({
      request: async (_, where, options) => {
        const answer = await lasting(current().request(where, options));
        // A person asks again once: the disk may have failed only then.
        return answer.status === 500 ? lasting(current().request(where, options)) : answer;
      },
      frames: (_, where, options) => current().frames(where, options),
      names: (folder) => Promise.resolve(namesIn(computer, folder)),
      readText: (file) => Promise.resolve(computer.fileText(file) ?? ""),
    }),
    reload: async (ctx) => {
      await lasting(terminate(computer, current()));
      return start(ctx);
    },
    stop: () => lasting(terminate(computer, current())),
  };
}

async function terminate(computer: Computer, life: ServerLife): Promise<void> {
  computer.signal(life.process.identity.pid, "SIGTERM");
  await life.exited;
}

function spawnedOf(computer: Computer, life: ServerLife, exited: ServerLife["exited"]): RunProcess {
  const { pid } = life.process.identity;
  return {
    name: "server",
    pid,
    exited,
    ended: () => life.isOver,
    kill: () => void computer.signal(pid, "SIGKILL"),
    line: () => Promise.reject(new Error("A server in memory prints nothing.")),
  };
}

function machineOf(computer: Computer): Machine {
  const { scheduler, disk } = computer;
  const fileAt = (file: string) => {
    const node = disk.at(file);
    return node instanceof FileNode ? node : undefined;
  };
  const identityOf = (pid: number) => computer.process(pid)?.identity.startTime;
  return {
    monotonic: () => scheduler.monotonic(),
    nowMs: () => scheduler.nowMs,
    after: (ms, callback) => scheduler.after(computer.driver, ms, callback),
    randomHex: (bytes) => computer.randomHex(bytes),
    randomUuid: () => randomUuid(computer),
    startTimeOf: (pid) => Promise.resolve(identityOf(pid)),
    signal: ({ pid, startTime }, signal) =>
      Promise.resolve(identityOf(pid) === startTime && computer.signal(pid, signal)),
    killTree: async ({ pid }) => computer.killTree(pid),
    readFile: async (file) => {
      const content = fileAt(file)?.content;
      return content === undefined ? undefined : bufferOf(content);
    },
    writeFile: async (file, bytes) => {
      const node = fileAt(file);
      if (node === undefined) return;
      disk.replace(file, node, bytes);
      disk.syncFile(node);
    },
    truncate: async (file, length) => {
      const node = fileAt(file);
      if (node === undefined) return;
      disk.replace(file, node, node.content.slice(0, length));
      disk.syncFile(node);
    },
    names: (folder) => Promise.resolve(namesIn(computer, folder)),
    ledger: (file) => Promise.resolve(computer.ledgers.get(file) ?? []),
  };
}

const buffers = new WeakMap<Uint8Array, Buffer>();

/** The same bytes as a Buffer, the same for the same content: whoever reads it again knows it. */
function bufferOf(content: Uint8Array): Buffer {
  const known = buffers.get(content);
  if (known !== undefined) return known;
  const made = Buffer.from(content.buffer, content.byteOffset, content.length);
  buffers.set(content, made);
  return made;
}

function namesIn(computer: Computer, folder: string): string[] {
  return computer.disk.names(folder) ?? [];
}
