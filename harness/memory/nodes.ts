/**
 * What stands at a name of the disk in memory: a file, a folder, or a FIFO.
 *
 * Always: a file keeps what it held at its last sync and after each write since. What a power cut has left of a file
 * tells, once, when somebody first depends on what it holds.
 */
import type { Looks } from "./looks.ts";

const nothing = new Uint8Array();

export class FileNode {
  readonly kind = "file";
  /** Number among everything that was made on its disk; kept by what a power cut leaves. */
  id = 0;
  #buffer: Uint8Array = new Uint8Array(256);
  #content: Uint8Array = nothing;
  #synced: Uint8Array = nothing;
  #looks: Looks | undefined;
  /** Content after each write since the last sync, oldest first: any of them may be on the disk. */
  versions: Uint8Array[] = [];
  /** Bytes that the system takes for written although they are not: from a sync that failed. */
  #lost: { readonly fromByte: number; readonly toByte: number }[] = [];

  /** What the file holds now, as every process reads it; must not be changed. */
  get content(): Uint8Array {
    this.#look();
    return this.#content;
  }

  /** What a power cut is sure to leave. */
  get synced(): Uint8Array {
    this.#look();
    return this.#synced;
  }

  /** The content, for whoever tells states of the disk apart and learns nothing from it. */
  get unseen(): Uint8Array {
    return this.#content;
  }

  get isDirty(): boolean {
    return this.#content !== this.#synced;
  }

  append(bytes: Uint8Array): void {
    this.#look();
    const before = this.#content.length;
    const size = before + bytes.length;
    if (size > this.#buffer.length) {
      const grown = new Uint8Array(size * 2);
      grown.set(this.#content);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, before);
    this.#now(this.#buffer.subarray(0, size));
  }

  /** The same bytes, written again from `fromByte` on: what was lost of them is not any more. */
  renew(fromByte: number): void {
    this.#look();
    this.#lost = this.#lost.flatMap((one) =>
      one.fromByte >= fromByte ? [] : [{ ...one, toByte: Math.min(one.toByte, fromByte) }],
    );
    this.#now(this.#content);
  }

  /** Other content from here on; what was there before stays what it was for whoever kept it. */
  replace(bytes: Uint8Array): void {
    this.#buffer = bytes.slice();
    this.#lost = [];
    this.#now(this.#buffer);
  }

  sync(): void {
    if (this.versions.length === 0) return;
    this.versions = [];
    this.#synced = this.#content;
    if (this.#lost.length === 0) return;
    this.#synced = this.#content.slice();
    for (const { fromByte, toByte } of this.#lost) this.#synced.fill(0, fromByte, toByte);
  }

  /** A sync that failed: what was to be synced is dropped, is read as if it were there, and is not written again. */
  lose(): void {
    if (this.versions.length === 0) return;
    this.#lost.push({ fromByte: this.#synced.length, toByte: this.#content.length });
    this.versions = [];
  }

  /** What is left of a file says so once, when somebody first depends on it. */
  #look(): void {
    const looks = this.#looks;
    if (looks === undefined) return;
    this.#looks = undefined;
    looks.content(this.id, this.#content);
  }

  #now(content: Uint8Array): void {
    this.#content = content;
    this.versions.push(content);
  }

  /** A file that a power cut has left of the one with that number. */
  static of(content: Uint8Array, id: number, looks: Looks | undefined): FileNode {
    const file = new FileNode();
    file.id = id;
    file.#looks = looks;
    file.#buffer = content.slice();
    file.#content = file.#buffer;
    file.#synced = file.#buffer;
    return file;
  }
}

export class FifoNode {
  readonly kind = "fifo";
  id = 0;
}

export class FolderNode {
  readonly kind = "folder";
  id = 0;
  /** Entries as they are now. */
  readonly entries = new Map<string, DiskNode>();
  /** Entries as a power cut is sure to leave them. */
  durable = new Map<string, DiskNode>();
}

export type DiskNode = FileNode | FifoNode | FolderNode;
