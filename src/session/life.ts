/**
 * One server life: takes the journal over, finds out where every session stands, and answers requests.
 *
 * Always: the address is listened on before the journal is taken over, so that a start that fails for a taken port
 * disturbs nobody; until then, and for a session that is not reconciled yet, the answer is 503.
 * Never: ending this life ends an agent.
 */
import type { Journal } from "../journal/index.ts";
import type { World } from "../model/ports.ts";
import { restoreLost } from "./about.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import type { Context, OrchestratorConfig } from "./context.ts";
import { makeHome, requireOwn } from "./home.ts";
import { damageBySession } from "./journal-damage.ts";
import { takePast } from "./past.ts";
import { LifeOver, Recorder } from "./recorder.ts";
import { idsToRecover, lookAgain, recoverSessions, sessionsToRecover } from "./recover.ts";
import type { SessionState } from "./state.ts";

export interface Life {
  readonly context: Context;
  /** Generation of the journal that this life writes. */
  readonly generation: () => number;
  /** Resolves when every session that start-up looks at is answered for. Rejects with what ended this life before. */
  readonly ready: Promise<void>;
  /** Everything acknowledged is on the disk already; finishes what is under way and closes the journal. */
  close(): Promise<void>;
}

export interface LifeHooks {
  readonly onOver: (detail: string) => void;
  /** One line for the operator. */
  readonly report: (message: string) => void;
  /** See {@link Context.onIdle}. */
  readonly onIdle?: (context: Context, session: SessionState) => Promise<void>;
}

/**
 * Begins a life in `config.home` (made when absent).
 *
 * @param onOver called once when this life can no longer write: another server has taken over, or the disk failed.
 * @throws IoError when the journal cannot be taken over.
 */
export async function beginLife(world: World, config: OrchestratorConfig, hooks: LifeHooks): Promise<Life> {
  await makeHome(world.files, config.home);
  for (const name of ["journal", "sessions"]) await requireOwn(world.files, `${config.home}/${name}`);
  const identity = world.processes.self;
  const life = { identity: { ...identity }, atMs: world.clock.now() };
  // A long list is read while the journal is.
  const { files } = world;
  const folders = files.listInAnyOrder?.(`${config.home}/sessions`) ?? files.list(`${config.home}/sessions`);
  folders.catch(() => undefined);
  const past = await takePast({ world, config, report: hooks.report }, life);
  const { journal, history, state, packed } = past;
  const written =
    packed === undefined
      ? Promise.resolve()
      : writeCheckpoint(world.files, config.home, packed, journal.generation);
  const context: Context = {
    world,
    config,
    state,
    recorder: new Recorder(journal, state, hooks.onOver),
    lives: new Map(),
    journalDamage: new Map(),
    gaps: past.empty.map((generation) => ({ first: generation, last: generation })),
    late: history.late,
    lateWrites: () => journal.lateWrites(),
    locks: new Map(),
    submits: new Map(),
    onIdle: async (session) => hooks.onIdle?.(context, session),
    closing: false,
    report: hooks.report,
  };
  const among = past.isDoubtful ? undefined : idsToRecover(context);
  const restored = await restoreLost(context, (await folders) ?? [], among, Math.max(0, ...past.empty));
  const sessions = sessionsToRecover(context);
  const ready = (async () => {
    const damage = await damageBySession(context, history, restored);
    for (const [id, found] of damage) context.journalDamage.set(id, found);
    await recoverSessions(context, sessions);
  })();
  // Whoever awaits `ready` gets the reason; without anybody, a life that is over has said so already.
  ready.catch((thrown: unknown) => {
    if (!(thrown instanceof LifeOver))
      hooks.onOver(thrown instanceof Error ? thrown.message : String(thrown));
  });
  const rechecked = ready.then(() => lookAgain(context)).catch(() => undefined);
  const close = async () => {
    await closeLife(context, journal);
    await rechecked;
    // Short lives would else never leave one, and each would read the whole journal again.
    await written;
    await past.close();
  };
  return { context, generation: () => journal.generation, ready, close };
}

async function closeLife(context: Context, journal: Journal): Promise<void> {
  context.closing = true;
  for (const life of context.lives.values()) life.orphanWatch?.cancel();
  context.recorder.wakeAll();
  await Promise.all([...context.lives.values()].map((life) => life.follower?.close()));
  await Promise.all(context.locks.values());
  await context.recorder.quiet();
  await journal.close();
}
