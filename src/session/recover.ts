/**
 * Start-up: finds out for every session where it stands, before anything is said about it.
 *
 * A run without a recorded end is adopted when its agent lives; when it is dead, the rest of its spool is recorded and
 * the session is settled. An attempt that was never started is made sure never to start. Sessions that ended are
 * settled again when they are looked at, because their files may have been damaged while nobody watched; those that were
 * used last also without anybody's asking, once the server is ready.
 */

import { attemptPaths, claimAttempt, endAgent, readStarted } from "../supervise/index.ts";
import { restoreSession } from "./about.ts";
import { agentLiveness } from "./agent-life.ts";
import { attemptFolder, type Context, exclusively, lifeOf, sessionFolder } from "./context.ts";
import { Talk } from "./converse.ts";
import { coveredByte } from "./covers.ts";
import { follow, recordNotStarted } from "./dispatch.ts";
import { Follower } from "./follow.ts";
import { LifeOver } from "./recorder.ts";
import { noteAdopted, settle } from "./settle.ts";
import { type AttemptState, isOpen, latestAttempt, latestRun, type SessionState } from "./state.ts";
import { sweepStopped } from "./sweep.ts";

/** So many sessions that ended are looked at again without being asked for. */
const recheckSessionsMax = 50;
const concurrentMax = 32;

/** The sessions whose end is not on record; nothing is answered about them until {@link recoverSessions} is through. */
export function sessionsToRecover(context: Context): SessionState[] {
  const sessions = sessionsThat(context, true);
  for (const { id } of sessions) lifeOf(context, id).reconciling = true;
  return sessions;
}

/** The sessions of which something has no end on record, and those that ended last. */
export function idsToRecover(context: Pick<Context, "state">): readonly string[] {
  return [...idsThat(context, true), ...idsThat(context, false)];
}

/** Once the server is ready, one after the other: follows those that were taken back and have kept still, looks at what was adopted, then settles what ended last again. */
export async function lookAgain(context: Context): Promise<void> {
  for (const [id, life] of context.lives) {
    life.follower?.poke();
    const session = life.unnoted === true ? context.state.sessions.get(id) : undefined;
    if (session !== undefined && !context.closing) await noteAdopted(context, session);
  }
  for (const session of sessionsThat(context, false)) {
    if (context.closing) return;
    await exclusively(context, session.id, async () => {
      // Somebody has asked meanwhile, or it goes on.
      const isSeen = lifeOf(context, session.id).verdict !== undefined || isOpen(session);
      if (!isSeen && !context.closing) await recoverOne(context, session);
    });
  }
}

function sessionsThat(context: Context, open: boolean): SessionState[] {
  return idsThat(context, open).flatMap((id) => context.state.sessions.get(id) ?? []);
}

function idsThat({ state: { sessions } }: Pick<Context, "state">, open: boolean): readonly string[] {
  const isOpenId = new Set(sessions.openIds(isOpen));
  if (open) return [...isOpenId];
  return sessions.lastIds(recheckSessionsMax, isOpenId);
}

/** Recovers all of them, a few at a time; a session that cannot be read is reported and harms no other. */
export async function recoverSessions(context: Context, sessions: readonly SessionState[]): Promise<void> {
  const waiting = [...sessions];
  const worker = async () => {
    for (let session = waiting.shift(); session !== undefined; session = waiting.shift()) {
      const one = session;
      await exclusively(context, one.id, () => recoverOne(context, one));
    }
  };
  await Promise.all(Array.from({ length: concurrentMax }, worker));
}

/**
 * The end of a journal can be missing without a trace, and a start looks into recent sessions alone: before anything is
 * said of another one, or started in it, its folder is looked into. To be called under its lock.
 */
export async function takeBackLost(context: Context, session: SessionState): Promise<void> {
  if (await restoreSession(context, session.id)) await recoverOne(context, session);
}

async function recoverOne(context: Context, session: SessionState): Promise<void> {
  const life = lifeOf(context, session.id);
  try {
    for (const earlier of session.attempts.slice(0, -1)) await recoverEarlier(context, session, earlier);
    const adopted = await recoverAttempt(context, session);
    if (!adopted) {
      await sweepStopped(context, session);
      await settle(context, session);
      await context.onIdle(session);
    }
  } catch (thrown) {
    if (thrown instanceof LifeOver) throw thrown;
    // Also a fault of ours: that is of this session, and would else end every server that starts.
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    context.report(`Session ${session.id} cannot be read: ${message}. The others are not affected.`);
    life.trouble = message;
  }
  life.reconciling = false;
}

