/**
 * The naive orchestrator's disk: an index of sessions, and for each a log and a snapshot.
 *
 * It loses what such orchestrators lose, by how it is made and not by chance: files are overwritten in place,
 * nothing is synced, and a reader that meets one bad record gives up on the whole file. The harness must find that.
 * Always: every write is synchronous, so that what is lost depends on what happened and never on timing.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the agent printed, or what we add to it; kept as it came. */
export type NaiveEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A line of the index. */
export interface IndexEntry {
  readonly id: string;
  readonly title: string;
  /** The client's own name for the submit, so that a repeated submit is the same session. */
  readonly key: string;
}

/** The snapshot of a session. `status` has one value, for running, finished and cut alike. */
export interface SessionSnapshot {
  readonly id: string;
  readonly title: string;
  readonly agentSessionId?: string;
  readonly events: number;
  readonly status: "active";
}

export class Store {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(join(dir, "sessions"), { recursive: true });
  }

  /** All sessions; none at all when the index or a single snapshot cannot be read. */
  list(): readonly SessionSnapshot[] {
    try {
      return this.#index().map((entry) => this.#snapshot(entry));
    } catch {
      return [];
    }
  }

  /** One session; undefined when it is not listed. */
  session(id: string): SessionSnapshot | undefined {
    return this.list().find((session) => session.id === id);
  }

  /** The session that was submitted under this key. */
  byKey(key: string): string | undefined {
    return this.#indexOrNone().find((entry) => entry.key === key)?.id;
  }

  add(entry: IndexEntry): void {
    mkdirSync(join(this.#dir, "sessions", entry.id), { recursive: true });
    writeFileSync(this.#indexPath(), JSON.stringify([...this.#indexOrNone(), entry]));
  }

  save(snapshot: SessionSnapshot): void {
    writeFileSync(this.#path(snapshot.id, "session.json"), JSON.stringify(snapshot));
  }

  append(id: string, event: NaiveEvent): void {
    appendFileSync(this.#path(id, "events.jsonl"), `${JSON.stringify(event)}\n`);
  }

  /** The log of a session; one bad line hides all of it. */
  events(id: string): readonly NaiveEvent[] {
    try {
      const lines = readFileSync(this.#path(id, "events.jsonl"), "utf8").split("\n");
      return lines.filter((line) => line !== "").map((line): NaiveEvent => JSON.parse(line));
    } catch {
      return [];
    }
  }

  #index(): readonly IndexEntry[] {
    if (!existsSync(this.#indexPath())) return [];
    const entries: readonly IndexEntry[] = JSON.parse(readFileSync(this.#indexPath(), "utf8"));
    for (const entry of entries) {
      // The one care it takes: an id becomes a folder.
      if (!/^[0-9a-f-]{36}$/.test(entry.id)) throw new Error("not a session id");
    }
    return entries;
  }

  #indexOrNone(): readonly IndexEntry[] {
    try {
      return this.#index();
    } catch {
      return [];
    }
  }

  #snapshot(entry: IndexEntry): SessionSnapshot {
    const path = this.#path(entry.id, "session.json");
    if (!existsSync(path)) return { id: entry.id, title: entry.title, events: 0, status: "active" };
    return JSON.parse(readFileSync(path, "utf8"));
  }

  #indexPath(): string {
    return join(this.#dir, "index.json");
  }

  #path(id: string, name: string): string {
    mkdirSync(join(this.#dir, "sessions", id), { recursive: true });
    return join(this.#dir, "sessions", id, name);
  }
}
