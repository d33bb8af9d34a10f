/** A database that another process writes and checkpoints all the time: each reading is one committed state. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readImage } from "../../../src/agent/opencode/image.ts";
import { hostDatabases } from "../../../src/host/databases.ts";
import { hostFiles } from "../../../src/host/files.ts";
import type { Files } from "../../../src/model/ports.ts";

const readings = 200;
const rows = 100;
const files = hostFiles();
const databases = hostDatabases();
let folder = "";
let path = "";
let writer: ChildProcess | undefined;
let complaint = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-wal-"));
  path = join(folder, "live.db");
  const child = spawn(process.execPath, [join(import.meta.dirname, "wal-writer.mjs"), path], {
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.on("data", (chunk) => {
    complaint += String(chunk);
  });
  writer = child;
  await once(child.stdout, "data");
});
afterAll(async () => {
  await kill();
  await rm(folder, { recursive: true, force: true });
});

async function kill(): Promise<void> {
  if (writer === undefined || writer.exitCode !== null || writer.signalCode !== null) return;
  const gone = once(writer, "exit");
  writer.kill("SIGKILL");
  await gone;
}

/** Number of the commit whose state the image holds; fails if it holds no such state. */
async function commitIn(reader: Files): Promise<number> {
  const read = await readImage(reader, path);
  if (read.status !== "read") throw new Error(JSON.stringify(read));
  const database = await databases.open(read.image);
  const states: number[] = [];
  const health: unknown[] = [];
  let head = -1;
  database.rows("SELECT n FROM head", [], ({ n }) => {
    head = Number(n);
  });
  database.rows("SELECT n FROM fact ORDER BY id", [], ({ n }) => states.push(Number(n)));
  database.rows("PRAGMA integrity_check", [], (row) => health.push(Object.values(row)[0]));
  database.close();
  const expected = Array.from({ length: rows }, (_, id) =>
    Math.max(0, head - ((((head - id) % rows) + rows) % rows)),
  );
  expect({ head, health, states }).toEqual({ head, health: ["ok"], states: expected });
  return head;
}

test("200 readings beside a writer that checkpoints in every mode", async () => {
  const seen = new Set<number>();
  let last = 0;
  for (let reading = 0; reading < readings; reading += 1) {
    const commit = await commitIn(files);
    expect(commit).toBeGreaterThanOrEqual(last);
    last = commit;
    seen.add(commit);
  }
  expect(writer?.exitCode).toBeNull();
  expect(complaint).toBe("");
  expect(seen.size).toBeGreaterThan(readings / 4);
  expect((await readdir(folder)).sort()).toEqual(["live.db", "live.db-shm", "live.db-wal"]);
});

test("readings between whose two copies the WAL is begun anew", async () => {
  for (let reading = 0; reading < 20; reading += 1) {
    let opened = 0;
    const slow: Files = {
      ...files,
      openRead: async (name) => {
        opened += name.endsWith("-wal") ? 1 : 0;
        // The second look at the WAL is its copy; the database has been copied before.
        if (opened === 2 && name.endsWith("-wal")) await changed(await headOf(name), name);
        return files.openRead(name);
      },
    };
    await commitIn(slow);
    expect(opened).toBeGreaterThan(3);
  }
});

async function headOf(name: string): Promise<string> {
  const file = await files.openRead(name);
  if (file === undefined) return "";
  const head = await file.read(0, 32);
  await file.close();
  return Buffer.from(head).toString("hex");
}

/** Waits until the WAL was begun anew twice, so that commits lie between. */
async function changed(first: string, name: string): Promise<void> {
  const heads = new Set([first]);
  while (heads.size < 4) heads.add(await headOf(name));
}

test("a WAL whose writer was killed counts up to its last commit", async () => {
  await kill();
  expect(await commitIn(files)).toBe(await commitIn(files));
});
