/**
 * One attempt as a host holds it: its stdout from the record, its stderr as it comes, its input, its end.
 */
import { type ChildProcess, errorsOf, writeToChild } from "../host/pipes.ts";
import type { AgentSource } from "../model/agent-source.ts";
import type { ReadFile } from "../model/ports.ts";
import { attemptFolder, type Context, exclusively } from "../session/context.ts";
import { type AttemptState, latestAttempt, type SessionState } from "../session/state.ts";
import { attemptPaths, endAgent } from "../supervise/index.ts";
import { nextChange, Output } from "./output.ts";

const errorBytesMax = 64 * 1024;

/** @param afterByte offset of the agent's stdout behind which it begins. */
export function agentSource(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
  afterByte: number,
): AgentSource {
  const output = new Output(context, session, attempt, afterByte);
  const folder = attemptFolder(context, session.id, attempt.attempt);
  const errors = errorReader(context, session, attempt);
  return {
    identity: () => attempt.identity,
    output: () => output.next(),
    errors: errors.next,
    close: async () => {
      await output.close();
      await errors.close();
    },
    input: (bytes) => context.world.agents.input(folder, bytes),
    signal: (name) => endByHost(context, session, attempt, name),
    ended: settled(context, session, attempt),
  };
}

/** The same over the pipes of a host: what it says is read from the record, everything else goes to the child. */
export function pipedSource(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
  child: ChildProcess,
): AgentSource {
  return {
    ...agentSource(context, session, attempt, 0),
    errors: errorsOf(child),
    input: (bytes) => writeToChild(child, bytes),
  };
}

/** Resolves when the attempt's end is on record and the run is judged. */
async function settled(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
): Promise<{ readonly exitCode: number | null }> {
  for (;;) {
    const changed = nextChange(context, session.id);
    const run = session.runs.find((one) => one.id === attempt.runId);
    const judged = run?.state !== "live" || latestAttempt(session) !== attempt;
    if (attempt.ended !== undefined && judged) {
      changed.cancel();
      return { exitCode: attempt.ended.exitCode };
    }
    await changed.happened;
    changed.cancel();
  }
}

async function endByHost(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
  name: "SIGTERM" | "SIGKILL" | "SIGINT",
): Promise<boolean> {
  // A host may kill what it has just spawned; who that is, is on record a moment later.
  while (attempt.identity === undefined && attempt.ended === undefined) {
    const changed = nextChange(context, session.id);
    await changed.happened;
    changed.cancel();
  }
  return exclusively(context, session.id, async () => {
    const { identity } = attempt;
    const run = session.runs.find((one) => one.id === attempt.runId);
    if (attempt.ended !== undefined || identity === undefined || run === undefined) return false;
    if (run.cancelled === undefined) {
      const at = { sessionId: session.id, runId: run.id, attempt: attempt.attempt };
      await context.recorder.fact(session, "cancel", { ...at, who: "host", why: "stop" });
    }
    if (name === "SIGTERM") return endAgent(context.world, identity, context.config.graceMs);
    return context.world.processes.signal(identity, name);
  });
}

/** Reads the agent's stderr from its file while it grows; it is not part of the record. */
function errorReader(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
): { next(): Promise<Uint8Array | undefined>; close(): Promise<void> } {
  const { files } = context.world;
  const folder = attemptFolder(context, session.id, attempt.attempt);
  let file: ReadFile | undefined;
  let atByte = 0;
  let closed = false;
  let wake = () => {};
  const close = async (): Promise<void> => {
    closed = true;
    wake();
    const open = file;
    file = undefined;
    await open?.close();
  };
  const read = async (): Promise<Uint8Array> => {
    file ??= await files.openRead(attemptPaths(folder).stderr);
    // Closed while it was being opened.
    if (closed) await close();
    const bytes = (await file?.read(atByte, atByte + errorBytesMax)) ?? new Uint8Array();
    atByte += bytes.length;
    return bytes;
  };
  const next = async (): Promise<Uint8Array | undefined> => {
    while (!closed) {
      let stop = () => {};
      const written = new Promise<void>((resolve) => {
        wake = resolve;
        const watch = files.watchFolder(folder, () => resolve());
        const unwatch = context.recorder.watch(session.id, resolve);
        stop = () => {
          watch.close();
          unwatch();
        };
      });
      try {
        const ended = attempt.ended !== undefined;
        const bytes = await read();
        if (bytes.length > 0) return bytes;
        if (ended) await close();
        else await written;
      } finally {
        stop();
      }
    }
    return undefined;
  };
  return { next, close };
}
