/**
 * An attempt whose agent its host starts and reads itself.
 *
 * Always: what the host read is in the spool, synced and covered, before anybody is shown it.
 * Never: more than that. What the agent wrote into its pipe and the host had not read is lost with the host; the agent
 * outlives it by one write at most, or works on in silence; it cannot be taken back, only seen, and waited for.
 */
import { replaceAtomically } from "../journal/index.ts";
import { type AppendFile, IoError } from "../model/ports.ts";
import { attemptPaths, claimPipedAttempt } from "../supervise/index.ts";
import { writeAbout } from "./about.ts";
import { attemptFolder, type Context, sessionFolder } from "./context.ts";
import { type DispatchOrder, follow, recordNotStarted, repairStore } from "./dispatch.ts";
import { Follower } from "./follow.ts";
import { settle } from "./settle.ts";
import type { SessionState } from "./state.ts";

/** What the host tells of its agent, in this order. */
export interface Piped {
  /** It runs. */
  started(pid: number): Promise<void>;
  /** It said this. One call at a time. @throws IoError. */
  said(bytes: Uint8Array): Promise<void>;
  /** It is over, and everything it said was told. `exitCode` as the shell puts it. */
  ended(exitCode: number): Promise<void>;
  /** Nothing more of it will be told in this life. */
  left(): Promise<void>;
}

/** Lays out what was dispatched; the host starts the agent then. Under the session's lock. One sentence when it fails. */
export async function openPiped(
  context: Context,
  session: SessionState,
  order: DispatchOrder,
): Promise<Piped | string> {
  const attempt = session.attempts.find((one) => one.attempt === order.attempt);
  if (attempt === undefined) return `Attempt ${order.attempt} is not on record.`;
  const folder = attemptFolder(context, session.id, order.attempt);
  const follower = new Follower(context, session, attempt);
  try {
    const own = sessionFolder(context, session.id);
    const parents = [`${context.config.home}/sessions`, own, `${own}/attempts`];
    const spool = await claimPipedAttempt(context.world, folder, parents);
    if (spool === undefined) throw new IoError("EEXIST", folder, "claim");
    await Promise.all([follower.open(), writeAbout(context, session, attempt)]);
    await repairStore(context, session, order, folder);
    follow(context, session, follower);
    return piped(context, session, order.attempt, folder, spool);
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    await follower.close();
    await recordNotStarted(context, session, order.attempt, thrown.message);
    await settle(context, session);
    return `The agent could not be started: ${thrown.message}.`;
  }
}

function piped(
  context: Context,
  session: SessionState,
  attempt: number,
  folder: string,
  spool: AppendFile,
): Piped {
  return {
    async started(pid) {
      const identity = await context.world.processes.identify(pid);
      if (identity === undefined) return;
      await context.recorder.record("agent", { sessionId: session.id, attempt, identity });
    },
    said: (bytes) => spool.append(bytes),
    async ended(exitCode) {
      await spool.close();
      const note = new TextEncoder().encode(`${exitCode}\n`);
      await replaceAtomically(context.world.files, attemptPaths(folder).exit, note);
    },
    left: () => spool.close(),
  };
}
