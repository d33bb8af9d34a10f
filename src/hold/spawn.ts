/**
 * Starting an agent for a host, durably.
 *
 * Order: what became of the work before is settled → the hand-over is worded → prompt and dispatch are on the disk →
 * the agent's store is repaired, the original kept → the agent is started → the host is told.
 * Always: the same key starts at most one agent, also when the first answer was lost in a crash.
 * Never: an agent is started beside one that lives.
 */
import { adapters } from "../agent/index.ts";
import { HoldfastError } from "../model/error.ts";
import { type Context, exclusively, lifeOf } from "../session/context.ts";
import {
  type DispatchOrder,
  nextAttempt,
  promptBytes,
  promptBytesMax,
  recordDispatch,
  startDispatched,
} from "../session/dispatch.ts";
import { type Prepared, prepareHandOver } from "../session/hand-over.ts";
import { refuseWhileLive } from "../session/live.ts";
import { openPiped, type Piped } from "../session/pipes.ts";
import { isTerminal, latestRun, type RunRecordState, type SessionState } from "../session/state.ts";
import { nameOf } from "./describe.ts";
import { refused, refusedBySession } from "./refusals.ts";
import type { Args, HoldRefusal, SpawnOptions, Turn } from "./types.ts";

/** An order of a host with its defaults filled in. */
export interface SpawnOrder extends SpawnOptions {
  /** How the hold starts the agent; left out by a host that starts it itself. */
  readonly run?: { readonly command: string; readonly args: Args };
  readonly agent: string;
  /** Absolute. */
  readonly cwd: string;
}

export type Started =
  | {
      readonly session: SessionState;
      readonly attempt: number;
      readonly repeated: boolean;
      readonly turn: Turn;
      /** Where the host starts the agent itself: whom it tells. */
      readonly piped?: Piped;
    }
  | { readonly refusal: HoldRefusal };

const aboutBytesMax = 64 * 1024;
const nameCharsMax = 200;

/** @throws HoldfastError for what no host may pass. */
export async function spawnHeld(context: Context, order: SpawnOrder): Promise<Started> {
  check(order);
  const wrong = wrongPrompt(order.prompt);
  if (wrong !== undefined) return { refusal: wrong };
  const { key } = order;
  if (key === undefined) return start(context, order);
  // Of equal keys at the same time only the first does the work; then the others find it on record.
  return exclusively(context, `key ${key}`, async () => {
    const known = findByKey(context, key);
    return known === undefined ? start(context, order) : knownRun(context, known, order);
  });
}

function check(order: SpawnOrder): void {
  if (!Object.hasOwn(adapters, order.agent)) {
    const all = Object.keys(adapters).join(", ");
    throw new HoldfastError("bad-argument", `There is no agent "${order.agent}". Known are: ${all}.`);
  }
  for (const field of ["session", "key", "model"] as const) {
    const isLeftOut = order[field] === undefined || (field === "model" && order.model === "");
    if (!isLeftOut) needName(field, order[field]);
  }
  if (wrongAgentSession(order)) {
    throw new HoldfastError(
      "bad-argument",
      `"${order.agentSession}" cannot be the id of a session of ${order.agent}. Use the id that the agent said.`,
    );
  }
  const about = jsonOf(order.about);
  if (about.length > aboutBytesMax) {
    throw new HoldfastError(
      "bad-argument",
      `"about" has ${about.length} characters of JSON; keep it under ${aboutBytesMax} and put the rest into a file of your own.`,
    );
  }
}

/** What a host hands in may come from its client as it is. @throws HoldfastError */
export function needName(field: string, value: unknown): void {
  const isText = typeof value === "string" && value !== "" && value.length <= nameCharsMax;
  // It ends an argument of a command line, and nothing that holds it could ever be started.
  if (isText && !value.includes("\0")) return;
  throw new HoldfastError(
    "bad-argument",
    `"${field}" must be a text of 1 to ${nameCharsMax} characters, none of them NUL.`,
  );
}

function jsonOf(about: unknown): string {
  try {
    return JSON.stringify(about ?? null) ?? "";
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new HoldfastError("bad-argument", `"about" is no JSON: ${why}. Give plain data.`);
  }
}

