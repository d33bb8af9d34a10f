/**
 * Ending what a stopped agent has left: its tools, by identity.
 *
 * Always: only after the agent is gone, so that it never takes the end of its tool for an answer; what was ended is
 * on record, with what could not be.
 * Never: a process is signalled that is this attempt's only by its session, unless the session's leader was seen.
 */
import { commandLine } from "../model/command-line.ts";
import { IoError, type Kin } from "../model/ports.ts";
import { describe } from "../supervise/index.ts";
import { toolsOf } from "./agent-life.ts";
import { type Context, lifeOf } from "./context.ts";
import { latestAttempt, latestRun, type SessionState } from "./state.ts";

const lookMs = 20;

/** Ends the tools of a session whose last run a person has stopped. To be called under its lock, with no agent alive. */
export async function sweepStopped(context: Context, session: SessionState): Promise<void> {
  const run = latestRun(session);
  if (run?.cancelled?.why !== "stop" || run.state !== "live") return;
  await sweep(context, session);
}

/** @returns what was ended or left. */
export async function sweep(context: Context, session: SessionState): Promise<readonly string[]> {
  const attempt = latestAttempt(session);
  if (attempt === undefined) return [];
  const certain = lifeOf(context, session.id).stopping ?? [];
  const isOurs = (one: Kin) => one.by === "marker" || certain.some((seen) => isSame(seen, one));
  const found = await toolsOf(context, session, attempt);
  const { graceMs } = context.config;
  const asked = await signalAll(context, found.filter(isOurs), "SIGTERM");
  await whileAny(context, asked, graceMs);
  const ours = await signalAll(context, asked, "SIGKILL");
  const ended = ours.map(nameOf);
  const left = found.filter((one) => !ours.includes(one)).map(nameOf);
  delete lifeOf(context, session.id).stopping;
  if (ended.length + left.length === 0) return [];
  await context.recorder.fact(session, "swept", {
    sessionId: session.id,
    attempt: attempt.attempt,
    ended,
    left,
  });
  return ended;
}

/** As clients are told. */
export function nameOf({ identity, args }: Kin): string {
  return `${describe(identity)}: ${commandLine(args).slice(0, 200)}`;
}

/** @returns those that may be signalled: not what has become another user's, as by sudo. */
async function signalAll(
  { world }: Context,
  kin: readonly Kin[],
  signal: "SIGTERM" | "SIGKILL",
): Promise<readonly Kin[]> {
  const mayBe = async ({ identity }: Kin) => {
    try {
      await world.processes.signal(identity, signal);
      return true;
    } catch (thrown) {
      if (thrown instanceof IoError && thrown.code === "EPERM") return false;
      throw thrown;
    }
  };
  const may = await Promise.all(kin.map(mayBe));
  return kin.filter((_, index) => may[index]);
}

/** Waits until none of them runs, `limitMs` at most. */
async function whileAny({ world }: Context, kin: readonly Kin[], limitMs: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += lookMs) {
    const now = await Promise.all(kin.map(({ identity }) => world.processes.identify(identity.pid)));
    if (now.every((one, index) => one?.startTime !== kin[index]?.identity.startTime)) return;
    await new Promise<void>((resolve) => void world.clock.after(lookMs, resolve));
  }
}

function isSame(left: Kin, right: Kin): boolean {
  return left.identity.pid === right.identity.pid && left.identity.startTime === right.identity.startTime;
}
