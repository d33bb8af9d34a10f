/** A workspace in memory: files, folders and links, to be looked at only. */
import type { Names } from "../../src/model/ports.ts";
import { diskFiles } from "../conformance/memory.ts";

const encoder = new TextEncoder();

export interface Tree {
  readonly files?: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
  readonly links?: readonly string[];
}

export function treeOf({ files = {}, folders = [], links = [] }: Tree) {
  const bytes = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, encoder.encode(text)]));
  const names: Names = {
    async kindOf(path) {
      if (links.includes(path)) return "link";
      if (bytes[path] !== undefined) return "file";
      const below = [...folders.map((folder) => `${folder}/`), ...Object.keys(bytes)];
      const isFolder = below.some((name) => name.startsWith(`${path}/`));
      return isFolder ? "folder" : undefined;
    },
  };
  return { files: diskFiles(bytes), names };
}
