/**
 * Executes one plan on real processes, and returns its record.
 *
 * Always: takes the plan and nothing else that decides; leaves no process behind; ends, whatever the subject does.
 * Never: it does not judge. A fault that did not fire is told by its absence from the history.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { GateServer } from "../agent/gate-server.ts";
import type { RunRecord } from "../history.ts";
import { writeLauncher } from "../launch/launcher.ts";
import type { LedgerEntry } from "../ledger.ts";
import type { AgentName, Plan } from "../plan/plan.ts";
import type { Context, Subject } from "../subject/contract.ts";
import { Agents } from "./agents.ts";
import { answering } from "./answers.ts";
import { Clients } from "./clients.ts";
import { type Execution, limits, observe, type RunEnvironment, WatchdogFired } from "./execution.ts";
import { type Machine, realMachine } from "./machine.ts";
import { type RunProcess, reapMarked, spawnProcess } from "./processes.ts";
import { submitTurn } from "./prompt.ts";
import { Recorder } from "./recorder.ts";
import { settle } from "./resume.ts";
import { playRound } from "./round.ts";
import { failureOfServer, serverThatLeft, startServer, within } from "./server.ts";
import { endWasShown } from "./shown.ts";
import { Starved, throwIfStarved, whyStarved } from "./starvation.ts";
import { Stopwatch } from "./stopwatch.ts";
import { makeTokens } from "./tokens.ts";

/** How a run is played otherwise than by its rounds alone. */
export interface Staging {
  readonly machine: Machine;
  /** The subject as the driver has it. */
  readonly subject: Subject;
  /** The environment of a process of the subject that is about to start. */
  envOf(env: Readonly<Record<string, string>>, run: Execution | undefined): Readonly<Record<string, string>>;
  /** The process as the driver has it. */
  started(child: RunProcess): RunProcess;
  play(run: Execution): Promise<void>;
  /** What the record says besides, when nothing of the run is alive any more. */
  told(run: Execution | undefined): Partial<RunRecord>;
}

/** A run as its plan says. */
export function plainStaging(subject: Subject): Staging {
  return {
    machine: realMachine(),
    subject,
    envOf: (env) => env,
    started: (child) => child,
    play,
    told: () => ({}),
  };
}

/**
 * Runs a plan against a subject in a new, empty folder. What fails is in the record.
 *
 * @throws where a ledger cannot be read to its end: without the witness there is no record.
 */
