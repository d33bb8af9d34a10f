/**
 * The folder in which all of a server is kept.
 *
 * Always: durable before the journal in it is made; ours, and no link.
 */
import { HoldfastError } from "../model/error.ts";
import { type Files, IoError } from "../model/ports.ts";

/** What we write goes where we say: not over a link, and not into a folder of another user. */
export async function requireOwn(files: Files, path: string): Promise<void> {
  const isLink = (await files.isLink?.(path)) === true;
  if (!isLink && (await files.stat(path))?.ours !== false) return;
  const what = isLink ? "is a link" : "belongs to another user";
  throw new HoldfastError(
    "bad-argument",
    `${path} ${what}: nothing is written there. Remove it, or use another home.`,
  );
}

/**
 * Makes the home folder, and those above it, and makes them durable: also those that the host has just made and not
 * synced, since without them all that is in the home is lost at a power cut.
 *
 * @throws HoldfastError for a path that is not absolute.
 */
export async function makeHome(files: Files, home: string): Promise<void> {
  if (!home.startsWith("/") || home.endsWith("/")) {
    throw new HoldfastError(
      "bad-argument",
      `The home folder "${home}" must be an absolute path without a slash at its end.`,
    );
  }
  // The journal is made when everything above it is durable.
  if ((await files.stat(`${home}/journal`)) !== undefined) return;
  const names = home.slice(1).split("/");
  let parent = "/";
  for (const [depth] of names.entries()) {
    const path = `/${names.slice(0, depth + 1).join("/")}`;
    const isMade = (await files.stat(path)) === undefined && (await files.makeFolder(path));
    await syncEntry(files, parent, isMade);
    parent = path;
  }
}

/** A folder that was there already may be in one that is not for us to read; then somebody else answers for it. */
async function syncEntry(files: Files, parent: string, isMade: boolean): Promise<void> {
  try {
    await files.syncFolder(parent);
  } catch (error) {
    if (isMade || !(error instanceof IoError && error.code === "EACCES")) throw error;
  }
}
