/**
 * Files in memory, for the journal's tests: every byte can be altered, and every call can fail once.
 *
 * Always: `durable` holds what a power cut would leave: bytes and names that were synced.
 * Never: it has no delays of its own; a hook that returns a promise makes a call wait.
 */
import {
  type AppendFile,
  type FileStat,
  type Files,
  IoError,
  type ReadFile,
  type Watch,
} from "../../src/model/ports.ts";

export type Call =
  | "create"
  | "append"
  | "sync"
  | "read-sync"
  | "renew"
  | "list"
  | "rename"
  | "sync-folder"
  | "open"
  | "stat"
  | "close"
  | "read";

interface Node {
  bytes: Uint8Array;
  /** What a power cut leaves of it. */
  synced: Uint8Array;
}

export class MemoryFiles implements Files {
  readonly nodes = new Map<string, Node>();
  /** Names that a power cut leaves. */
  readonly names = new Map<string, Node>();
  readonly folders = new Set<string>(["/"]);
  readonly calls: string[] = [];
  /** By path, what stamp a file has; without one it has none. */
  readonly stamps = new Map<string, string>();
  /** Paths at which something stands that is no regular file. */
  readonly odd = new Set<string>();
  /** Files that were opened to be read and not closed. */
  opened = 0;
  /** Files that were made and not closed. */
  writing = 0;
  /** Called before each call; throws to make it fail. */
  hook: (call: Call, path: string) => void | Promise<void> = () => undefined;

  async #on(call: Call, path: string): Promise<void> {
    this.calls.push(`${call} ${path}`);
    await this.hook(call, path);
  }

  async createExclusive(path: string): Promise<AppendFile | undefined> {
    await this.#on("create", path);
    if (this.nodes.has(path)) return undefined;
    const node: Node = { bytes: new Uint8Array(0), synced: new Uint8Array(0) };
    this.nodes.set(path, node);
    this.writing += 1;
    return {
      path,
      append: async (bytes) => {
        await this.#on("append", path);
        node.bytes = concat(node.bytes, bytes);
      },
      sync: async () => {
        await this.#on("sync", path);
        node.synced = node.bytes;
      },
      close: async () => {
        this.writing -= 1;
        await this.hook("close", path);
      },
    };
  }

  async openRead(path: string): Promise<ReadFile | undefined> {
    await this.#on("open", path);
    const node = this.nodes.get(path);
    if (node === undefined || this.odd.has(path)) return undefined;
    this.opened += 1;
    return {
      path,
      ...this.#stampOf(path),
      size: async () => node.bytes.length,
      read: async (fromByte, toByte) => {
        await this.#on("read", path);
        return node.bytes.slice(fromByte, toByte);
      },
      sync: async () => {
        await this.#on("read-sync", path);
        node.synced = node.bytes;
      },
      renew: async (fromByte) => {
        await this.#on("renew", `${path} ${fromByte}`);
        node.synced = concat(node.synced.slice(0, fromByte), node.bytes.slice(fromByte));
        return this.stamps.get(path);
      },
      close: async () => {
        this.opened -= 1;
      },
    };
  }

  async makeFolder(path: string): Promise<boolean> {
    if (this.folders.has(path)) return false;
    this.folders.add(path);
    return true;
  }

  async makeFifos(): Promise<void> {}

  async list(path: string): Promise<readonly string[] | undefined> {
    await this.#on("list", path);
    if (!this.folders.has(path)) return undefined;
    return [...this.nodes.keys()]
      .filter((each) => each.startsWith(`${path}/`))
      .map((each) => each.slice(path.length + 1))
      .sort();
  }

  async stat(path: string): Promise<FileStat | undefined> {
    await this.#on("stat", path);
    const node = this.nodes.get(path);
    const kind = this.odd.has(path) ? "fifo" : "file";
    return node && { kind, sizeBytes: node.bytes.length, ours: true, ...this.#stampOf(path) };
  }

  #stampOf(path: string): { stamp?: string } {
    const stamp = this.stamps.get(path);
    return stamp === undefined ? {} : { stamp };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#on("rename", to);
    const node = this.nodes.get(from);
    if (node === undefined) throw new IoError("ENOENT", from, "rename");
    this.nodes.delete(from);
    this.nodes.set(to, node);
  }

  async remove(path: string): Promise<boolean> {
    return this.nodes.delete(path);
  }

  async syncFolder(path: string): Promise<void> {
    await this.#on("sync-folder", path);
    for (const name of this.names.keys()) if (name.startsWith(`${path}/`)) this.names.delete(name);
    for (const [name, node] of this.nodes) if (name.startsWith(`${path}/`)) this.names.set(name, node);
  }

  watchFolder(): Watch {
    return { close: () => undefined };
  }

  /** The bytes of a file, to be looked at. */
  bytes(path: string): Uint8Array {
    return this.nodes.get(path)?.bytes ?? new Uint8Array(0);
  }

  /** Puts a file there as it is. */
  put(path: string, bytes: Uint8Array): void {
    this.nodes.set(path, { bytes, synced: bytes });
    this.folders.add(path.slice(0, path.lastIndexOf("/")));
  }

  /** What an open handle of another process would append. */
  appendTo(path: string, bytes: Uint8Array): void {
    const node = this.nodes.get(path);
    if (node !== undefined) node.bytes = concat(node.bytes, bytes);
  }

  /** The world after the power came back: synced bytes under synced names. */
  afterPowerCut(): MemoryFiles {
    const after = new MemoryFiles();
    for (const folder of this.folders) after.folders.add(folder);
    for (const [name, node] of this.names) after.put(name, node.synced);
    return after;
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
