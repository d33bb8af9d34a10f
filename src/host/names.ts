/** Names of the real machine, looked at without following links. */
import { lstat, realpath } from "node:fs/promises";
import type { NameKind, Names } from "../model/ports.ts";
import { io } from "./io.ts";

export function hostNames(): Names {
  return {
    kindOf: (path) => io(path, "lstat", () => kindOf(path), ["ENOENT", "ENOTDIR"], undefined),
    resolve: (path) => realpath(path).catch(() => undefined),
  };
}

async function kindOf(path: string): Promise<NameKind> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return "link";
  if (stats.isFile()) return "file";
  return stats.isDirectory() ? "folder" : "other";
}
