/**
 * Something about each line of a log, by the byte at which the line begins, until it is taken out.
 *
 * One array that is cleaned in place, and no map: a map's table that grew old would keep alive what was deleted from
 * it, which costs the garbage collector of a long log a third of all time.
 * Always: in the order of the file; costs what is left in it.
 */

/** So many lines of which nothing is left may stand between the others. */
const holesMin = 64;

interface Held<T> {
  readonly fromByte: number;
  value: T | undefined;
}

export class LineList<T> {
  readonly #lines: Held<T>[] = [];
  #holes = 0;

  get values(): readonly T[] {
    return this.#lines.flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  /** Lines come in the order of the file. */
  add(fromByte: number, value: T): void {
    this.#lines.push({ fromByte, value });
  }

  clear(): void {
    this.#lines.length = 0;
    this.#holes = 0;
  }

  find(fromByte: number): T | undefined {
    return this.#at(fromByte)?.value;
  }

  /** @param value undefined takes it out. A line that is not there stays so. */
  put(fromByte: number, value: T | undefined): void {
    const held = this.#at(fromByte);
    if (held?.value === undefined) return;
    held.value = value;
    if (value !== undefined) return;
    this.#holes += 1;
    if (this.#holes > holesMin && this.#holes * 2 > this.#lines.length) this.#clean();
  }

  #clean(): void {
    let to = 0;
    for (const one of this.#lines) {
      if (one.value === undefined) continue;
      this.#lines[to] = one;
      to += 1;
    }
    this.#lines.length = to;
    this.#holes = 0;
  }

  #at(fromByte: number): Held<T> | undefined {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lines[middle]?.fromByte ?? 0) < fromByte) low = middle + 1;
      else high = middle;
    }
    const held = this.#lines[low];
    return held?.fromByte === fromByte ? held : undefined;
  }
}
