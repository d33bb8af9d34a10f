/**
 * One attempt of an agent as the record and the machine tell it now.
 *
 * Always: whether the agent lives is asked of the machine, since nobody may have been there to record its end.
 */
import type { Cite } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { AttemptEvidence } from "../model/evidence.ts";
import type { ProcessIdentity } from "../model/ports.ts";
import { startPlaceOf } from "../session/agent-life.ts";
import { coveredByte } from "../session/covers.ts";
import type { AttemptState, SessionState } from "../session/state.ts";
import { attemptPaths, livenessOf, readExit, readStarted } from "../supervise/index.ts";
import type { RecordWorld } from "./our-record.ts";

/** @param folder of the attempt. */
export async function attemptOf(
  world: RecordWorld,
  folder: string,
  session: SessionState,
  attempt: AttemptState,
): Promise<AttemptEvidence> {
  const base = {
    attempt: attempt.attempt,
    runId: attempt.runId,
    prompt: attempt.prompt,
    dispatchCite: attempt.cite,
    bootChanged: attempt.bootId !== world.processes.self.bootId,
    ...cancelOf(session, attempt),
  };
  const { ended } = attempt;
  if (ended !== undefined) {
    const end = { exitCode: ended.exitCode, cite: ended.cite };
    return {
      ...base,
      started: ended.started,
      liveness: "dead",
      processCite: seen(attempt, ended.seen),
      ...(ended.started === "no" ? {} : { ended: end }),
    };
  }
  const place = startPlaceOf(session, attempt);
  const { state, seen: what } = await livenessOf(world, folder, attempt.identity, place);
  const isLive = state === "alive" || attempt.identity !== undefined || coveredByte(attempt.covers) > 0;
  const exitCode = await readExit(world.files, folder);
  return {
    ...base,
    started: isLive ? "yes" : await startedBy(world, folder),
    liveness: state,
    processCite: seen(attempt, what),
    ...(exitCode === undefined || state !== "dead"
      ? {}
      : {
          ended: {
            exitCode,
            cite: { source: "P", path: attemptPaths(folder).exit, value: String(exitCode) },
          },
        }),
    ...(await reusedOf(world, attempt)),
  };
}

/** Processes that the attempts of a session are, or were. */
export function identitiesOf({ attempts }: SessionState): ProcessIdentity[] {
  return attempts.flatMap(({ identity }) => (identity === undefined ? [] : [identity]));
}

async function startedBy(world: RecordWorld, folder: string): Promise<AttemptEvidence["started"]> {
  const marker = await readStarted(world.files, folder);
  if (marker === "wrapper") return "yes";
  return marker === "fence" ? "no" : "unknown";
}

async function reusedOf({ processes }: RecordWorld, attempt: AttemptState): Promise<{ pidReused?: Cite }> {
  const known = attempt.identity;
  if (known === undefined || known.bootId !== processes.self.bootId) return {};
  if (known.namespace !== processes.self.namespace) return {};
  const now = await processes.identify(known.pid);
  if (now === undefined || now.startTime === known.startTime) return {};
  const value = `pid ${known.pid} started at ${now.startTime}, the agent's at ${known.startTime}`;
  return { pidReused: seen(attempt, value) };
}

function cancelOf(session: SessionState, attempt: AttemptState): { readonly cancelled?: Cite } {
  const run = session.runs.find(({ id }) => id === attempt.runId);
  if (run?.cancelled === undefined) return {};
  const last = session.attempts.findLast(({ runId }) => runId === run.id);
  return last === attempt ? { cancelled: run.cancelled.cite } : {};
}

function seen({ attempt }: AttemptState, what: string): Cite {
  return { source: "P", attempt, value: citeValue(what) };
}
