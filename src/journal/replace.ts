/**
 * Replaces a file as a whole: temporary file, append, sync, rename, folder sync.
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
