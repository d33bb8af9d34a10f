/**
 * SQLite images, read by sql.js: SQLite compiled to WebAssembly, working on memory alone.
 *
 * Always: it is loaded with the first image and not before, so that starting a server does not pay for it.
 * Never: it has no access to files, so it can neither lock nor change a database of somebody else.
 */
import { type Cell, type Database, type Databases, IoError } from "../model/ports.ts";

/** Reader of SQLite images. */
export function hostDatabases(): Databases {
  return { open };
}

async function open(image: Uint8Array): Promise<Database> {
  const { default: initSqlJs } = await import("sql.js");
  const engine = await initSqlJs();
  const database = attempt("open", () => new engine.Database(image));
  try {
    // A schema is data of somebody else: what it defines is not run.
    attempt("open", () => database.run("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON"));
    attempt("open", () => database.exec("SELECT count(*) FROM sqlite_schema"));
  } catch (thrown) {
    database.close();
    throw thrown;
  }
  return {
    rows: (sql, values, onRow) => {
      const statement = attempt("select", () => database.prepare(sql, [...values]));
      try {
        while (attempt("select", () => statement.step())) {
          onRow(attempt("select", () => statement.getAsObject()) as Readonly<Record<string, Cell>>);
        }
      } finally {
        statement.free();
      }
    },
    close: () => database.close(),
  };
}

/** Whatever the engine throws on a damaged image is an answer about the image. */
function attempt<T>(call: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw new IoError("SQLITE", "the image", call, { cause: thrown });
  }
}
