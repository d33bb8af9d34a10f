/**
 * The files port over the disk in memory, for one server life.
 *
 * Always: every call is a call of a port: counted, a scheduling point, and gone with its life.
 */
import type { Calls } from "./calls.ts";
import type { Disk } from "./disk.ts";
import { FifoNode, FileNode, FolderNode } from "./nodes.ts";
import { type AppendFile, type FileStat, type Files, IoError, type ReadFile, type Watch } from "./ports.ts";
import type { Owner } from "./scheduler.ts";

/** Who is told of changes in a folder. */
export interface Watchers {
  watch(life: Owner, folder: string, onChange: (name: string) => void): Watch;
}

export function memoryFiles(disk: Disk, calls: Calls, life: Owner, watchers: Watchers): Files {
  const call = <T>(op: string, path: string, whole: () => T): Promise<T> =>
    calls.call(life, { op, path, whole });
  return {
    createExclusive: (path) =>
      call("create", path, () => {
        const file = new FileNode();
        return isAdded(disk.add(path, file), path, "create")
          ? appendFile(disk, calls, life, path, file)
          : undefined;
      }),
    openRead: (path) =>
      call("open", path, () => {
        const node = disk.at(path);
        return node instanceof FileNode ? readFile(disk, calls, life, path, node) : undefined;
      }),
    makeFolder: (path) => call("mkdir", path, () => isAdded(disk.add(path, new FolderNode()), path, "mkdir")),
    makeFifos: async (paths) => {
      for (const path of paths) {
        await call("mkfifo", path, () => {
          if (!isAdded(disk.add(path, new FifoNode()), path, "mkfifo"))
            throw new IoError("EIO", path, "mkfifo");
        });
      }
    },
    list: (path) => call("list", path, () => disk.names(path)),
    stat: (path) => call("stat", path, () => statOf(disk, path)),
    rename: (from, to) =>
      call("rename", to, () => {
        if (!disk.rename(from, to)) throw new IoError("ENOENT", from, "rename");
      }),
    remove: (path) => call("remove", path, () => disk.remove(path)),
    syncFolder: (path) =>
      calls.call(life, {
        op: "syncFolder",
        path,
        whole: () => {
          const node = disk.at(path);
          if (!(node instanceof FolderNode)) throw new IoError("ENOENT", path, "open");
          disk.syncFolder(node);
        },
      }),
    watchFolder: (path, onChange) => {
      if (!(disk.at(path) instanceof FolderNode)) throw new IoError("ENOENT", path, "watch");
      return watchers.watch(life, path, onChange);
    },
  };
}

function isAdded(added: "added" | "exists" | "no-folder", path: string, op: string): boolean {
  if (added === "no-folder") throw new IoError("ENOENT", path, op);
  return added === "added";
}

function appendFile(disk: Disk, calls: Calls, life: Owner, path: string, file: FileNode): AppendFile {
  return {
    path,
    append: (bytes) => {
      // The caller may use its buffer again as soon as it has asked.
      const copy = bytes.slice();
      const part = (length = Math.ceil(copy.length / 2)) => {
        if (length > 0) disk.append(path, file, copy.subarray(0, length));
      };
      return calls.call(life, { op: "append", path, whole: () => part(copy.length), partly: part });
    },
    sync: () => syncOf(disk, calls, life, path, file),
    close: () => calls.call(life, { op: "close", path, whole: () => undefined }),
  };
}

function readFile(disk: Disk, calls: Calls, life: Owner, path: string, file: FileNode): ReadFile {
  return {
    path,
    size: () => calls.call(life, { op: "size", path, whole: () => file.content.length }),
    read: (fromByte, toByte) =>
      calls.call(life, { op: "read", path, whole: () => file.content.subarray(fromByte, toByte) }),
    sync: () => syncOf(disk, calls, life, path, file),
    beginSync: () => ({
      toByte: file.content.length,
      synced: syncOf(disk, calls, life, path, file),
    }),
    renew: async (fromByte) => {
      const partly = () => file.renew(fromByte);
      const [whole, drop] = [
        () => {
          partly();
          disk.syncFile(file);
        },
        () => {
          partly();
          file.lose();
        },
      ];
      // One call: between its two halves nothing is other than before it, or than when it is half done.
      await calls.call(life, { op: "sync", path, whole, partly, drop });
      return undefined;
    },
    close: () => calls.call(life, { op: "close", path, whole: () => undefined }),
  };
}

function syncOf(disk: Disk, calls: Calls, life: Owner, path: string, file: FileNode): Promise<void> {
  return calls.call(life, { op: "sync", path, whole: () => disk.syncFile(file), drop: () => file.lose() });
}

function statOf(disk: Disk, path: string): FileStat | undefined {
  const node = disk.at(path);
  if (node === undefined) return undefined;
  return { kind: node.kind, sizeBytes: node instanceof FileNode ? node.content.length : 0, ours: true };
}