/** Ids become arguments and paths; only what can be one of that agent's passes. */
function wrongAgentSession({ agent, agentSession }: SpawnOrder): boolean {
  if (agentSession === undefined) return false;
  return typeof agentSession !== "string" || adapters[agent]?.isSessionId(agentSession) !== true;
}

function wrongPrompt(prompt: unknown): HoldRefusal | undefined {
  if (typeof prompt !== "string") return refused("bad-prompt", "The prompt is no text. Send a text.");
  if (prompt.trim() === "" || prompt.includes("\0"))
    return refused("bad-prompt", "The prompt is empty or holds a NUL character. Send a text.");
  const bytes = promptBytes(prompt);
  if (bytes <= promptBytesMax) return undefined;
  return refused(
    "prompt-too-long",
    `The prompt has ${bytes} bytes; an agent can be given ${promptBytesMax}. Put the rest into a file of the project and name it.`,
  );
}

function findByKey(context: Context, key: string) {
  for (const session of context.state.sessions.values()) {
    const run = session.runs.find((one) => one.key === key);
    if (run !== undefined) return { session, run };
  }
  return undefined;
}

function knownRun(
  context: Context,
  { session, run }: { readonly session: SessionState; readonly run: RunRecordState },
  order: SpawnOrder,
): Started {
  const isElsewhere = order.session !== undefined && findOrdered(context, order) !== session;
  if (isElsewhere) {
    const message = `This key was used on session ${nameOf(session)}. Use keys that no two sessions share.`;
    return { refusal: refused("key-reused", message) };
  }
  if (run.prompt !== order.prompt) {
    return {
      refusal: refused(
        "key-reused",
        "This key was used with another prompt. Use a new key for a new prompt.",
      ),
    };
  }
  const attempt = session.attempts.findLast((one) => one.runId === run.id)?.attempt;
  // A crash cut that spawn between its records: nothing was started, and nobody was told that it was.
  if (attempt === undefined) {
    const message = `Its agent was never started. Resume session ${nameOf(session)}.`;
    return { refusal: refused("agent-not-started", message) };
  }
  return { session, attempt, repeated: true, turn: { prompt: order.prompt } };
}

/** By the host's id, or the agent's own. */
export function findSession(context: Context, id: string): SessionState | undefined {
  const all = [...context.state.sessions.values()];
  return all.find((one) => nameOf(one) === id) ?? all.find((one) => one.agentSessionId === id);
}

/** The session that an order is about: one conversation of an agent is one session, by whatever name it is asked for. */
function findOrdered(
  context: Context,
  { session, agent, agentSession }: SpawnOrder,
): SessionState | undefined {
  const named = session === undefined ? undefined : findSession(context, session);
  if (named !== undefined || agentSession === undefined) return named;
  const all = [...context.state.sessions.values()];
  return all.find((one) => one.agent === agent && one.agentSessionId === agentSession);
}

async function start(context: Context, order: SpawnOrder): Promise<Started> {
  const { run } = order;
  const executable = run === undefined ? "" : await context.world.agents.resolve(run.command);
  if (executable === undefined) {
    const message = `There is no executable "${run?.command}". Give an absolute path, or a name that is on the PATH.`;
    return { refusal: refused("agent-missing", message) };
  }
  const { session: name, agentSession } = order;
  const work = (): Promise<Started> => {
    const session = findOrdered(context, order);
    return session === undefined
      ? startSession(context, order, executable)
      : exclusively(context, session.id, () => goOn(context, session, order, executable));
  };
  // Two spawns that name one new session, or one conversation, must not both make it.
  const perConversation = () =>
    agentSession === undefined ? work() : exclusively(context, `conversation ${agentSession}`, work);
  return name === undefined ? perConversation() : exclusively(context, `session ${name}`, perConversation);
}

