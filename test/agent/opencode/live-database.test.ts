/** A database that another process writes and checkpoints all the time: each reading is one committed state. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImage } from "../../../src/agent/opencode/image.ts";
import { hostDatabases } from "../../../src/host/databases.ts";
import { hostFiles } from "../../../src/host/files.ts";

const readings = 200;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-wal-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("200 readings beside a writer that checkpoints in every mode", async () => {
  const path = join(folder, "live.db");
  const writer = spawn(process.execPath, [join(import.meta.dirname, "wal-writer.mjs"), path], {
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(writer, "exit");
  let complaint = "";
  writer.stderr.on("data", (chunk) => {
    complaint += String(chunk);
  });
  try {
    await once(writer.stdout, "data");
    const files = hostFiles();
    const databases = hostDatabases();
    const seen = new Set<number>();
    let last = 0;
    for (let reading = 0; reading < readings; reading += 1) {
      const read = await readImage(files, path);
      if (read.status !== "read") throw new Error(`reading ${reading}: ${JSON.stringify(read)}`);
      const database = await databases.open(read.image);
      const numbers = new Set<number>();
      const health: unknown[] = [];
      let rows = 0;
      database.rows("SELECT n, filling FROM fact ORDER BY id", [], ({ n, filling }) => {
        rows += 1;
        numbers.add(Number(n));
        expect(String(filling).startsWith(String(n))).toBe(true);
      });
      database.rows("PRAGMA integrity_check", [], (row) => health.push(Object.values(row)[0]));
      database.close();
      const [n = 0] = numbers;
      expect({ reading, states: numbers.size, health }).toEqual({ reading, states: 1, health: ["ok"] });
      expect(rows).toBe(40 + ((n * 7) % 60));
      expect(n).toBeGreaterThanOrEqual(last);
      last = n;
      seen.add(n);
    }
    expect(writer.exitCode).toBeNull();
    expect(complaint).toBe("");
    expect(seen.size).toBeGreaterThan(readings / 4);
    expect((await readdir(folder)).sort()).toEqual(["live.db", "live.db-shm", "live.db-wal"]);
  } finally {
    writer.kill("SIGKILL");
    await gone;
  }
});

test("a WAL whose writer was killed counts up to its last commit", async () => {
  const files = hostFiles();
  const path = join(folder, "live.db");
  const [first, second] = [await readImage(files, path), await readImage(files, path)];
  if (first.status !== "read" || second.status !== "read") throw new Error("not read");
  expect(Buffer.compare(first.image, second.image)).toBe(0);
  const database = await hostDatabases().open(first.image);
  const numbers = new Set<unknown>();
  database.rows("SELECT n FROM fact", [], ({ n }) => numbers.add(n));
  database.close();
  expect(numbers.size).toBe(1);
});
