/**
 * Values by key, in the order in which their keys came first: a `Map` for what comes and goes by the million.
 *
 * A map's table that grew old keeps alive what was deleted from it, and with it all that the young generation had: the
 * garbage collector of a long log then takes longer than everything else. Here the map holds numbers only, and the
 * values stand in an array that is cleaned in place.
 * Always: costs what is left in it.
 */

/** So many deleted entries may stand between the others. */
const holesMin = 64;

/** A value in its place, to be looked up once and set anew: each look-up of a key costs the sum of its characters. */
export interface Entry<T> {
  readonly key: string;
  value: T;
}

export class KeyedList<T> {
  /** Index in the entries, by key. */
  readonly #places = new Map<string, number>();
  readonly #entries: (Entry<T> | undefined)[] = [];
  /** Nothing stands before it. */
  #first = 0;

  get size(): number {
    return this.#places.size;
  }

  get values(): readonly T[] {
    return this.#entries.flatMap((entry) => (entry === undefined ? [] : [entry.value]));
  }

  get keys(): readonly string[] {
    return this.#entries.flatMap((entry) => (entry === undefined ? [] : [entry.key]));
  }

  /** Key of what came first of all that is left. */
  get oldest(): string | undefined {
    return this.#entries[this.#first]?.key;
  }

  get(key: string): T | undefined {
    return this.entry(key)?.value;
  }

  entry(key: string): Entry<T> | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#entries[place];
  }

  /** A key that is there keeps its place. */
  set(key: string, value: T): void {
    const entry = this.entry(key);
    if (entry === undefined) this.add(key, value);
    else entry.value = value;
  }

  /** Of a key that is known not to be there. */
  add(key: string, value: T): void {
    this.#places.set(key, this.#entries.length);
    this.#entries.push({ key, value });
  }

  delete(key: string): void {
    const place = this.#places.get(key);
    if (place !== undefined) this.#remove(key, place);
  }

  /** Takes out what came first of all that is left. */
  shift(): T | undefined {
    const entry = this.#entries[this.#first];
    if (entry !== undefined) this.#remove(entry.key, this.#first);
    return entry?.value;
  }

  #remove(key: string, place: number): void {
    this.#places.delete(key);
    this.#entries[place] = undefined;
    while (this.#first < this.#entries.length && this.#entries[this.#first] === undefined) this.#first += 1;
    const holes = this.#entries.length - this.#places.size;
    if (holes > holesMin && holes * 2 > this.#entries.length) this.#clean();
  }

  #clean(): void {
    let to = 0;
    for (const entry of this.#entries) {
      if (entry === undefined) continue;
      this.#entries[to] = entry;
      this.#places.set(entry.key, to);
      to += 1;
    }
    this.#entries.length = to;
    this.#first = 0;
  }
}
