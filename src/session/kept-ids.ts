/**
 * The ids of a checkpoint's sessions, in order of making, without a string for each: there are thousands of them, and a
 * start needs a few.
 *
 * Always: as many as went in, each once. All have one length; others cannot be kept like this.
 */

export interface PackedIds {
  /** Of each id, in characters. */
  readonly length: number;
  /** All of them in alphabetical order, one behind the other. */
  readonly sorted: string;
  /** Of each in that order, which one it is in order of making. */
  readonly numbers: readonly number[];
}

/** undefined where they have not all one length. */
export function packIds(ids: readonly string[]): PackedIds | undefined {
  const length = ids[0]?.length ?? 1;
  if (length === 0 || ids.some((id) => id.length !== length)) return undefined;
  const numbers = ids.map((_, number) => number);
  const idOf = (number: number) => ids[number] ?? "";
  numbers.sort((left, right) => (idOf(left) < idOf(right) ? -1 : 1));
  return { length, sorted: numbers.map(idOf).join(""), numbers };
}

export class KeptIds {
  readonly #length: number;
  readonly #sorted: string;
  readonly #numbers: readonly number[];
  #places: Uint32Array | undefined;

  constructor({ length, sorted, numbers }: PackedIds) {
    this.#length = length;
    this.#sorted = sorted;
    this.#numbers = numbers;
  }

  get count(): number {
    return this.#numbers.length;
  }

  /** Which one an id is; undefined when it is none. */
  numberOf(id: string): number | undefined {
    const place = this.#placeOf(id);
    return place === undefined ? undefined : this.#numbers[place];
  }

  /** The id of a number from 0 to `count - 1`. */
  at(number: number): string {
    this.#places ??= inverse(this.#numbers);
    return this.#idAt(this.#places[number] ?? 0);
  }

  /** Those of the names that are no id; soonest done where they are sorted. */
  missing(names: readonly string[]): string[] {
    const missing: string[] = [];
    let next = 0;
    for (const name of names) {
      if (name.length !== this.#length) missing.push(name);
      else if (this.#sorted.startsWith(name, next * this.#length)) next += 1;
      else {
        const place = this.#placeOf(name);
        if (place === undefined) missing.push(name);
        else next = place + 1;
      }
    }
    return missing;
  }

  #placeOf(id: string): number | undefined {
    if (id.length !== this.#length) return undefined;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#idAt(middle) < id) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.#idAt(low) === id ? low : undefined;
  }

  #idAt(place: number): string {
    return this.#sorted.slice(place * this.#length, (place + 1) * this.#length);
  }
}

function inverse(numbers: readonly number[]): Uint32Array {
  const places = new Uint32Array(numbers.length);
  for (let place = 0; place < numbers.length; place++) places[numbers[place] ?? 0] = place;
  return places;
}
