/**
 * Replaces a file as a whole: temporary file, append, sync, rename, folder sync; or makes it so, where none is.
 *
 * Always: at every moment the path holds the old bytes or the new ones, whole; when the promise resolves, the
 * new ones are on the disk.
 * Never: a temporary file that another writer may be filling is neither used again nor renamed.
 */
import { type Files, IoError } from "../model/ports.ts";

/** So many temporary files of crashed writers may lie beside a path before replacing gives up. */
const leftoversMax = 1000;

/**
 * Replaces the file at `path` by `bytes`.
 *
 * @param owner goes into the temporary file's name (`path.tmp-owner-1`); two writers of one path that live at the
 *   same time and may clean up behind each other give different ones. Characters `[A-Za-z0-9]` only.
 * @throws IoError when a step fails; the file at `path` is then the old one or, if only the last step (folder sync)
 *   failed, the new one.
 */
export async function replaceAtomically(
  files: Files,
  path: string,
  bytes: Uint8Array,
  owner = "0",
): Promise<void> {
  const temporary = await writeTemporary(files, path, bytes, owner);
  try {
    await files.rename(temporary, path);
  } catch (error) {
    await files.remove(temporary).catch(() => false);
    throw error;
  }
  await files.syncFolder(folderOf(path));
}

/**
 * Makes the file at `path`, whole, unless something is there; of all who try at once exactly one makes it.
 *
 * What remains: where the file system has no second names, or the world has none, it is replaced as by
 * {@link replaceAtomically}, and the last of those who try at once is the one.
 *
 * @returns false when something was there, which is left as it is.
 * @example
 * if (!(await createAtomically(files, path, bytes))) return read(path); // another server was faster
 * @throws IoError when a step fails.
 */
export async function createAtomically(files: Files, path: string, bytes: Uint8Array): Promise<boolean> {
  const { link } = files;
  if (link === undefined) return replaced(files, path, bytes);
  const temporary = await writeTemporary(files, path, bytes, "0");
  try {
    if (!(await link(temporary, path))) return false;
  } catch (thrown) {
    if (!(thrown instanceof IoError && noLinks.includes(thrown.code))) throw thrown;
    return await replaced(files, path, bytes);
  } finally {
    await files.remove(temporary).catch(() => false);
  }
  await files.syncFolder(folderOf(path));
  return true;
}

/** What file systems say that have no second names. */
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

async function replaced(files: Files, path: string, bytes: Uint8Array): Promise<true> {
  await replaceAtomically(files, path, bytes);
  return true;
}

/**
 * Removes temporary files that crashed writers of `path` left behind; to be called once, before the first write.
 *
 * @returns the paths that were removed.
 */
export async function removeLeftovers(files: Files, path: string): Promise<readonly string[]> {
  const folder = folderOf(path);
  const names = (await files.list(folder)) ?? [];
  const prefix = `${path.slice(folder.length + 1)}.tmp-`;
  const removed: string[] = [];
  for (const name of names) {
    if (!name.startsWith(prefix) || !/^[A-Za-z0-9]+-\d+$/.test(name.slice(prefix.length))) continue;
    if (await files.remove(`${folder}/${name}`)) removed.push(`${folder}/${name}`);
  }
  return removed;
}

async function writeTemporary(files: Files, path: string, bytes: Uint8Array, owner: string): Promise<string> {
  for (let number = 1; number <= leftoversMax; number++) {
    const temporary = `${path}.tmp-${owner}-${number}`;
    const file = await files.createExclusive(temporary);
    if (file === undefined) continue;
    try {
      await file.append(bytes);
      await file.sync();
      await file.close();
      return temporary;
    } catch (error) {
      await file.close().catch(() => undefined);
      await files.remove(temporary).catch(() => false);
      throw error;
    }
  }
  throw new IoError("EEXIST", `${path}.tmp-${owner}-${leftoversMax}`, "create");
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
