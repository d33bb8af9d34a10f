/**
 * What an end, or a disk that got full, left half of in the files that have a role, in the coordinates of those files.
 */
import { readFile, stat } from "node:fs/promises";
import { type Execution, sessionIndex } from "../execute/execution.ts";
import type { CrashLoss } from "../execute/recovery.ts";
import type { Hit } from "./operation.ts";

/** What the end left half written or emptied, where that is a file with a role. */
export async function lossesAt(run: Execution, { operation, mode }: Hit): Promise<CrashLoss[]> {
  if (mode !== "torn" && mode !== "empty") return [];
  const target = operation.to ?? operation.path;
  const file = (await run.subject.files(run.context)).find((one) => one.path === target);
  if (file === undefined) return [];
  const size = (await stat(target).catch(() => undefined))?.size ?? 0;
  const half = Math.ceil((operation.bytes ?? 0) / 2);
  const range =
    mode === "torn"
      ? { fromByte: Math.max(0, size - half), toByte: size }
      : { fromByte: 0, toByte: Math.max(1, operation.bytes ?? 0) };
  const session = sessionIndex(run, file.session);
  return [{ role: file.role, path: target, ...range, ...(session === undefined ? {} : { session }) }];
}

/** A disk that gets full takes the first part of a write: records that were begun and not ended. */
export async function tornTails(run: Execution): Promise<CrashLoss[]> {
  const files = await run.subject.files(run.context);
  const losses = files.map(async ({ role, path: file, session: id }): Promise<CrashLoss[]> => {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    const fromByte = bytes.lastIndexOf(0x0a) + 1;
    if (role === "snapshot" || fromByte >= bytes.length) return [];
    const session = sessionIndex(run, id);
    const own = session === undefined ? {} : { session };
    return [{ role, path: file, fromByte, toByte: bytes.length, ...own }];
  });
  return (await Promise.all(losses)).flat();
}
