/**
 * The links of a log whose lines name themselves and the line before them: which line follows which, for millions of
 * lines in little memory.
 *
 * A line is known by its number (0, 1, 2 … in order of {@link Chain.add}); of its id 64 bits of a sum are kept, about
 * 25 bytes a line with the index. Most lines follow the one before them, and that is stored as such.
 * Always: of several lines with one id the last one is found; a parent may stand behind its child.
 * Never: an id is kept as text, so two different ids are taken for one with a chance of n² / 2⁶⁵ for n lines of a log
 * (3 in 10 million for a gigabyte of short lines).
 */
import { NumberList } from "./number-list.ts";

/** What adding a line showed. */
export interface Added {
  /** There was a line with this id. */
  readonly isRepeated: boolean;
  /** The parent does not stand before the line. */
  readonly isOrphan: boolean;
}

/** The four answers there are: a log has millions of lines. */
const answers: readonly Added[] = [0, 1, 2, 3].map((bits) => ({
  isRepeated: (bits & 1) !== 0,
  isOrphan: (bits & 2) !== 0,
}));

/** The line has no parent, follows the line before it, or its parent's sum is in the list of links. */
const [noParent, theOneBefore, linked] = [0, 1, 2] as const;

const slotsMin = 1_024;

export class Chain {
  readonly #high = new NumberList();
  readonly #low = new NumberList();
  readonly #kinds = new NumberList();
  /** In pairs a line's number plus one and the low part of its sum, by which it is found; 0 is free. At most half full. */
  #slots = new Uint32Array(2 * slotsMin);
  #used = 0;
  #hasRepeats = false;
  /** Of lines that do not follow the one before them: the parent's sum, in pairs. */
  readonly #links = new Map<number, number>();
  readonly #parents = new NumberList();
  #lastId: string | undefined;
  /** The sum that was made last; two numbers in place of an object a line. */
  #sumHigh = 0;
  #sumLow = 0;

  /** So many lines were added. */
  get length(): number {
    return this.#kinds.length;
  }

  /** Its number is {@link length} before it is added. */
  add(id: string, parentId: string | undefined): Added {
    const isNext = parentId !== undefined && parentId === this.#lastId;
    const isOrphan = parentId !== undefined && !isNext && !this.#link(parentId);
    this.#kinds.push(parentId === undefined ? noParent : isNext ? theOneBefore : linked);
    this.#lastId = id;
    this.#sum(id);
    this.#high.push(this.#sumHigh);
    this.#low.push(this.#sumLow);
    const slot = this.#slotOf();
    const isRepeated = this.#slots[slot] !== 0;
    this.#slots[slot] = this.length;
    this.#slots[slot + 1] = this.#sumLow;
    if (isRepeated) this.#hasRepeats = true;
    else this.#count();
    return answers[(isRepeated ? 1 : 0) + (isOrphan ? 2 : 0)] ?? { isRepeated, isOrphan };
  }

  /** Notes the parent of the line that is being added; false when it is not there yet. */
  #link(parentId: string): boolean {
    this.#sum(parentId);
    this.#links.set(this.length, this.#parents.length);
    this.#parents.push(this.#sumHigh);
    this.#parents.push(this.#sumLow);
    return this.#slots[this.#slotOf()] !== 0;
  }

  /** Number of the line with this id; undefined when there is none. */
  find(id: string): number | undefined {
    this.#sum(id);
    return this.#found();
  }

  /** Number of the line that is this line's parent; undefined when it has none or it is not there. */
  parentOf(line: number): number | undefined {
    const kind = this.#kinds.at(line);
    if (kind === noParent) return undefined;
    // Where an id stands for one line only, the line before is the one that has it.
    if (kind === theOneBefore && !this.#hasRepeats) return line - 1;
    if (kind === theOneBefore) {
      this.#sumHigh = this.#high.at(line - 1);
      this.#sumLow = this.#low.at(line - 1);
    } else {
      const at = this.#links.get(line) ?? 0;
      this.#sumHigh = this.#parents.at(at);
      this.#sumLow = this.#parents.at(at + 1);
    }
    return this.#found();
  }

  /**
   * The line and its parents up to the first that `goesOn` refuses, newest first; a cycle is walked once.
   *
   * @example [...chain.way(chain.length - 1)].reverse() // oldest first
   */
  *way(from: number, goesOn: (line: number) => boolean = () => true): Generator<number> {
    const seen = new Uint8Array(this.length);
    for (let line: number | undefined = from; line !== undefined; line = this.parentOf(line)) {
      if (seen[line] === 1 || !goesOn(line)) return;
      seen[line] = 1;
      yield line;
    }
  }

  /** Per line 1 if it is on the {@link way}. */
  onWay(from: number, goesOn?: (line: number) => boolean): Uint8Array {
    const on = new Uint8Array(this.length);
    for (const line of this.way(from, goesOn)) on[line] = 1;
    return on;
  }

  #found(): number | undefined {
    const line = this.#slots[this.#slotOf()] ?? 0;
    return line === 0 ? undefined : line - 1;
  }

  /** Where the line with the current sum stands in the slots, or the free place where it would be. */
  #slotOf(): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (this.#sumLow << 1) & mask;
    for (;;) {
      const line = slots[slot] ?? 0;
      if (line === 0) return slot;
      if (slots[slot + 1] === this.#sumLow && this.#high.at(line - 1) === this.#sumHigh) return slot;
      slot = (slot + 2) & mask;
    }
  }

  #count(): void {
    this.#used += 1;
    if (this.#used * 4 > this.#slots.length) this.#grow();
  }

  /** No two lines in the slots have the same sum: each takes the first free place. */
  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    const mask = slots.length - 1;
    for (let at = 0; at < old.length; at += 2) {
      const line = old[at] ?? 0;
      if (line === 0) continue;
      const low = old[at + 1] ?? 0;
      let slot = (low << 1) & mask;
      while (slots[slot] !== 0) slot = (slot + 2) & mask;
      slots[slot] = line;
      slots[slot + 1] = low;
    }
    this.#slots = slots;
  }

  /** Two 32-bit sums over the UTF-16 units, mixed at the end so that every bit depends on all of them. */
  #sum(id: string): void {
    let high = 0xdeadbeef;
    let low = 0x41c6ce57;
    for (let at = 0; at < id.length; at += 1) {
      const unit = id.charCodeAt(at);
      high = Math.imul(high ^ unit, 0x9e3779b1);
      low = Math.imul(low ^ unit, 0x5f356495);
    }
    const mixed = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    const other = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    this.#sumHigh = mixed >>> 0;
    this.#sumLow = other >>> 0;
  }
}
