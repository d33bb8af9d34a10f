/**
 * A power cut from a trace: what was synced stays, what was not may go, files of others are left alone.
 */
import { constants } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cutPower } from "../../harness/boundary/power-cut.ts";
import type { Traced } from "../../harness/boundary/trace.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-power-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const { O_APPEND, O_CREAT, O_TRUNC, O_WRONLY } = constants;
const data = (text: string) => Buffer.from(text).toString("base64");

/** A log that is appended to and synced once, and a snapshot that is put in place by a rename without any sync. */
async function world(name: string): Promise<{ folder: string; operations: Traced[] }> {
  const folder = path.join(dir, name);
  await mkdir(folder);
  const at = (file: string) => path.join(folder, file);
  const asked: Omit<Traced, "n">[] = [
    { op: "open", path: at("log"), flags: O_WRONLY | O_CREAT | O_APPEND },
    { op: "write", path: at("log"), flags: O_APPEND, data: data("one\n") },
    { op: "sync", path: at("log") },
    { op: "sync", path: folder },
    { op: "write", path: at("log"), flags: O_APPEND, data: data("two\n") },
    { op: "writeFile", path: at("new"), flags: O_WRONLY | O_CREAT | O_TRUNC, data: data("{}") },
    { op: "rename", path: at("new"), to: at("snapshot") },
  ];
  await writeFile(at("log"), "one\ntwo\n");
  await writeFile(at("snapshot"), "{}");
  await writeFile(at("of-the-agent"), "kept");
  return { folder, operations: asked.map((one, index) => ({ n: index + 1, ended: {}, ...one })) };
}

const stateOf = async (folder: string) =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder)).map(async (name) => [name, await readFile(path.join(folder, name), "utf8")]),
    ),
  );

it("leaves as little as may be, and tells what files with a role lost", async () => {
  const { folder, operations } = await world("least");
  const log = path.join(folder, "log");
  const cut = cutPower(operations, [folder], [{ role: "log", path: log }], { model: "ext4", state: 0 });
  expect(await stateOf(folder)).toEqual({ log: "one\n", "of-the-agent": "kept" });
  expect(cut.losses).toEqual([{ role: "log", path: log, fromByte: 4, toByte: 8 }]);
});

it("knows a rename whose content did not come along", async () => {
  const seen = new Set<string>();
  for (let state = 0; state < 24; state += 1) {
    const { folder, operations } = await world(`state-${state}`);
    cutPower(operations, [folder], [], { model: "posix", state });
    seen.add(JSON.stringify((await stateOf(folder))["snapshot"] ?? "missing"));
  }
  expect([...seen]).toEqual(expect.arrayContaining(['""', '"{}"', '"missing"']));
});

it("leaves what another process wrote into a file that the server made", async () => {
  const { folder, operations } = await world("of-two");
  const spool = path.join(folder, "spool");
  const made = { n: 8, op: "open" as const, path: spool, flags: O_WRONLY | O_CREAT, ended: {} };
  await writeFile(spool, "of the agent\n");
  cutPower([...operations, made, { n: 9, op: "sync", path: folder, ended: {} }], [folder], [], {
    model: "posix",
    state: 0,
  });
  expect(await stateOf(folder)).toMatchObject({ spool: "of the agent\n", log: "one\n" });
});

it("takes nothing of what is not known to have been done", async () => {
  const { folder, operations } = await world("under-way");
  const [first, ...rest] = operations;
  if (first === undefined) throw new Error("no operation");
  const { ended: _, ...underWay } = first;
  cutPower([underWay, ...rest.slice(0, 1)], [folder], [], { model: "posix", state: 0 });
  expect(await stateOf(folder)).toMatchObject({ "of-the-agent": "kept", log: "one\ntwo\n" });
});

it("is not made up where the server renamed a file into another folder, or a folder with files in it", async () => {
  const { folder } = await world("moved");
  const at = (file: string) => path.join(folder, file);
  const cut = (from: string, to: string) => {
    const asked: Omit<Traced, "n">[] = [
      { op: "mkdir", path: at("pending") },
      { op: "open", path: at("pending/job"), flags: O_WRONLY | O_CREAT },
      { op: "sync", path: at("pending/job") },
      { op: "sync", path: at("pending") },
      { op: "sync", path: folder },
      { op: "rename", path: at(from), to: at(to) },
      { op: "sync", path: at("pending") },
      { op: "sync", path: folder },
    ];
    const operations = asked.map((one, index) => ({ n: index + 1, ended: {}, ...one }));
    return () => cutPower(operations, [folder], [], { model: "posix", state: 0 });
  };
  const before = await readdir(folder);
  expect(cut("pending/job", "job")).toThrow(/^What a power cut leaves is not known here: .*pending\/job/);
  expect(cut("pending", "done")).toThrow("not known here");
  expect(await readdir(folder)).toEqual(before);
  expect(cut("pending/job", "pending/of-now")).not.toThrow();
});

it("leaves a file by its second name where that is durable, and the first is not any more", async () => {
  const { folder } = await world("linked");
  const at = (file: string) => path.join(folder, file);
  const asked: Omit<Traced, "n">[] = [
    { op: "writeFile", path: at("token.tmp"), flags: O_WRONLY | O_CREAT, data: data("secret") },
    { op: "sync", path: at("token.tmp") },
    { op: "link", path: at("token.tmp"), to: at("token") },
    { op: "unlink", path: at("token.tmp") },
    { op: "sync", path: folder },
  ];
  await writeFile(at("token"), "secret");
  const operations = asked.map((one, index) => ({ n: index + 1, ended: {}, ...one }));
  cutPower(operations, [folder], [], { model: "posix", state: 0 });
  expect(await stateOf(folder)).toMatchObject({ token: "secret" });
  cutPower(operations.slice(0, -1), [folder], [], { model: "posix", state: 0 });
  expect(await stateOf(folder)).not.toHaveProperty("token");
});

it("brings nothing back that the power cut before it took", async () => {
  const { folder } = await world("twice");
  const at = (file: string) => path.join(folder, file);
  const numbered = (asked: readonly Omit<Traced, "n">[]) =>
    asked.map((one, index) => ({ n: index + 1, ended: {}, ...one }));
  const first = numbered([{ op: "open", path: at("lost"), flags: O_WRONLY | O_CREAT }]);
  await writeFile(at("lost"), "");
  const { root } = cutPower(first, [folder], [], { model: "posix", state: 0 });
  expect(await readdir(folder)).not.toContain("lost");
  const second = numbered([
    { op: "open", path: at("next"), flags: O_WRONLY | O_CREAT },
    { op: "sync", path: folder },
  ]);
  await writeFile(at("next"), "");
  const again = cutPower(second, [folder], [], { model: "posix", state: 0 }, root);
  expect(await readdir(folder)).toContain("next");
  expect(await readdir(folder)).not.toContain("lost");
  // What is left then is durable, and is all there is.
  cutPower([], [folder], [], { model: "posix", state: 0 }, again.root);
  expect(await readdir(folder)).toContain("next");
});
