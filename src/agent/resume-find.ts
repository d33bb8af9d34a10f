/**
 * Looking around in folders of agents.
 *
 * Always: a folder that is not there or may not be read is empty; a name with a separator in it is no name.
 */
import { type Files, IoError } from "../model/ports.ts";

/** So many entries of one folder are looked at. */
const entriesMax = 100_000;

/** Names in a folder, sorted. */
export async function namesIn(files: Files, folder: string): Promise<readonly string[]> {
  try {
    const names = (await files.list(folder)) ?? [];
    return names.slice(0, entriesMax).filter((name) => !name.includes("/") && name !== "..");
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return [];
  }
}

/** First bytes of a file as text, up to its first newline; undefined when there is no such file. */
export async function firstLine(
  files: Files,
  path: string,
  bytesMax = 256 * 1024,
): Promise<string | undefined> {
  try {
    const file = await files.openRead(path);
    if (file === undefined) return undefined;
    try {
      const bytes = await file.read(0, Math.min(await file.size(), bytesMax));
      const end = bytes.indexOf(0x0a);
      return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    return undefined;
  }
}

/** A folder from the environment if it is absolute, or the usual one. */
export function folderOf(fromEnv: string | undefined, otherwise: string): string {
  return fromEnv?.startsWith("/") ? withoutSlash(fromEnv) : otherwise;
}

/** A path without slashes at its end. */
export function withoutSlash(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Most agents name sessions by UUIDs. */
export function isUuid(text: string): boolean {
  return uuid.test(text);
}
