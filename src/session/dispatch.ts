/**
 * Starting an agent, durably.
 *
 * Order: `dispatch` synced → attempt N claimed (O_EXCL) → the agent's store repaired, the original kept → started.
 * Always: a crash between any two of these leaves an attempt that start-up either finds alive or makes sure can
 * never start; then it counts as never started, and a resume does the same again. Of two servers one at most starts
 * an attempt: folder and start marker are made with O_EXCL.
 * What remains: a server that is stopped between its last look for a successor and the replacing of a file of the
 * agent's store, replaces it when it is continued, maybe under an agent that its successor has started. The original
 * is kept beside the attempt, and the store then shows other bytes than the record names, which the next cut finds.
 */

import type { StoreRepair } from "../agent/contract.ts";
import { crc32, replaceAtomically } from "../journal/index.ts";
import { type Files, IoError } from "../model/ports.ts";
import { attemptMarker, claimAttempt, startAgent } from "../supervise/index.ts";
import { writeAbout } from "./about.ts";
import {
  adapterOf,
  attemptFolder,
  type Context,
  exclusively,
  lifeOf,
  readWhole,
  sessionFolder,
} from "./context.ts";
import { Talk } from "./converse.ts";
import { Follower } from "./follow.ts";
import type { HandOverRecord } from "./records.ts";
import { settle } from "./settle.ts";
import { type AttemptState, latestAttempt, type SessionState } from "./state.ts";
import { sweepStopped } from "./sweep.ts";