/**
 * An attempt behind which another one was started has its end on record, unless the journal has lost it. What its spool
 * says is then recorded again, and its end when it is gone: also without a spool, or every start would look again.
 */
async function recoverEarlier(context: Context, session: SessionState, attempt: AttemptState): Promise<void> {
  if (attempt.ended !== undefined) return;
  const follower = new Follower(context, session, attempt);
  try {
    await follower.open(true);
    const { state } = await agentLiveness(context, session, attempt);
    if (state === "dead") {
      follower.wrapperIsGone();
      await follower.run();
    } else await follower.catchUp();
  } finally {
    await follower.close();
  }
}

/** True when the agent lives and is followed again. */
async function recoverAttempt(context: Context, session: SessionState): Promise<boolean> {
  const attempt = latestAttempt(session);
  if (attempt === undefined || attempt.ended !== undefined) return false;
  const folder = attemptFolder(context, session.id, attempt.attempt);
  const spoke = await hasSpoken(context, attempt, folder);
  if (attempt.over === "pipes" && !spoke) {
    await recordNotStarted(
      context,
      session,
      attempt.attempt,
      "its host was gone before it said so",
      "unknown",
    );
    return false;
  }
  if (attempt.over !== "pipes" && !spoke && !(await wasStarted(context, session, attempt, folder))) {
    // After a power cut the marker may be lost although the agent ran: then nobody can say.
    const lostBoot = attempt.bootId !== context.world.processes.self.bootId;
    const why = lostBoot
      ? "no start marker survived the power cut"
      : "the server was gone before it could be";
    await recordNotStarted(context, session, attempt.attempt, why, lostBoot ? "unknown" : "no");
    return false;
  }
  const follower = new Follower(context, session, attempt);
  try {
    await follower.open(true);
    return await takeBack(context, session, attempt, follower);
  } catch (thrown) {
    await follower.close();
    throw thrown;
  }
}

/** Follows a living agent again; of one that is gone, what is left is recorded, and false is the answer. */
async function takeBack(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
  follower: Follower,
): Promise<boolean> {
  const { state, identity } = await agentLiveness(context, session, attempt);
  if (state === "dead") {
    follower.wrapperIsGone();
    await follower.run();
    return false;
  }
  if (attempt.identity === undefined && identity !== undefined) {
    const at = { sessionId: session.id, attempt: attempt.attempt };
    await context.recorder.record("agent", { ...at, identity });
  }
  // No wrapper stands between this agent and us; nobody will tell when it is gone.
  if (attempt.over === "pipes") follower.wrapperIsGone();
  const talk = Talk.of(context, session, attempt);
  await talk?.catchUp();
  if (talk !== undefined) follower.speaksWith(talk);
  await follower.catchUp();
  if (talk !== undefined) {
    lifeOf(context, session.id).talk = talk;
    talk.goOn();
    // What is due is said by whoever follows: an agent that does not read holds up no start.
    follower.poke();
  }
  lifeOf(context, session.id).unnoted = true;
  // The life that was to see its end through may have gone first.
  if (latestRun(session)?.cancelled?.why === "stop" && identity !== undefined)
    await endAgent(context.world, identity, context.config.graceMs);
  follow(context, session, follower);
  return true;
}

/** A power cut may take the start marker and leave what the agent said. */
async function hasSpoken(context: Context, attempt: AttemptState, folder: string): Promise<boolean> {
  if (attempt.identity !== undefined || coveredByte(attempt.covers) > 0) return true;
  return ((await context.world.files.stat(attemptPaths(folder).spool))?.sizeBytes ?? 0) > 0;
}

/**
 * Decides whether an attempt was ever started, once and for all: by taking its folder, or its start marker. Both are
 * made with O_EXCL, so a former server that was only asleep cannot start it any more.
 */
async function wasStarted(
  context: Context,
  session: SessionState,
  { bootId }: AttemptState,
  folder: string,
): Promise<boolean> {
  const own = sessionFolder(context, session.id);
  const parents = [`${context.config.home}/sessions`, own, `${own}/attempts`];
  if (await claimAttempt(context.world, folder, parents)) {
    await context.world.agents.fence(folder);
    return false;
  }
  const marker = await readStarted(context.world.files, folder);
  if (marker === "wrapper") return true;
  // A power cut may have taken what it said. Without one, a wrapper that is gone and said nothing has started nothing.
  if (marker === "empty")
    return bootId !== context.world.processes.self.bootId || context.world.agents.held(folder);
  return (await context.world.agents.fence(folder)) === "started" && marker !== "fence";
}
