/** Files in memory, as far as a store is read. */
import type { FileStat, Files, ReadFile } from "../../src/model/ports.ts";
import { IoError } from "../../src/model/ports.ts";

const encoder = new TextEncoder();

type Entry = string | Uint8Array | "folder!" | "denied!";

export function memoryFiles(entries: Readonly<Record<string, Entry>>): Files {
  const bytesOf = (entry: Entry) => (typeof entry === "string" ? encoder.encode(entry) : entry);
  const no = () => Promise.reject(new Error("only reading"));
  return {
    createExclusive: no,
    async openRead(path): Promise<ReadFile | undefined> {
      const entry = entries[path];
      if (entry === undefined || entry === "folder!") return undefined;
      if (entry === "denied!") throw new IoError("EACCES", path, "open");
      const bytes = bytesOf(entry);
      return {
        path,
        size: async () => bytes.length,
        read: async (from, to) => bytes.slice(from, to),
        sync: no,
        close: async () => {},
      };
    },
    makeFolder: no,
    makeFifos: no,
    list: no,
    async stat(path): Promise<FileStat | undefined> {
      const entry = entries[path];
      if (entry === undefined) return undefined;
      const kind = entry === "folder!" ? "folder" : "file";
      return { kind, sizeBytes: bytesOf(entry).length, ours: true };
    },
    rename: no,
    remove: no,
    syncFolder: no,
    watchFolder: () => ({ close() {} }),
  };
}
