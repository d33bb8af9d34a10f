/**
 * The sessions of a server life, in the order in which they were made.
 *
 * A history has many more sessions that ended long ago than are ever looked at: those that come from a checkpoint stay
 * in its file until somebody asks for one, and cost a number each until then.
 * Always: a session is the same object from the first time that it was asked for.
 */
import type { SessionState } from "./state.ts";

/** Sessions as a checkpoint holds them, by their number in it. */
export interface KeptSessions {
  readonly ids: readonly string[];
  /** Numbers of those that are open; see `isOpen`. */
  readonly open: ReadonlySet<number>;
  /** @throws IoError */
  unpack(number: number): SessionState;
  /** @throws IoError */
  bytes(number: number): Uint8Array;
}

const nothingKept: KeptSessions = {
  ids: [],
  open: new Set(),
  unpack: (number) => {
    throw new RangeError(`no session ${number} is kept`);
  },
  bytes: () => new Uint8Array(),
};

export class SessionTable {
  /** A number stands for a session that nobody has asked for yet. */
  readonly #sessions = new Map<string, SessionState | number>();
  /** Those in memory. */
  readonly #loaded = new Map<string, SessionState>();
  readonly #kept: KeptSessions;

  constructor(kept: KeptSessions = nothingKept) {
    this.#kept = kept;
    for (let number = 0; number < kept.ids.length; number++) {
      const id = kept.ids[number];
      if (id !== undefined) this.#sessions.set(id, number);
    }
  }

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  get(id: string): SessionState | undefined {
    const found = this.#sessions.get(id);
    if (typeof found !== "number") return found;
    const session = this.#kept.unpack(found);
    this.set(id, session);
    return session;
  }

  set(id: string, session: SessionState): void {
    this.#sessions.set(id, session);
    this.#loaded.set(id, session);
  }

  /** All of them, unpacked; a start does not ask for this. */
  values(): SessionState[] {
    return [...this.#sessions.keys()].flatMap((id) => this.get(id) ?? []);
  }

  ids(): string[] {
    return [...this.#sessions.keys()];
  }

  /** Ids in order, with what is in memory; none where it is kept. Nothing is unpacked. */
  *entries(): IterableIterator<[id: string, session: SessionState | undefined]> {
    for (const [id, session] of this.#sessions) yield [id, typeof session === "number" ? undefined : session];
  }

  /** Those that are open, as `isOpen` says of what is in memory; the others are left where they are. */
  openIds(isOpen: (session: SessionState) => boolean): string[] {
    const kept = [...this.#kept.open].flatMap((number) => this.#kept.ids[number] ?? []);
    const isStillKept = (id: string) => typeof this.#sessions.get(id) === "number";
    const loaded = [...this.#loaded].filter(([, session]) => isOpen(session)).map(([id]) => id);
    return [...kept.filter(isStillKept), ...loaded];
  }

  /** The bytes of one that is kept. @throws IoError. */
  bytesOf(id: string): Uint8Array | undefined {
    const found = this.#sessions.get(id);
    return typeof found === "number" ? this.#kept.bytes(found) : undefined;
  }
}
