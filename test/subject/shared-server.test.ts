import { watch } from "node:fs";
import { mkdtemp, readFile, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Context } from "../../harness/subject/contract.ts";
import { shareServer, writeServer } from "../../harness/subject/start.ts";

const entry = fileURLToPath(new URL("../../harness/subject/naive/server.ts", import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "holdfast-shared-"));
  await shareServer(path.join(folder, "shared"), entry);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a setup reads of its context. */
const contextOf = (name: string): Context => {
  const context: Partial<Context> = { dir: path.join(folder, name), shared: path.join(folder, "shared") };
  return context as Context;
};
const inode = async (file: string) => (await stat(file)).ino;

const patch = { file: "naive/server.ts", find: '"127.0.0.1"', replace: '"127.0.0.2"' };

describe("a server that was made for the whole campaign", () => {
  it("is one file for all its runs", async () => {
    await writeServer(contextOf("a"), entry);
    await writeServer(contextOf("b"), entry);
    for (const end of ["cjs", "text", "code"]) {
      const [a, b] = [path.join(folder, "a", `server.${end}`), path.join(folder, "b", `server.${end}`)];
      expect(await inode(a)).toBe(await inode(b));
    }
  });

  it("is a file of its own under a watcher, which would be told of every other run's name for it", async () => {
    await writeServer(contextOf("linked"), entry);
    await writeServer({ ...contextOf("watched"), reload: "node-watch" }, entry);
    const seen: string[] = [];
    const watcher = watch(path.join(folder, "watched", "server.cjs"), (event) => seen.push(event));
    await writeServer(contextOf("another"), entry);
    // Events of one inotify instance come in order: the last one is ours.
    await utimes(path.join(folder, "watched", "server.cjs"), new Date(), new Date());
    await expect.poll(() => seen).toEqual(["change"]);
    watcher.close();
    expect(await inode(path.join(folder, "linked", "server.cjs"))).not.toBe(
      await inode(path.join(folder, "watched", "server.cjs")),
    );
  });

  it("is not taken for one with something broken in it", async () => {
    await writeServer(contextOf("broken"), entry, [patch]);
    const text = (name: string) => readFile(path.join(folder, name, "server.text"), "latin1");
    expect(await text("broken")).toContain("127.0.0.2");
    expect(await text("a")).not.toContain("127.0.0.2");
  });

  it("is not written over by another version in the same run", async () => {
    const text = (file: string) => readFile(path.join(folder, file), "latin1");
    await writeServer(contextOf("twice"), entry);
    await writeServer(contextOf("twice"), entry, [patch]);
    expect(await text("twice/server.text")).toContain("127.0.0.2");
    await writeServer(contextOf("other"), entry);
    expect(await text("other/server.text")).not.toContain("127.0.0.2");
  });
});
