/**
 * The sessions of a server life, in the order in which they were made.
 *
 * A history has many more sessions that ended long ago than are ever looked at: those that come from a checkpoint are
 * bytes until somebody asks for one.
 * Always: a session is the same object from the first time that it was asked for.
 */
import type { SessionState } from "./state.ts";

/** A session as a checkpoint holds it. */
export interface PackedSession {
  /** Its run or its attempt has no end on record. */
  readonly open: boolean;
  unpack(): SessionState;
  /** Its bytes, as long as nobody has asked for the session. */
  readonly bytes: Uint8Array;
}

export class SessionTable {
  readonly #sessions = new Map<string, SessionState | PackedSession>();

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  get(id: string): SessionState | undefined {
    const found = this.#sessions.get(id);
    if (found === undefined || !isPacked(found)) return found;
    const session = found.unpack();
    this.#sessions.set(id, session);
    return session;
  }

  set(id: string, session: SessionState | PackedSession): void {
    this.#sessions.set(id, session);
  }

  /** All of them, unpacked; a start does not ask for this. */
  values(): SessionState[] {
    return [...this.#sessions.keys()].flatMap((id) => this.get(id) ?? []);
  }

  /** All ids with what is held, newest last; nothing is unpacked. */
  entries(): IterableIterator<[string, SessionState | PackedSession]> {
    return this.#sessions.entries();
  }
}

export function isPacked(session: SessionState | PackedSession): session is PackedSession {
  return "unpack" in session;
}
