/**
 * The hold: one object that a host opens at its start, and through which it starts and finds its agents.
 *
 * Always: when it is open, every session is reconciled; agents that live are taken back, runs whose agent is gone are
 * marked as interrupted, divergences are on record as findings.
 * Never: it reads or writes a file of the host.
 */
import { AgentChild } from "../host/agent-child.ts";
import { readChild } from "../host/pipes.ts";
import { hostPlace } from "../host/place.ts";
import { realWorld } from "../host/world.ts";
import { HoldfastError } from "../model/error.ts";
import { formatPosition, lastK } from "../model/position.ts";
import type { Context } from "../session/context.ts";
import { graceMsDefault, orphanWaitMsDefault, spoolBytesMaxDefault } from "../session/context.ts";
import { coveredByte } from "../session/covers.ts";
import { beginLife } from "../session/life.ts";
import type { Piped } from "../session/pipes.ts";
import { type AttemptState, latestAttempt, latestRun, type SessionState } from "../session/state.ts";
import { verdictOf } from "../session/view.ts";
import { agentSource, pipedSource } from "./agent.ts";
import { Children } from "./children.ts";
import { decideByHost } from "./decide.ts";
import { describeSession, nameOf } from "./describe.ts";
import { cursorOf, followHistory, readHistory } from "./entries.ts";
import { definedOnly, findSession, spawnHeld } from "./spawn.ts";
import type { Hold, HoldOptions, Recovered } from "./types.ts";

/** As a shell puts it. */
const notStartedCode = 127;

/**
 * Opens the hold of a server: takes the record over, takes living agents back, reconciles everything else.
 *
 * Await it before you listen: then nothing is answered about a session that is not reconciled.
 *
 * @example
 * const hold = await openHold({ folder: ".data/hold", agent: "ada" });
 * for (const { session, child } of hold.recovered) console.log(session.id, session.state, child?.pid);
 * @throws HoldfastError where the platform or the folder cannot be used; IoError when the disk fails.
 */
