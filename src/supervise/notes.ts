/**
 * The small files in which the wrapper says what it did.
 *
 * Always: a note is read as at most 64 bytes of digits; anything else counts as absent and is never a pid.
 */
import type { Files } from "../model/ports.ts";
import { attemptPaths } from "./layout.ts";

const noteBytesMax = 64;

/** A pid, and since when it was that process's where the platform told the wrapper. */
export interface NotedProcess {
  readonly pid: number;
  readonly startTime?: string;
}

/** The agent's process as the wrapper wrote it; undefined until then. A bare pid says nothing about who has it now. */
export function readPid(files: Files, folder: string): Promise<NotedProcess | undefined> {
  return readProcess(files, attemptPaths(folder).pid);
}

/** The wrapper's own process, as it wrote it into the start marker; it leads the session of its agent. */
export function readWrapper(files: Files, folder: string): Promise<NotedProcess | undefined> {
  return readProcess(files, attemptPaths(folder).started);
}

async function readProcess(files: Files, path: string): Promise<NotedProcess | undefined> {
  const match = /^(\d{1,10})(?: (\d{1,20}))?\n?$/.exec((await readText(files, path)) ?? "");
  if (match === null) return undefined;
  const [, pidText, startTime] = match;
  const pid = Number(pidText);
  return pid > 1 ? { pid, ...(startTime === undefined ? {} : { startTime }) } : undefined;
}

/** The agent's exit code as the shell puts it (128 + n after signal n); undefined while there is none. */
export async function readExit(files: Files, folder: string): Promise<number | undefined> {
  const match = /^(\d{1,10})\n?$/.exec((await readText(files, attemptPaths(folder).exit)) ?? "");
  return match === null ? undefined : Number(match[1]);
}

/**
 * What the start marker says: nobody has claimed the attempt, the wrapper has, or a fence has; "empty": one of the two
 * has, and not said so yet, or could not, as on a full disk. Whoever could not starts nothing.
 */
export async function readStarted(
  files: Files,
  folder: string,
): Promise<"no" | "wrapper" | "fence" | "empty"> {
  const text = await readText(files, attemptPaths(folder).started);
  if (text === undefined) return "no";
  if (text === "") return "empty";
  return text.startsWith("fenced") ? "fence" : "wrapper";
}

async function readText(files: Files, path: string): Promise<string | undefined> {
  const file = await files.openRead(path);
  if (file === undefined) return undefined;
  try {
    return new TextDecoder().decode(await file.read(0, noteBytesMax));
  } finally {
    await file.close();
  }
}
