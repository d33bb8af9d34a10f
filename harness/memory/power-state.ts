/**
 * One state that a power cut may leave: its hash, what it lost, and, when it is asked for, the disk itself.
 *
 * Always: equal content, equal hash. Bytes are shared with the disk from which the state was told until it is made.
 */
import { applyChange, type Disk, type EntryChange } from "./disk.ts";
import { hashOfBytes, hashOfText } from "./hash.ts";
import type { Looks } from "./looks.ts";
import { type DiskNode, type FifoNode, FileNode, FolderNode } from "./nodes.ts";

export interface PowerState {
  readonly hash: number;
  /** The disk as it is when the power is back; made anew each time that it is asked for. */
  readonly root: FolderNode;
  /** The same, telling what is seen of it. */
  rootFor(looks: Looks): FolderNode;
  /** What is missing or other than it was read before, in words. */
  readonly lost: string;
}

/** What a power cut left of what was not synced. */
export interface Kept {
  /** Changes of entries that came to the disk. */
  readonly applied: ReadonlySet<EntryChange>;
  /** Contents of files in which something was not synced. */
  readonly contents: ReadonlyMap<FileNode, Uint8Array>;
  /** Changes of entries that did not, in words. */
  readonly lost: readonly string[];
}

/** What the disk holds in one state: a folder's entries, a file's bytes, or a FIFO. */
type Left = FifoNode | LeftFile | LeftFolder;
interface LeftFile {
  readonly kind: "file";
  readonly id: number;
  readonly content: Uint8Array;
}
interface LeftFolder {
  readonly kind: "folder";
  readonly id: number;
  readonly entries: readonly (readonly [name: string, left: Left])[];
}

/** Most states are only told apart from others, and few of them made: nothing is copied until one is. */
export function stateOf(disk: Disk, kept: Kept): PowerState {
  const { applied, contents } = kept;
  const lost = [...kept.lost];
  const hashes: string[] = [];
  const seen = new Map<FileNode, LeftFile>();
  const fileOf = (name: string, node: FileNode): LeftFile => {
    const known = seen.get(node);
    if (known !== undefined) return known;
    const before = node.unseen;
    const content = contents.get(node) ?? before;
    if (content.length !== before.length) lost.push(`${name}@${content.length}/${before.length}`);
    const left = { kind: "file", id: node.id, content } as const;
    seen.set(node, left);
    return left;
  };
  const folderOf = (from: FolderNode, path: string): LeftFolder => {
    const names = new Map<string, DiskNode>(from.durable);
    for (const change of disk.changes)
      if (change.folder === from && applied.has(change)) applyChange(names, change);
    const left: [string, Left][] = [];
    for (const [name, node] of names) {
      const at = `${path}/${name}`;
      if (node instanceof FileNode) {
        const file = fileOf(name, node);
        hashes.push(`${at} ${hashOfBytes(file.content)}`);
        left.push([name, file]);
      } else {
        hashes.push(at);
        left.push([name, node instanceof FolderNode ? folderOf(node, at) : node]);
      }
    }
    return { kind: "folder", id: from.id, entries: left };
  };
  const root = folderOf(disk.root, "");
  return {
    hash: hashOfText(hashes.sort().join("\n")),
    get root() {
      return make(root, new Map(), undefined);
    },
    rootFor: (looks) => make(root, new Map(), looks),
    lost: lost.join(" "),
  };
}

/** One file of several names is one file again. */
function make(
  { id, entries }: LeftFolder,
  files: Map<LeftFile, FileNode>,
  looks: Looks | undefined,
): FolderNode {
  const folder = new FolderNode();
  folder.id = id;
  for (const [name, left] of entries) {
    if (left.kind === "folder") folder.entries.set(name, make(left, files, looks));
    else if (left.kind === "fifo") folder.entries.set(name, left);
    else {
      const file = files.get(left) ?? FileNode.of(left.content, left.id, looks);
      files.set(left, file);
      folder.entries.set(name, file);
    }
  }
  return folder;
}
