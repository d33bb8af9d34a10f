/**
 * What anybody has seen of the state that a power cut left, in the order in which it was first seen: a name's entry, the
 * names of a folder, a file's content.
 *
 * Always: whatever follows from that state follows from these answers. Two states that answer alike, in the same order,
 * cannot be told apart by what came after, so one run is the run of both.
 * Never: what was made since is told of; it follows from what was seen before.
 */

import { hashOfBytes } from "./hash.ts";
import type { DiskNode } from "./nodes.ts";

/** One question to the state that was left, and its answer. */
export interface Look {
  /** `name PATH`, `names PATH` or `content NUMBER`. */
  readonly what: string;
  readonly answer: string;
}

export class Looks {
  readonly seen: Look[] = [];
  readonly #known = new Set<string>();
  /** Paths at which nothing stood. */
  readonly #missing = new Set<string>();
  readonly #possible: ReadonlyMap<string, readonly string[]>;

  /** @param possible folder → every name that any legal state has in it. */
  constructor(possible: ReadonlyMap<string, readonly string[]>) {
    this.#possible = possible;
  }

  /** Somebody asks what stands at the path: what stands above it is asked first. */
  path(path: string, paths: ReadonlyMap<string, DiskNode>): void {
    if (path === "" || this.#known.has(path)) return;
    for (let end = path.indexOf("/", 1); ; end = path.indexOf("/", end + 1)) {
      const at = end === -1 ? path : path.slice(0, end);
      if (!this.#known.has(at)) {
        this.#known.add(at);
        const node = paths.get(at);
        if (node === undefined) this.#missing.add(at);
        this.seen.push({ what: nameAt(at), answer: answerOf(node) });
      }
      // Below what was missing there was nothing, whatever was made there since.
      if (this.#missing.has(at)) break;
      if (end === -1) return;
    }
    this.#known.add(path);
    this.#missing.add(path);
  }

  /** Somebody lists the folder. */
  names(path: string, paths: ReadonlyMap<string, DiskNode>): void {
    const what = namesIn(path);
    const names = this.#possible.get(path);
    if (names === undefined || this.#missing.has(path) || this.#known.has(what)) return;
    this.#known.add(what);
    this.seen.push({ what, answer: namesAnswer(names) });
    for (const name of names) this.path(`${path}/${name}`, paths);
  }

  /** Somebody depends on what the file with this number holds. */
  content(id: number, bytes: Uint8Array): void {
    this.seen.push({ what: contentOf(id), answer: contentAnswer(bytes) });
  }
}

export const nameAt = (path: string): string => `name ${path}`;
export const namesIn = (path: string): string => `names ${path}`;
export const contentOf = (id: number): string => `content ${id}`;

/** The answer to who stands at a name: nobody, or which one of everything that was ever made. */
export const answerOf = (node: DiskNode | undefined): string =>
  node === undefined ? "nothing" : `${node.kind} ${node.id}`;

export const namesAnswer = (names: readonly string[]): string => names.join("/");
export const contentAnswer = (bytes: Uint8Array): string => String(hashOfBytes(bytes));
