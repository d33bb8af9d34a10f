/**
 * A disk in memory that knows what of it would survive a power cut, and what anybody has seen of what the last one left.
 *
 * Folders keep the entries that are durable, and the disk the changes since the last sync of their folder, in the one
 * order in which all changes were made.
 * Always: what a process reads is the newest; what was synced stays.
 * Never: it decides nothing about what a power cut leaves: see power.ts.
 */
import type { Looks } from "./looks.ts";
import { type DiskNode, FileNode, FolderNode } from "./nodes.ts";

/** One change of a folder's entries that is not durable yet. */
export interface EntryChange {
  /** Place among all changes of the disk. */
  readonly order: number;
  readonly folder: FolderNode;
  /** Name → what stands there from now on; undefined: nothing. */
  readonly sets: readonly (readonly [name: string, node: DiskNode | undefined])[];
}

export class Disk {
  readonly root = new FolderNode();
  /** Changes of entries since the last sync of their folder, in order. */
  changes: EntryChange[] = [];
  /** The write that was made last, for torn writes. */
  lastWrite: { readonly file: FileNode; readonly before: Uint8Array; readonly after: Uint8Array } | undefined;
  #paths = new Map<string, DiskNode>();
  #looks: Looks | undefined;
  #nodes = 0;
  #order = 0;
  #committedOrder = 0;
  readonly #onChange: (folder: string, name: string) => void;

  /** @param onChange told after each change, with the folder in which it was and the name of what changed. */
  constructor(onChange: (folder: string, name: string) => void) {
    this.#onChange = onChange;
    this.#paths.set("", this.root);
  }

  at(path: string): DiskNode | undefined {
    this.#looks?.path(path, this.#paths);
    return this.#paths.get(path === "/" ? "" : path);
  }

  /** Names in a folder, sorted; undefined when there is no such folder. */
  names(path: string): string[] | undefined {
    const node = this.at(path);
    if (!(node instanceof FolderNode)) return undefined;
    this.#looks?.names(path, this.#paths);
    return [...node.entries.keys()].sort();
  }

  /** Undefined when the path is taken, or its folder is missing ("no-folder"). */
  add(path: string, node: DiskNode): "added" | "exists" | "no-folder" {
    const { folder, name } = this.#place(path);
    if (folder === undefined) return "no-folder";
    if (this.at(path) !== undefined) return "exists";
    this.#paths.set(path, node);
    this.#change(path, folder, [[name, node]]);
    return "added";
  }

  /** Makes a folder and those above it, durably: the world before a run. */
  prepare(path: string): void {
    let at = "";
    let parent = this.root;
    for (const name of path.slice(1).split("/")) {
      at = `${at}/${name}`;
      const there = parent.entries.get(name);
      const folder = there instanceof FolderNode ? there : this.#numbered(new FolderNode());
      parent.entries.set(name, folder);
      parent.durable.set(name, folder);
      this.#paths.set(at, folder);
      parent = folder;
    }
  }

  rename(from: string, to: string): boolean {
    const node = this.at(from);
    this.at(to);
    const source = this.#place(from);
    const target = this.#place(to);
    if (node === undefined || source.folder === undefined || target.folder !== source.folder) return false;
    this.#paths.delete(from);
    this.#paths.set(to, node);
    this.#change(to, source.folder, [
      [source.name, undefined],
      [target.name, node],
    ]);
    return true;
  }

  remove(path: string): boolean {
    const { folder, name } = this.#place(path);
    if (folder === undefined || this.at(path) === undefined) return false;
    this.#paths.delete(path);
    this.#change(path, folder, [[name, undefined]]);
    return true;
  }

  append(path: string, file: FileNode, bytes: Uint8Array): void {
    const before = file.content;
    file.append(bytes);
    this.#wrote(path, file, before);
  }

  replace(path: string, file: FileNode, bytes: Uint8Array): void {
    const before = file.content;
    file.replace(bytes);
    this.#wrote(path, file, before);
  }

  /** Changes up to this order are durable where any sync brings all that came before it (ext4). */
  get committedOrder(): number {
    return this.#committedOrder;
  }

  syncFile(file: FileNode): void {
    file.sync();
    this.#committedOrder = this.#order;
  }

  syncFolder(folder: FolderNode): void {
    this.#committedOrder = this.#order;
    const kept: EntryChange[] = [];
    for (const change of this.changes) {
      if (change.folder === folder) applyChange(folder.durable, change);
      else kept.push(change);
    }
    this.changes = kept;
  }

  /** Every path with its node, in no particular order. */
  paths(): ReadonlyMap<string, DiskNode> {
    return this.#paths;
  }

  /** Files in which something is not synced. */
  dirtyFiles(): Set<FileNode> {
    const dirty = new Set<FileNode>();
    for (const node of this.#paths.values()) {
      if (node instanceof FileNode && node.isDirty) dirty.add(node);
    }
    // A file that was removed or replaced may come back with the entry that named it, durable or not.
    for (const { folder, sets } of this.changes)
      for (const node of [...folder.durable.values(), ...sets.map(([, set]) => set)])
        if (node instanceof FileNode && node.isDirty) dirty.add(node);
    return dirty;
  }

  /** Takes everything as it is in `root`, durable: after a power cut. `looks` is told what is seen of it. */
  restore(root: FolderNode, looks?: Looks): void {
    this.#looks = looks;
    this.changes = [];
    this.lastWrite = undefined;
    this.#paths = new Map([["", this.root]]);
    this.root.entries.clear();
    this.root.durable.clear();
    const take = (path: string, into: FolderNode, from: FolderNode): void => {
      for (const [name, node] of from.entries) {
        into.entries.set(name, node);
        into.durable.set(name, node);
        this.#paths.set(`${path}/${name}`, node);
        if (node instanceof FolderNode) {
          const entries = [...node.entries];
          node.entries.clear();
          node.durable.clear();
          const copy = new FolderNode();
          for (const [child, childNode] of entries) copy.entries.set(child, childNode);
          take(`${path}/${name}`, node, copy);
        }
      }
    };
    take("", this.root, root);
  }

  #place(path: string): { folder: FolderNode | undefined; name: string } {
    const slash = path.lastIndexOf("/");
    const folder = this.at(path.slice(0, slash));
    return { folder: folder instanceof FolderNode ? folder : undefined, name: path.slice(slash + 1) };
  }

  #change(path: string, folder: FolderNode, sets: EntryChange["sets"]): void {
    this.#order += 1;
    const change = { order: this.#order, folder, sets };
    for (const [, node] of sets) if (node !== undefined) this.#numbered(node);
    applyChange(folder.entries, change);
    this.changes.push(change);
    this.#tell(path);
  }

  #numbered<Node extends DiskNode>(node: Node): Node {
    if (node.id === 0) {
      this.#nodes += 1;
      node.id = this.#nodes;
    }
    return node;
  }

  #wrote(path: string, file: FileNode, before: Uint8Array): void {
    this.lastWrite = { file, before, after: file.content };
    this.#tell(path);
  }

  #tell(path: string): void {
    const slash = path.lastIndexOf("/");
    this.#onChange(path.slice(0, slash), path.slice(slash + 1));
  }
}

export function applyChange(entries: Map<string, DiskNode>, { sets }: EntryChange): void {
  for (const [name, node] of sets) {
    if (node === undefined) entries.delete(name);
    else entries.set(name, node);
  }
}