export async function executeRun(
  plan: Plan,
  subject: Subject,
  environment: RunEnvironment,
  staging: Staging = plainStaging(subject),
): Promise<RunRecord> {
  const started = performance.now();
  const watch = new Stopwatch();
  const ended = new AbortController();
  const gates = new GateServer();
  let run: Execution | undefined;
  let infra: string | undefined;
  try {
    run = await prepare({
      plan,
      subject: answering(watch.subject(staging.subject), staging.machine),
      environment,
      gates,
      signal: ended.signal,
      staging,
      watch,
    });
    await staging.play(run);
  } catch (error) {
    const waitingFor = await whatItWaitedFor(run, error);
    const starved =
      error instanceof WatchdogFired && run !== undefined
        ? await whyStarved(run, error.waitingFor)
        : undefined;
    if (starved !== undefined) infra = starved;
    else if (waitingFor !== undefined && run !== undefined)
      run.recorder.record({ kind: "watchdog", waitingFor });
    else if (error instanceof Starved) infra = error.message;
    else infra = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  await watch.during("ends", cleanUp(run, environment, ended, gates));
  return {
    plan,
    subject: { name: subject.name, can: subject.can },
    history: run?.recorder.entries ?? [],
    ledgers: await readLedgers(run),
    cuts: run?.cuts ?? [],
    tokens: run?.tokens ?? [],
    sessionIds: run?.sessions.map(({ id }) => id) ?? [],
    ...(infra === undefined ? {} : { infra }),
    durationMs: performance.now() - started,
    spent: {
      waitedMs: watch.total(),
      agentsCpuMs: run?.agents.runs.reduce((sum, { connection }) => sum + connection.cpuMs, 0) ?? 0,
    },
    ...staging.told(run),
  };
}

/** What the run waited for in vain; undefined where it is no fault of the server's that it goes on no more. */
async function whatItWaitedFor(run: Execution | undefined, error: unknown): Promise<string | undefined> {
  if (error instanceof WatchdogFired) return error.waitingFor;
  const left = run && (await serverThatLeft(run));
  return left ?? failureOfServer(error);
}

/** Plays a prepared plan to its end. @throws WatchdogFired when a wait runs out. */
export async function play(run: Execution): Promise<void> {
  await startServer(run);
  for (const session of run.sessions.keys()) await submitTurn(run, session);
  for (const [index, round] of run.plan.rounds.entries()) {
    await playRound(run, index, round, run.plan.rounds[index + 1]);
  }
  if (run.server === undefined) await startServer(run);
  await bringToItsEnd(run);
}

/** Brings every session to its end, looks once more, and says where each has come to. @throws WatchdogFired. */
export async function bringToItsEnd(run: Execution): Promise<void> {
  let stuck: WatchdogFired | undefined;
  try {
    await settle(run);
  } catch (error) {
    if (!(error instanceof WatchdogFired)) throw error;
    // What it would be seen in then is not where it would have come to.
    await throwIfStarved(run, error.waitingFor);
    stuck = error;
  }
  const sessions = await observe(run, "settled");
  if (stuck !== undefined) throw stuck;
  await endWasShown(run, sessions);
  for (const [session, { id }] of run.sessions.entries()) {
    const state = sessions.find((observed) => observed.id === id)?.state ?? "unknown to the orchestrator";
    run.recorder.record({ kind: "settled", session, state });
  }
}

async function prepare({
  plan,
  subject,
  environment,
  gates,
  signal,
  watch,
  staging,
}: {
  plan: Plan;
  subject: Subject;
  environment: RunEnvironment;
  gates: GateServer;
  signal: AbortSignal;
  watch: Stopwatch;
  staging: Staging;
}): Promise<Execution> {
  const folder = (name: string) => path.join(environment.dir, name);
  const [dir, workspace, logs, ledger, home, bin] = [
    "subject",
    "workspace",
    "logs",
    "ledger",
    "home",
    "bin",
  ].map(folder);
  if (!dir || !workspace || !logs || !ledger || !home || !bin) throw new Error("folders of the run");
  await Promise.all(
    [dir, workspace, logs, ledger, home, bin].map((name) => mkdir(name, { recursive: true })),
  );
  const socketPath = folder("gate");
  const machine = watch.machine("ends", staging.machine);
  const tokens = makeTokens(plan, machine);
  const recorder = new Recorder(watch.machine("streams", staging.machine));
  const agents = new Agents(plan, tokens, ledger, recorder, watch.machine("agents", staging.machine));
  gates.onAgent((connection) => agents.accept(connection));
  await gates.listen(socketPath);
  const [firstAgent = "ada", ...named] = subject.can.agents ?? [];
  const otherAgents = new Set([...named, ...plan.sessions.flatMap(({ agent }) => agent ?? [])]);
  otherAgents.delete(firstAgent);
  const launch = (name: AgentName) =>
    writeLauncher({
      dir: bin,
      name,
      home,
      agentBundle: environment.agentBundle,
      socketPath,
      runId: environment.runId,
      ...(subject.can.marks === undefined ? {} : { marks: subject.can.marks }),
      nodePath: process.execPath,
    });
  const { agentPath, agentBinDir } = await launch(firstAgent);
  await Promise.all([...otherAgents].map(launch));
  const spawned: RunProcess[] = [];
  let run: Execution | undefined;
  const env = pinnedEnvironment(agentBinDir, home, environment.runId);
  const reload = plan.rounds.map(({ fault }) => fault).find((fault) => fault.kind === "reload");
  const context: Context = {
    dir,
    workspace,
    port: environment.port,
    agentPath,
    agentBinDir,
    env,
    signal,
    ...(environment.shared === undefined ? {} : { shared: environment.shared }),
    ...(reload?.kind === "reload" ? { reload: reload.by } : {}),
    spawn(file, args, options) {
      const name = `${options?.name ?? path.basename(file)}-${spawned.length + 1}`;
      const child = staging.started(
        spawnProcess({
          file,
          args,
          cwd: options?.cwd ?? dir,
          env: staging.envOf(options?.env ?? env, run),
          logDir: logs,
          name,
        }),
      );
      spawned.push(child);
      return child;
    },
  };
  await subject.setup?.(context);
  const clients = new Clients(subject, context, recorder, plan.clients, askingIn(plan));
  const sessions = plan.sessions.map(() => ({ turn: 0, resumes: 0 }));
  run = {
    plan,
    subject,
    context,
    environment,
    machine,
    recorder,
    agents,
    clients,
    tokens,
    sessions,
    cuts: [],
    spawned,
    isPaced: plan.mode === "lockstep" && plan.boundaries !== undefined,
    server: undefined,
    lives: 0,
  };
  return run;
}

/** Sessions whose agents ask before they make a call. */
function askingIn({ sessions }: Plan): ReadonlySet<number> {
  const asks = ({ turns }: Plan["sessions"][number]) =>
    turns.some(({ script }) => script.replies.some(({ calls }) => calls.some((call) => call.asks === true)));
  return new Set(sessions.flatMap((planned, session) => (asks(planned) ? [session] : [])));
}

/** Nothing of the harness' own environment reaches a subject: inherited variables cost time and change behaviour. */
function pinnedEnvironment(agentBinDir: string, home: string, runId: string): Record<string, string> {
  return {
    PATH: [agentBinDir, path.dirname(process.execPath), "/usr/bin", "/bin"].join(path.delimiter),
    HOME: home,
    TMPDIR: home,
    LANG: "C.UTF-8",
    TZ: "UTC",
    UV_USE_IO_URING: "0",
    HOLDFAST_RUN: runId,
  };
}

/**
 * Ends everything that is left. What that was is no part of the record: a server that is killed may leave what was about
 * to end with it, so nobody could judge it. Processes that live unseen are looked for while the server answers for them.
 */
async function cleanUp(
  run: Execution | undefined,
  environment: RunEnvironment,
  ended: AbortController,
  gates: GateServer,
): Promise<void> {
  const own = run?.spawned.find(({ pid }) => pid === run.server?.identity.pid);
  // Nobody looks any more, so a server that is our own child need not end in order. What is not, only the subject
  // knows how to end.
  if (own !== undefined) {
    own.kill();
    await within(run?.machine ?? realMachine(), own.exited, limits.stopMs, "the server to end").catch(
      () => undefined,
    );
  } else if (run?.server !== undefined) {
    await within(run.machine, run.subject.stop(run.context), 5_000, "the server to stop").catch(
      () => undefined,
    );
  }
  ended.abort();
  await gates.close();
  // A subject may read on from a connection that nobody holds any more.
  if (run !== undefined)
    await within(run.machine, run.clients.drained(), limits.stopMs, "streams to end").catch(() => undefined);
  await reapMarked(environment.dir, `HOLDFAST_RUN=${environment.runId}`);
}

/** One list an agent that wrote any, in order of start. */
async function readLedgers(run: Execution | undefined): Promise<(readonly LedgerEntry[])[]> {
  if (run === undefined) return [];
  const lists = await Promise.all(run.agents.runs.map((agent) => run.agents.ledger(agent)));
  return lists.filter((entries) => entries.length > 0);
}
