/**
 * The SQLite orchestrator's state: sessions and their events, in one database file.
 *
 * Each change is a transaction that is on the disk when its function returns.
 * One thing is wrong, on purpose: the key under which a submit can be repeated is a second transaction behind the
 * session's own. A process that ends between the two has a session that no repeated submit will find.
 */
import { createRequire } from "node:module";

/** The part of the driver that is used here. */
interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): {
    run(...values: readonly unknown[]): unknown;
    get(...values: readonly unknown[]): unknown;
    all(...values: readonly unknown[]): unknown[];
  };
}

export interface StoredSession {
  readonly id: string;
  readonly agent: string | null;
}

export interface Store {
  sessions(): readonly StoredSession[];
  session(id: string): StoredSession | undefined;
  byKey(key: string): string | undefined;
  add(id: string, key: string): void;
  setAgent(id: string, agent: string): void;
  append(id: string, line: string): void;
  /** Lines of a session in their order. */
  events(id: string): readonly string[];
}

/** @param driver absolute path of the database driver's module. */
export function openStore(driver: string, file: string): Store {
  const Driver: new (file: string) => Database = createRequire(driver)(driver);
  const database = new Driver(file);
  database.exec(`
    PRAGMA journal_mode = DELETE;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, agent TEXT);
    CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, session TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS events (n INTEGER PRIMARY KEY, session TEXT NOT NULL, line TEXT NOT NULL);
  `);
  const statement = (sql: string) => database.prepare(sql);
  return {
    sessions: () => statement("SELECT id, agent FROM sessions ORDER BY rowid").all() as StoredSession[],
    session: (id) =>
      statement("SELECT id, agent FROM sessions WHERE id = ?").get(id) as StoredSession | undefined,
    byKey: (key) =>
      (statement("SELECT session FROM keys WHERE key = ?").get(key) as { session: string } | undefined)
        ?.session,
    add(id, key) {
      statement("INSERT INTO sessions (id) VALUES (?)").run(id);
      statement("INSERT INTO keys (key, session) VALUES (?, ?)").run(key, id);
    },
    setAgent: (id, agent) => void statement("UPDATE sessions SET agent = ? WHERE id = ?").run(agent, id),
    append: (id, line) => void statement("INSERT INTO events (session, line) VALUES (?, ?)").run(id, line),
    events: (id) =>
      (statement("SELECT line FROM events WHERE session = ? ORDER BY n").all(id) as { line: string }[]).map(
        ({ line }) => line,
      ),
  };
}
