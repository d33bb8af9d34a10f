/**
 * Reads a child process that its host started, into the record.
 *
 * Always: a piece is told before the next one is read, so a slow disk slows the agent, as a pipe does. A child that was
 * over before it was handed in is over; a pipe that breaks, or that the host closes, is the end of what is read.
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";

export type { ChildProcess } from "node:child_process";

/** Whom to tell what the child does. */
export interface PipeReader {
  started(pid: number): Promise<void>;
  said(bytes: Uint8Array): Promise<void>;
  ended(exitCode: number): Promise<void>;
}

/**
 * Tells everything, from the start to the end; resolves when all is told. Rejects when it cannot be kept.
 *
 * @param child with its stdout on a pipe that nobody else reads.
 */
export async function readChild(child: ChildProcess, reader: PipeReader): Promise<void> {
  const over = new Promise<number>((resolve) => {
    const tell = (code: number | null, signal: NodeJS.Signals | null) =>
      resolve(code ?? 128 + (constants.signals[signal ?? "SIGKILL"] ?? 0));
    child.once("close", tell);
    // One without a pid was never started; another error is a signal or a message that did not get through.
    child.once("error", () => {
      if (child.pid === undefined) resolve(127);
    });
    if (child.pid === undefined) resolve(127);
    else if (child.exitCode !== null || child.signalCode !== null) tell(child.exitCode, child.signalCode);
  });
  if (child.pid !== undefined) await reader.started(child.pid);
  const pieces = child.stdout?.[Symbol.asyncIterator]();
  for (;;) {
    const next = await pieces?.next().catch(() => undefined);
    if (next === undefined || next.done === true) break;
    await reader.said(Buffer.from(next.value));
  }
  await reader.ended(await over);
}

/** A write is told how it ended; without a listener the same error would end the host. */
const ignoreError = () => {};

/** Writes to the child's stdin; false when it takes nothing any more. */
export function writeToChild(child: ChildProcess, bytes: Uint8Array): Promise<boolean> {
  const { stdin } = child;
  if (stdin === null || stdin.destroyed) return Promise.resolve(false);
  if (!stdin.listeners("error").includes(ignoreError)) stdin.on("error", ignoreError);
  return new Promise((resolve) => stdin.write(bytes, (error) => resolve(!error)));
}

/** Bytes of the child's stderr, one piece a call; undefined at the end. */
export function errorsOf(child: ChildProcess): () => Promise<Uint8Array | undefined> {
  const pieces = child.stderr?.[Symbol.asyncIterator]();
  return async () => {
    const next = await pieces?.next();
    return next === undefined || next.done === true ? undefined : Buffer.from(next.value);
  };
}
