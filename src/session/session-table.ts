/**
 * The sessions of a server life, in the order in which they were made.
 *
 * A history has many more sessions that ended long ago than are ever looked at: those that come from a checkpoint stay
 * in its file until somebody asks for one, and cost a few bytes each until then.
 * Always: a session is the same object from the first time that it was asked for.
 */
import { KeptIds } from "./kept-ids.ts";
import type { SessionState } from "./state.ts";

/** Sessions as a checkpoint holds them, by their number in it. */
export interface KeptSessions {
  readonly ids: KeptIds;
  /** Numbers of those that are open; see `isOpen`. */
  readonly open: ReadonlySet<number>;
  /** @throws IoError */
  unpack(number: number): SessionState;
  /** @throws IoError */
  bytes(number: number): Uint8Array;
}

const nothingKept: KeptSessions = {
  ids: new KeptIds({ length: 1, sorted: "", numbers: [] }),
  open: new Set(),
  unpack: (number) => {
    throw new RangeError(`no session ${number} is kept`);
  },
  bytes: () => new Uint8Array(),
};

export class SessionTable {
  /** Those in memory: of the checkpoint's the ones that somebody has asked for, and all that are newer. */
  readonly #loaded = new Map<string, SessionState>();
  readonly #kept: KeptSessions;

  constructor(kept: KeptSessions = nothingKept) {
    this.#kept = kept;
  }

  has(id: string): boolean {
    return this.#loaded.has(id) || this.#kept.ids.numberOf(id) !== undefined;
  }

  get(id: string): SessionState | undefined {
    const loaded = this.#loaded.get(id);
    if (loaded !== undefined) return loaded;
    const number = this.#kept.ids.numberOf(id);
    if (number === undefined) return undefined;
    const session = this.#kept.unpack(number);
    this.#loaded.set(id, session);
    return session;
  }

  set(id: string, session: SessionState): void {
    this.#loaded.set(id, session);
  }

  /** All of them, unpacked; a start does not ask for this. */
  values(): SessionState[] {
    return [...this.#ids()].flatMap((id) => this.get(id) ?? []);
  }

  /** Ids in order, with what is in memory; none where it is kept. Nothing is unpacked. */
  *entries(): IterableIterator<[id: string, session: SessionState | undefined]> {
    for (const id of this.#ids()) yield [id, this.#loaded.get(id)];
  }

  /** Those that are open, as `isOpen` says of what is in memory; the others are left where they are. */
  openIds(isOpen: (session: SessionState) => boolean): string[] {
    const kept = [...this.#kept.open].map((number) => this.#kept.ids.at(number));
    const loaded = [...this.#loaded].filter(([, session]) => isOpen(session)).map(([id]) => id);
    return [...kept.filter((id) => !this.#loaded.has(id)), ...loaded];
  }

  /** The last `count` ids that are not among others, in order. */
  lastIds(count: number, without: ReadonlySet<string>): string[] {
    const { ids } = this.#kept;
    const newer = this.#newer().filter((id) => !without.has(id));
    const last = newer.slice(Math.max(0, newer.length - count)).reverse();
    for (let number = ids.count - 1; number >= 0 && last.length < count; number--) {
      const id = ids.at(number);
      if (!without.has(id)) last.push(id);
    }
    return last.reverse();
  }

  /** Those of the names that are no session's id. */
  unknown(names: readonly string[]): string[] {
    return this.#kept.ids.missing(names).filter((name) => !this.#loaded.has(name));
  }

  /** The bytes of one that is kept. @throws IoError. */
  bytesOf(id: string): Uint8Array | undefined {
    const number = this.#loaded.has(id) ? undefined : this.#kept.ids.numberOf(id);
    return number === undefined ? undefined : this.#kept.bytes(number);
  }

  *#ids(): IterableIterator<string> {
    const { ids } = this.#kept;
    for (let number = 0; number < ids.count; number++) yield ids.at(number);
    yield* this.#newer();
  }

  /** Those that the checkpoint does not have. */
  #newer(): string[] {
    return [...this.#loaded.keys()].filter((id) => this.#kept.ids.numberOf(id) === undefined);
  }
}
