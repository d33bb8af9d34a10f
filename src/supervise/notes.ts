/**
 * The small files in which the wrapper says what it did.
 *
 * Always: a note is read as at most 32 bytes of digits; anything else counts as absent and is never a pid.
 */
import type { Files } from "../model/ports.ts";
import { attemptPaths } from "./layout.ts";

const noteBytesMax = 32;

/** The agent's pid as the wrapper wrote it; undefined until then. It says nothing about who has that pid now. */
export async function readPid(files: Files, folder: string): Promise<number | undefined> {
  const pid = await readNumber(files, attemptPaths(folder).pid);
  return pid !== undefined && pid > 1 ? pid : undefined;
}

/** The agent's exit code as the shell puts it (128 + n after signal n); undefined while there is none. */
export async function readExit(files: Files, folder: string): Promise<number | undefined> {
  return readNumber(files, attemptPaths(folder).exit);
}

/** What the start marker says: nobody has claimed the attempt, the wrapper has, or a fence has. */
export async function readStarted(files: Files, folder: string): Promise<"no" | "wrapper" | "fence"> {
  const text = await readText(files, attemptPaths(folder).started);
  if (text === undefined) return "no";
  return text.startsWith("fenced") ? "fence" : "wrapper";
}

async function readNumber(files: Files, path: string): Promise<number | undefined> {
  const text = await readText(files, path);
  const match = /^(\d{1,10})\n?$/.exec(text ?? "");
  return match === null ? undefined : Number(match[1]);
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
