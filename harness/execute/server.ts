/**
 * The server under test: started, known by identity, ended; each life is on record.
 */

import { serverFails, serverLeft } from "../history.ts";
import { isServerFailure } from "../subject/http.ts";
import type { AgentRun } from "./agents.ts";
import { type Execution, limits, WatchdogFired } from "./execution.ts";
import type { Machine } from "./machine.ts";

/** Rejects when the promise takes longer than `limitMs`. */
export async function within<T>(
  machine: Pick<Machine, "after">,
  promise: Promise<T>,
  limitMs: number,
  waitingFor: string,
): Promise<T> {
  let limit: { cancel(): void } | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        limit = machine.after(limitMs, () => reject(new WatchdogFired(waitingFor)));
      }),
    ]);
  } finally {
    limit?.cancel();
  }
}

/** Starts the next life of the server and connects the clients when it is ready. */
export async function startServer(run: Execution): Promise<void> {
  const life = run.lives + 1;
  run.lives = life;
  const ready = within(
    run.machine,
    run.subject.start(run.context),
    limits.startMs,
    `server life ${life} to be ready`,
  );
  const { pid, url } = await ready.catch(async (error: unknown) => {
    throw life === 1 ? error : ((await endInStart(run)) ?? error);
  });
  await enterLife(run, life, pid, url);
}

/**
 * The process that was to be the server has ended in its start. One that had started before in this run did so by itself;
 * of the first, who knows whether it was started as it must be?
 */
async function endInStart({ spawned }: Execution): Promise<WatchdogFired | undefined> {
  const started = spawned.at(-1);
  if (started?.ended() !== true) return undefined;
  const { code, signal } = await started.exited;
  return new WatchdogFired(`${serverLeft} (${signal ?? `exit code ${code ?? "unknown"}`}) in its start`);
}

/** The server came back by itself (a reload): its new life is the next one. */
export async function enterLife(run: Execution, life: number, pid: number, url: string): Promise<void> {
  run.lives = life;
  const startTime = await run.machine.startTimeOf(pid);
  if (startTime === undefined) throw new WatchdogFired(`server life ${life} (pid ${pid}) to stay alive`);
  run.server = { life, identity: { pid, startTime }, frozen: false };
  run.recorder.record({ kind: "server-start", life, pid, url });
  run.recorder.record({ kind: "server-ready", life });
  connectClients(run);
  // What was asked while nobody was there is answered before anybody looks.
  if (!run.clients.isAsked) return;
  await run.clients.answered();
  await run.agents.when(() => run.agents.alive().every(({ blocked }) => !blocked), limits.agentMs);
}

export function connectClients(run: Execution): void {
  for (const [session, { id }] of run.sessions.entries()) {
    if (id !== undefined) run.clients.connect(session, id);
  }
}

/** SIGSTOP or SIGCONT of the server alone. */
export async function freezeServer(run: Execution, frozen: boolean): Promise<void> {
  if (run.server === undefined) return;
  await run.machine.signal(run.server.identity, frozen ? "SIGSTOP" : "SIGCONT");
  run.server.frozen = frozen;
}

/** SIGKILL of the server alone, and of a watcher that would only wait for it. */
export async function killServer(run: Execution, how: "alone" | "tree"): Promise<void> {
  const server = run.server;
  if (server === undefined) return;
  if (how === "tree") await run.machine.killTree(server.identity);
  await run.machine.signal(server.identity, "SIGKILL");
  await serverEnded(run);
}

/** What to say of a server that nobody ended and that is gone; undefined while it lives. */
export async function serverThatLeft(run: Execution): Promise<string | undefined> {
  const { server } = run;
  if (server === undefined) return undefined;
  if ((await run.machine.startTimeOf(server.identity.pid)) === server.identity.startTime) return undefined;
  const own = run.spawned.find(({ pid }) => pid === server.identity.pid);
  const end = own?.ended() === true ? await own.exited : undefined;
  run.server = undefined;
  run.recorder.record({
    kind: "server-exit",
    life: server.life,
    code: end?.code ?? null,
    signal: end?.signal ?? null,
  });
  return `${serverLeft} (${end?.signal ?? `exit code ${end?.code ?? "unknown"}`})`;
}

/** What to say of an answer by which the server itself failed; undefined for any other error. */
export function failureOfServer(error: unknown): string | undefined {
  return isServerFailure(error) ? `${serverFails} (${error.message})` : undefined;
}

/** Agents that serve over a pipe end when the server's end of it is closed. */
export async function servedEnded(
  run: Execution,
  before: readonly AgentRun[] = run.agents.runs,
): Promise<void> {
  const isOver = () => before.every(({ served, gone }) => !served || gone);
  if (!(await run.agents.when(isOver, limits.agentMs)))
    throw new WatchdogFired("agents that serve over a pipe to end with their server");
}

/** Everything that was spawned for this life is ended, the streams are drained, the life is closed in the history. */
export async function serverEnded(run: Execution): Promise<void> {
  const server = run.server;
  if (server === undefined) return;
  run.server = undefined;
  // A watcher does not restart a server that was killed; it would wait for a file to change for ever.
  const processes = run.spawned.filter((child) => !child.ended());
  for (const child of processes) if (child.pid !== server.identity.pid) child.kill();
  const ends = await within(
    run.machine,
    Promise.all(processes.map((child) => child.exited)),
    limits.stopMs,
    `server life ${server.life} to end`,
  );
  await within(run.machine, run.clients.drained(), limits.stopMs, "the clients' connections to end");
  await servedEnded(run);
  const own = ends[processes.findIndex((child) => child.pid === server.identity.pid)];
  run.recorder.record({
    kind: "server-exit",
    life: server.life,
    code: own?.code ?? null,
    signal: own?.signal ?? null,
  });
}