export interface DispatchOrder {
  readonly runId: string;
  readonly attempt: number;
  /** What the person asked for. */
  readonly ask: string;
  /** What the agent gets. */
  readonly prompt: string;
  readonly resumes?: string;
  readonly handOver?: HandOverRecord;
  /** The host starts the agent itself and keeps its pipes. */
  readonly over?: "pipes";
  readonly repairs: readonly StoreRepair[];
  /** The client's idempotency key, where this start is the answer to a resume. */
  readonly key?: string;
  /** Absolute path of the agent's executable. */
  readonly executable: string;
  /** Its whole command line behind the executable, where a host words it; else the adapter does. */
  readonly args?: readonly string[];
  /** Its whole environment, where a host hands one in; it is given to the agent and to nobody else. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A prompt is an argument of the agent's command line; Linux takes 128 KiB for one. */
export const promptBytesMax = 120 * 1024;

export function promptBytes(prompt: string): number {
  return new TextEncoder().encode(prompt).length;
}

/** Absolute path of the agent's executable; undefined when it is not there. */
export function findAgent(
  context: Pick<Context, "world" | "config">,
  agent: string,
): Promise<string | undefined> {
  const adapter = adapterOf({ agent });
  const configured = context.config.agentCommands[agent];
  const { command } = adapter.commandLine({
    prompt: "",
    ...(configured === undefined ? {} : { command: configured }),
  });
  return context.world.agents.resolve(command);
}

/** The number of the next attempt: neither on record nor on the disk, where a lost record may have left it. */
export async function nextAttempt(context: Context, session: SessionState): Promise<number> {
  const names = await context.world.files.list(`${sessionFolder(context, session.id)}/attempts`);
  const onDisk = (names ?? []).filter((name) => /^[1-9]\d{0,8}$/.test(name)).map(Number);
  return Math.max(latestAttempt(session)?.attempt ?? 0, ...onDisk) + 1;
}

/** Records that the agent is about to be started. Does not wait for it by itself. */
export function recordDispatch(context: Context, sessionId: string, order: DispatchOrder): Promise<unknown> {
  return context.recorder.record("dispatch", {
    sessionId,
    runId: order.runId,
    attempt: order.attempt,
    prompt: order.prompt,
    ask: order.ask,
    bootId: context.world.processes.self.bootId,
    namespace: context.world.processes.self.namespace,
    ...(order.key === undefined ? {} : { key: order.key }),
    ...(order.over === undefined ? {} : { over: order.over }),
    ...(order.resumes === undefined ? {} : { resumes: order.resumes }),
    ...(order.handOver === undefined ? {} : { handOver: order.handOver }),
    at: context.recorder.firstPlace(order.attempt),
    atMs: context.world.clock.now(),
  });
}

/**
 * Starts what was recorded and follows it. To be called under the session's lock.
 *
 * @returns undefined when the agent was started; else one sentence why it was not, and the run is settled as not started.
 */
export async function startDispatched(
  context: Context,
  session: SessionState,
  order: DispatchOrder,
): Promise<string | undefined> {
  const attempt = session.attempts.find((one) => one.attempt === order.attempt);
  if (attempt === undefined) return `Attempt ${order.attempt} is not on record.`;
  const folder = attemptFolder(context, session.id, order.attempt);
  const follower = new Follower(context, session, attempt);
  try {
    const sessions = `${context.config.home}/sessions`;
    const own = sessionFolder(context, session.id);
    const claimed = await claimAttempt(context.world, folder, [sessions, own, `${own}/attempts`]);
    if (!claimed) throw new IoError("EEXIST", folder, "claim");
    lifeOf(context, session.id).folderIsDurable = true;
    await Promise.all([follower.open(), writeAbout(context, session, attempt)]);
    await repairStore(context, session, order, folder);
    await context.recorder.mayAct();
    await startAgent(context.world, {
      folder,
      command: order.executable,
      args: order.args ?? commandArgs(session, order),
      cwd: session.cwd,
      env: order.env ?? context.config.agentEnv,
      marker: attemptMarker(session.id, order.attempt),
    });
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    await follower.close();
    await recordNotStarted(context, session, order.attempt, thrown.message);
    await settle(context, session);
    return `The agent could not be started: ${thrown.message}.`;
  }
  beginTalk(context, session, attempt, follower);
  follow(context, session, follower);
  return undefined;
}

/** We speak first; where that fails, it is told like any other trouble of following. */
function beginTalk(context: Context, session: SessionState, attempt: AttemptState, follower: Follower): void {
  const talk = Talk.of(context, session, attempt);
  if (talk === undefined) return;
  lifeOf(context, session.id).talk = talk;
  follower.speaksWith(talk);
}

function commandArgs(session: SessionState, order: DispatchOrder): readonly string[] {
  const { args } = adapterOf(session).commandLine({
    command: order.executable,
    prompt: order.prompt,
    ...(session.model === undefined ? {} : { model: session.model }),
    ...(order.resumes === undefined ? {} : { resume: order.resumes }),
  });
  return args;
}

/** Makes sure that an attempt can never start any more, and records it. */
export async function recordNotStarted(
  context: Context,
  session: SessionState,
  attempt: number,
  why: string,
  started: "no" | "unknown" = "no",
): Promise<void> {
  const folder = attemptFolder(context, session.id, attempt);
  if ((await context.world.files.stat(folder)) !== undefined) await context.world.agents.fence(folder);
  await context.recorder.fact(session, "ended", {
    sessionId: session.id,
    attempt,
    exitCode: null,
    started,
    seen:
      started === "no"
        ? `the agent was never started: ${why}`
        : `nothing tells whether the agent was started: ${why}`,
    tailBytes: 0,
    atMs: context.world.clock.now(),
  });
}

/** Follows an attempt until it is over and settles the session then. Returns at once. */
export function follow(context: Context, session: SessionState, follower: Follower): void {
  const life = lifeOf(context, session.id);
  life.follower = follower;
  const work = async () => {
    const ended = await follower.run();
    if (!ended) return;
    await exclusively(context, session.id, async () => {
      if (life.follower !== follower) return;
      await sweepStopped(context, session);
      await settle(context, session);
      delete life.follower;
      await context.onIdle(session);
    });
  };
  work().catch((thrown: unknown) => {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    context.report(
      `Session ${session.id} can no longer be followed: ${message}. Restart the server to look again.`,
    );
    life.trouble = message;
  });
}

/** Puts what the agent resumes from into its store; what stood there is kept beside the attempt. */
export async function repairStore(
  context: Context,
  session: SessionState,
  order: DispatchOrder,
  folder: string,
): Promise<void> {
  const { files } = context.world;
  await bringEarlierToDisk(files, session, order.attempt);
  let kept = 0;
  for (const repair of order.repairs) {
    const original = await readWhole(context, repair.path);
    if (original !== undefined && crc32(original) === crc32(repair.bytes)) continue;
    if (original !== undefined) {
      kept += 1;
      await replaceAtomically(files, `${folder}/original-${kept}`, original);
    }
    await makeParents(context, session.cwd, repair.path);
    await context.recorder.mayAct();
    await replaceAtomically(files, repair.path, repair.bytes, order.attempt.toString());
  }
}

/**
 * What a life that was killed put in place for an attempt before may be there by a name that is not durable yet, unless
 * an agent was started since: before that it was.
 */
async function bringEarlierToDisk(files: Files, { attempts }: SessionState, attempt: number): Promise<void> {
  const before = attempts.filter((one) => one.attempt < attempt);
  const started = before.findLastIndex(
    ({ identity, ended }) => identity !== undefined || ended?.started === "yes",
  );
  const recent = before.slice(Math.max(0, started));
  const repaired = recent.flatMap(({ handOver }) => handOver?.repairs.map(({ path }) => path) ?? []);
  for (const folder of new Set(repaired.map((path) => path.slice(0, path.lastIndexOf("/")))))
    if ((await files.stat(folder)) !== undefined) await files.syncFolder(folder);
}

/** The folders between the workspace and a file of the agent's store. */
async function makeParents(context: Context, cwd: string, path: string): Promise<void> {
  if (!path.startsWith(`${cwd}/`)) return;
  const names = path
    .slice(cwd.length + 1)
    .split("/")
    .slice(0, -1);
  let folder = cwd;
  for (const name of names) {
    const parent = folder;
    folder = `${folder}/${name}`;
    await context.world.files.makeFolder(folder);
    // Also when the agent made it: agents sync nothing, and what we put in there must be found again.
    await context.world.files.syncFolder(parent);
  }
}