export async function openHold(options: HoldOptions): Promise<Hold> {
  const { outputBytesMax = spoolBytesMaxDefault } = options;
  if (!Number.isSafeInteger(outputBytesMax) || outputBytesMax < 1) {
    const message = `"outputBytesMax" must be a whole number of bytes, at least 1, and not ${outputBytesMax}.`;
    throw new HoldfastError("bad-argument", message);
  }
  const place = hostPlace();
  const env = definedOnly(options.env ?? place.env);
  const report = options.report ?? ((message: string) => place.complain(`holdfast: ${message}`));
  const world = await realWorld(env.PATH ?? "");
  const config = {
    home: place.absolute(options.folder),
    agentCommands: {},
    agentEnv: env,
    spoolBytesMax: outputBytesMax,
    graceMs: graceMsDefault,
    orphanWaitMs: orphanWaitMsDefault,
  };
  let closing = false;
  const onOver = (why: string) => {
    if (closing) return;
    if (options.onOver === undefined)
      report(`${why} Nothing is recorded or delivered any more; end this server.`);
    else options.onOver(why);
  };
  const life = await beginLife(world, config, { onOver, report });
  const { context } = life;
  const wasOpen = [...context.state.sessions.values()].filter(isOpen);
  const children = new Children();
  const begun = new Set<Piped>();
  const close = async () => {
    closing = true;
    children.release();
    await Promise.all([...begun].map((piped) => piped.left()));
    await life.close();
  };
  const recovered: Recovered[] = [];
  try {
    await life.ready;
    recovered.push(...wasOpen.map((session) => recover(context, session, children)));
    for (const { session, child } of recovered)
      if (child !== undefined) options.onAgent?.({ session, child });
  } catch (thrown) {
    // A host that gets no hold has nothing to close.
    await close().catch(() => undefined);
    throw thrown;
  }
  return {
    recovered,
    sessions: () =>
      [...context.state.sessions.values()]
        .filter(hasBegun)
        .map((session) => describeSession(context, session)),
    session: (id) => {
      const session = findSession(context, id);
      return session === undefined || !hasBegun(session) ? undefined : describeSession(context, session);
    },
    async spawn(command, args, given) {
      const started = await spawnHeld(context, {
        ...given,
        run: { command, args },
        agent: given.agent ?? options.agent ?? "ada",
        cwd: place.absolute(given.cwd ?? "."),
      });
      if ("refusal" in started) return started;
      const { session, attempt, repeated } = started;
      const state = attemptOf(session, attempt);
      const child =
        // The child at work may be one of a later prompt.
        (repeated && state.ended === undefined ? children.at(session.id) : undefined) ??
        children.add(makeChild(context, session, state, 0, repeated));
      if (state.ended === undefined) children.setAt(session.id, child);
      const described = describeSession(context, session);
      if (!repeated) options.onAgent?.({ session: described, child, prompt: given.prompt });
      return { session: described, child, repeated };
    },
    async begin(given) {
      const agent = given.agent ?? options.agent ?? "ada";
      const started = await spawnHeld(context, { ...given, agent, cwd: place.absolute(given.cwd ?? ".") });
      if ("refusal" in started) return started;
      const { session, attempt, repeated, turn, piped } = started;
      const state = attemptOf(session, attempt);
      let isAttached = false;
      if (piped !== undefined) begun.add(piped);
      return {
        session: describeSession(context, session),
        turn,
        repeated,
        attach: (process) => {
          if (piped === undefined)
            throw new HoldfastError(
              "bad-state",
              "This prompt was begun before; there is nothing to attach to.",
            );
          if (isAttached)
            throw new HoldfastError(
              "bad-state",
              "An agent is attached to this prompt already; begin once more for another one.",
            );
          isAttached = true;
          begun.delete(piped);
          const source = pipedSource(context, session, state, process);
          const child = children.add(new AgentChild(source, { session: nameOf(session), adopted: false }));
          children.setAt(session.id, child);
          readChild(process, piped).catch((thrown: unknown) => onOver(String(thrown)));
          options.onAgent?.({ session: describeSession(context, session), child, prompt: given.prompt });
          return child;
        },
        abandon: async () => {
          if (piped === undefined || !begun.delete(piped)) return;
          isAttached = true;
          await piped.ended(notStartedCode);
        },
      };
    },
    child: (id) => children.at(findSession(context, id)?.id ?? ""),
    adopt(id, after) {
      const session = findSession(context, id);
      const attempt = session === undefined ? undefined : latestAttempt(session);
      if (session === undefined || attempt === undefined || attempt.ended !== undefined) return undefined;
      const cursor = after === undefined ? undefined : cursorOf(session, after);
      const afterByte = cursor?.attempt === attempt.attempt ? cursor.byteOffset : 0;
      return children.add(makeChild(context, session, attempt, afterByte, true));
    },
    async history(id, upTo) {
      const session = findSession(context, id);
      return session === undefined ? [] : readHistory(context, session, upTo);
    },
    async *follow(id, { after, until } = {}) {
      const session = findSession(context, id);
      if (session !== undefined) yield* followHistory(context, session, after, until);
    },
    async look(id, check = false) {
      const session = findSession(context, id);
      if (session === undefined) return undefined;
      const { calls, recovery } = await verdictOf(context, session, check);
      return { ...describeSession(context, session), calls, recovery };
    },
    decide: (id, callId, outcome, who) =>
      decideByHost(context, findSession(context, id), { callId, outcome, who }),
    close,
  };
}

/** A crash may cut a spawn between its records; a session without a run was never acknowledged. */
function hasBegun({ runs, attempts }: SessionState): boolean {
  return runs.length > 0 || attempts.length > 0;
}

function isOpen(session: SessionState): boolean {
  const attempt = latestAttempt(session);
  return latestRun(session)?.state === "live" || (attempt !== undefined && attempt.ended === undefined);
}

function recover(context: Context, session: SessionState, children: Children): Recovered {
  const attempt = latestAttempt(session);
  const byteOffset = attempt === undefined ? 0 : coveredByte(attempt.covers);
  const at = { epoch: session.epoch, attempt: attempt?.attempt ?? 0, byteOffset, k: lastK };
  const base = { session: describeSession(context, session), position: formatPosition(at) };
  if (attempt === undefined || attempt.ended !== undefined) return base;
  const child = children.add(makeChild(context, session, attempt, byteOffset, true));
  children.setAt(session.id, child);
  return { ...base, child };
}

function attemptOf(session: SessionState, attempt: number): AttemptState {
  const state = session.attempts.find((one) => one.attempt === attempt);
  if (state === undefined) throw new Error(`Attempt ${attempt} is missing from the record just made.`);
  return state;
}

function makeChild(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
  afterByte: number,
  adopted: boolean,
): AgentChild {
  const source = agentSource(context, session, attempt, afterByte);
  return new AgentChild(source, { session: nameOf(session), adopted });
}