async function startSession(context: Context, order: SpawnOrder, executable: string): Promise<Started> {
  const { ids, clock, files } = context.world;
  if ((await files.stat(order.cwd))?.kind !== "folder") {
    const message = `There is no folder at ${order.cwd} for the agent to work in. Make it first.`;
    return { refusal: refused("cwd-missing", message) };
  }
  const sessionId = ids.next();
  const { agent, cwd, model, about, session: name, prompt, agentSession } = order;
  const resumes = agentSession === undefined ? {} : { resumes: agentSession };
  const prepared: Prepared = { ask: prompt, prompt, ...resumes, repairs: [] };
  return exclusively(context, sessionId, async () => {
    const made = context.recorder.record("session", {
      sessionId,
      projectId: "",
      agent,
      cwd,
      epoch: ids.next(),
      ...(model === undefined ? {} : { model }),
      ...(name === undefined ? {} : { name }),
      ...(about === undefined ? {} : { about }),
      atMs: clock.now(),
    });
    return dispatch(context, sessionId, ids.next(), 1, { order, executable, prepared, before: made });
  });
}

/** A further prompt on a session: the interrupted run goes on, or a new one begins. */
async function goOn(
  context: Context,
  session: SessionState,
  order: SpawnOrder,
  executable: string,
): Promise<Started> {
  const live = await refuseWhileLive(context, session);
  if (live !== undefined) return { refusal: refusedBySession(live) };
  const run = latestRun(session);
  const isOpen = run !== undefined && !isTerminal(run.state);
  const prepared = await prepareHandOver(context, session, {
    ask: order.prompt,
    resumesRun: isOpen,
    acknowledge: order.acknowledge === true,
  });
  if ("refusal" in prepared) return { refusal: refusedBySession(prepared.refusal) };
  // A key stands on a run of its own, so that it is found again.
  const runId = isOpen && order.key === undefined ? run.id : context.world.ids.next();
  const attempt = await nextAttempt(context, session);
  delete lifeOf(context, session.id).verdict;
  const { about } = order;
  const before =
    about === undefined || JSON.stringify(about) === JSON.stringify(session.about)
      ? Promise.resolve()
      : context.recorder.record("about", { sessionId: session.id, about });
  return dispatch(context, session.id, runId, attempt, { order, executable, prepared, before });
}

async function dispatch(
  context: Context,
  sessionId: string,
  runId: string,
  attempt: number,
  what: {
    readonly order: SpawnOrder;
    readonly executable: string;
    readonly prepared: Prepared;
    readonly before: Promise<unknown>;
  },
): Promise<Started> {
  const { order, executable, prepared, before } = what;
  const { env, key } = order;
  const { prompt, resumes } = prepared;
  const turn: Turn = { prompt, ...(resumes === undefined ? {} : { resume: resumes }) };
  const dispatchOrder: DispatchOrder = {
    runId,
    attempt,
    executable,
    ...prepared,
    ...(order.run === undefined ? { over: "pipes" } : { args: argsFor(order.run.args, turn) }),
    ...(env === undefined ? {} : { env: definedOnly(env) }),
  };
  const isNew = !context.state.sessions.get(sessionId)?.runs.some((one) => one.id === runId);
  const run = isNew
    ? context.recorder.record("run", {
        sessionId,
        runId,
        prompt: order.prompt,
        ...(key === undefined ? {} : { key }),
        atMs: context.world.clock.now(),
      })
    : undefined;
  const dispatched = recordDispatch(context, sessionId, dispatchOrder);
  const named =
    resumes === undefined || context.state.sessions.get(sessionId)?.agentSessionId === resumes
      ? undefined
      : context.recorder.record("agent-session", { sessionId, attempt, agentSessionId: resumes });
  await Promise.all([before, run, dispatched, named]);
  const session = context.state.sessions.get(sessionId);
  if (session === undefined) throw new Error(`Session ${sessionId} is missing from the record just made.`);
  const begun =
    order.run === undefined
      ? await openPiped(context, session, dispatchOrder)
      : await startDispatched(context, session, dispatchOrder);
  if (typeof begun !== "string") {
    return { session, attempt, repeated: false, turn, ...(begun === undefined ? {} : { piped: begun }) };
  }
  const message = `${begun} It is on record as interrupted; spawn again on session ${nameOf(session)} to go on.`;
  return { refusal: refused("agent-not-started", message) };
}

function argsFor(args: Args, turn: Turn): readonly string[] {
  return typeof args === "function" ? args(turn) : args;
}

/** An environment without the names that have no value. */
export function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = Object.entries(env).filter((one): one is [string, string] => one[1] !== undefined);
  return Object.fromEntries(given);
}
