/** A WAL cut anywhere: the state is that of a commit before the cut, and never a mixture. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { usesWal, withWal } from "../../../src/agent/opencode/wal.ts";
import { hostDatabases } from "../../../src/host/databases.ts";

const commits = 6;
let folder = "";
let database: Uint8Array = new Uint8Array(0);
let wal: Uint8Array = new Uint8Array(0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-wal-"));
  const path = join(folder, "some.db");
  const writer = new Database(path);
  writer.pragma("journal_mode = WAL");
  writer.pragma("wal_autocheckpoint = 0");
  writer.exec("CREATE TABLE fact (id INTEGER PRIMARY KEY, n INTEGER, filling TEXT)");
  for (let n = 1; n <= commits; n += 1) {
    writer.exec("BEGIN");
    for (let id = 0; id < 8; id += 1) {
      writer.prepare("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)").run(id, n, "x".repeat(3_000));
    }
    writer.exec("COMMIT");
    // The first three commits are in the database already.
    if (n === 3) writer.pragma("wal_checkpoint(TRUNCATE)");
  }
  database = new Uint8Array(await readFile(path));
  wal = new Uint8Array(await readFile(`${path}-wal`));
  writer.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function stateOf(image: Uint8Array): Promise<number> {
  const reader = await hostDatabases().open(image);
  const numbers: unknown[] = [];
  reader.rows("SELECT DISTINCT n FROM fact", [], ({ n }) => numbers.push(n));
  reader.close();
  if (numbers.length !== 1) throw new Error(`a mixture of commits: ${numbers.join()}`);
  return Number(numbers[0]);
}

test("every cut", async () => {
  expect(usesWal(database)).toBe(true);
  const states: number[] = [];
  for (let at = 0; at <= wal.length; at += 512)
    states.push(await stateOf(withWal(database, wal.subarray(0, at))));
  states.push(await stateOf(withWal(database, wal)));
  expect(states).toEqual(states.toSorted((left, right) => left - right));
  expect([...new Set(states)]).toEqual([3, 4, 5, 6]);
  expect(states.at(-1)).toBe(commits);
});

test("a frame that was altered ends the log before its commit", async () => {
  const altered = wal.slice();
  altered[wal.length - 100] = (altered[wal.length - 100] ?? 0) ^ 1;
  expect(await stateOf(withWal(database, altered))).toBe(commits - 1);
});

test("bytes that are no WAL change nothing", async () => {
  const before = await stateOf(withWal(database, new Uint8Array(0)));
  expect(before).toBe(3);
  for (const noise of [new Uint8Array(5), new Uint8Array(4_096), wal.slice(1), database]) {
    expect(await stateOf(withWal(database, noise))).toBe(before);
  }
});
