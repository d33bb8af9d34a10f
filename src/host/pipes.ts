/**
 * Reads a child process that its host started, into the record.
 *
 * Always: a piece is told before the next one is read, so a slow disk slows the agent, as a pipe does.
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
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + (constants.signals[signal ?? "SIGKILL"] ?? 0)),
    );
    child.once("error", () => resolve(127));
  });
  if (child.pid !== undefined) await reader.started(child.pid);
  for await (const chunk of child.stdout ?? []) await reader.said(Buffer.from(chunk));
  await reader.ended(await over);
}

/** Writes to the child's stdin; false when it takes nothing any more. */
export function writeToChild(child: ChildProcess, bytes: Uint8Array): Promise<boolean> {
  const { stdin } = child;
  if (stdin === null || stdin.destroyed) return Promise.resolve(false);
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
