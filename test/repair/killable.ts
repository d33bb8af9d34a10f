/**
 * A disk in memory on which the process dies at its K-th change: that call and all after it throw.
 *
 * Always: a change is create, append, sync, rename, remove, a new folder or a folder's sync; an append that dies leaves
 * half of its bytes.
 */
import { type Files, IoError, type Names } from "../../src/model/ports.ts";

export interface Killable {
  readonly files: Files;
  readonly names: Names;
  readonly contents: Map<string, Uint8Array>;
  readonly folders: Set<string>;
  /** Changes so far. */
  changes(): number;
}

export function killable(
  contents: ReadonlyMap<string, Uint8Array>,
  folders: ReadonlySet<string>,
  dieAt = Number.POSITIVE_INFINITY,
): Killable {
  const disk = new Map(contents);
  const dirs = new Set(folders);
  let count = 0;
  const change = (path: string, call: string) => {
    count += 1;
    if (count >= dieAt) throw new IoError("EKILLED", path, call);
  };
  const alive = (path: string) => {
    if (count >= dieAt) throw new IoError("EKILLED", path, "read");
  };
  const files: Files = {
    async createExclusive(path) {
      change(path, "create");
      if (disk.has(path)) return undefined;
      if (!dirs.has(folderOf(path))) throw new IoError("ENOENT", path, "create");
      disk.set(path, new Uint8Array(0));
      return {
        path,
        async append(bytes) {
          const half = bytes.subarray(0, Math.floor(bytes.length / 2));
          const before = disk.get(path) ?? new Uint8Array(0);
          try {
            change(path, "append");
          } catch (thrown) {
            if (count === dieAt) disk.set(path, joined(before, half));
            throw thrown;
          }
          disk.set(path, joined(before, bytes));
        },
        sync: async () => change(path, "sync"),
        close: async () => undefined,
      };
    },
    async openRead(path) {
      alive(path);
      const bytes = disk.get(path);
      if (bytes === undefined) return undefined;
      return {
        path,
        size: async () => bytes.length,
        read: async (fromByte, toByte) => bytes.slice(fromByte, toByte),
        sync: async () => undefined,
        close: async () => undefined,
      };
    },
    async makeFolder(path) {
      if (dirs.has(path)) return false;
      change(path, "mkdir");
      dirs.add(path);
      return true;
    },
    makeFifos: async () => undefined,
    async list(path) {
      if (!dirs.has(path)) return undefined;
      const inside = [...disk.keys()].filter((name) => folderOf(name) === path);
      return inside.map((name) => name.slice(path.length + 1)).sort();
    },
    async stat(path) {
      const bytes = disk.get(path);
      if (bytes !== undefined) return { kind: "file", sizeBytes: bytes.length, ours: true };
      return dirs.has(path) ? { kind: "folder", sizeBytes: 0, ours: true } : undefined;
    },
    async rename(from, to) {
      change(from, "rename");
      const bytes = disk.get(from);
      if (bytes === undefined) throw new IoError("ENOENT", from, "rename");
      disk.delete(from);
      disk.set(to, bytes);
    },
    async remove(path) {
      change(path, "remove");
      return disk.delete(path);
    },
    syncFolder: async (path) => change(path, "fsync"),
    watchFolder: () => ({ close: () => undefined }),
  };
  const names: Names = {
    kindOf: async (path) => (disk.has(path) ? "file" : dirs.has(path) ? "folder" : undefined),
  };
  return { files, names, contents: disk, folders: dirs, changes: () => count };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([left, right]));
}
