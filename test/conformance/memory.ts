/**
 * Files in memory, for reading only: a store is a table of paths.
 */
import { type FileStat, type Files, IoError, type ReadFile } from "../../src/model/ports.ts";

export type Disk = Readonly<Record<string, Uint8Array>>;

/** A disk that can be read; `denied` paths answer EACCES. */
export function diskFiles(disk: Disk, denied: ReadonlySet<string> = new Set()): Files {
  const guard = (path: string, call: string) => {
    if (denied.has(path)) throw new IoError("EACCES", path, call);
  };
  const refuse = (path: string): never => {
    throw new Error(`nothing may be changed, but ${path} was to be`);
  };
  return {
    createExclusive: async (path) => refuse(path),
    openRead: async (path): Promise<ReadFile | undefined> => {
      guard(path, "open");
      const bytes = disk[path];
      if (bytes === undefined) return undefined;
      return {
        path,
        size: async () => bytes.length,
        read: async (fromByte, toByte) => bytes.slice(fromByte, toByte),
        sync: async () => refuse(path),
        close: async () => undefined,
      };
    },
    makeFolder: async (path) => refuse(path),
    makeFifos: async ([path = ""]) => refuse(path),
    list: async (path) => {
      guard(path, "list");
      const inside = Object.keys(disk).flatMap((name) =>
        name.startsWith(`${path}/`) ? [name.slice(path.length + 1).split("/")[0] ?? ""] : [],
      );
      return inside.length === 0 ? undefined : [...new Set(inside)].sort();
    },
    stat: async (path): Promise<FileStat | undefined> => {
      const bytes = disk[path];
      if (bytes !== undefined) return { kind: "file", sizeBytes: bytes.length, ours: true };
      const isFolder = Object.keys(disk).some((name) => name.startsWith(`${path}/`));
      return isFolder ? { kind: "folder", sizeBytes: 0, ours: true } : undefined;
    },
    rename: async (path) => refuse(path),
    remove: async (path) => refuse(path),
    syncFolder: async (path) => refuse(path),
    watchFolder: (path) => refuse(path),
  };
}
