/**
 * The preload, on a real process: every way to change a file is counted, once; and it ends the process where it is told.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BoundaryOrder } from "../../harness/boundary/operation.ts";
import { type BoundaryTools, makeTools, orderedEnvironment } from "../../harness/boundary/tools.ts";
import { readHit, readTraces, type Traced } from "../../harness/boundary/trace.ts";

const program = fileURLToPath(new URL("./program.mjs", import.meta.url));
let dir: string;
let tools: BoundaryTools;
let made = 0;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "holdfast-preload-"));
  tools = await makeTools(dir);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Ran {
  readonly folder: string;
  readonly trace: string;
  readonly signal: string | null;
  readonly operations: readonly Traced[];
}

async function run(name: string, order: Partial<BoundaryOrder> = {}): Promise<Ran> {
  made += 1;
  const folder = path.join(dir, `run-${made}`);
  const trace = path.join(dir, `trace-${made}`);
  await mkdir(folder);
  await writeFile(path.join(folder, "before"), "abcdefghij");
  const env = orderedEnvironment({ PATH: process.env["PATH"] ?? "" }, tools, { trace, ...order });
  const signal = await new Promise<string | null>((resolve, reject) => {
    execFile(process.execPath, [program, folder, name], { env }, (error, _, stderr) => {
      if (error !== null && error.signal === null) reject(new Error(stderr));
      else resolve(error === null ? null : (error.signal ?? null));
    });
  });
  const [own] = readTraces(trace);
  return { folder, trace, signal, operations: own?.operations ?? [] };
}

const named = (operations: readonly Traced[], folder: string) =>
  operations.map(({ op, path: file }) => `${op} ${path.relative(folder, file)}`);

describe("each way to change a file is counted once:", () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    "fs.writeFileSync": ["writeFile file"],
    "fs.writeFileSync of bytes": ["open file", "write file"],
    "fs.appendFileSync": ["writeFile before"],
    "fs.writeFile": ["open file", "write file"],
    "fs.appendFile": ["open before", "write before"],
    "promises.writeFile": ["open file", "write file"],
    "promises.appendFile": ["open before", "write before"],
    "fs.writeSync": ["open before", "write before"],
    "fs.write": ["open before", "write before"],
    "fs.writevSync": ["write before"],
    "fs.ftruncateSync": ["truncate before"],
    "FileHandle.write": ["write before"],
    "FileHandle.writev": ["write before"],
    "FileHandle.writeFile": ["write before"],
    "FileHandle.appendFile": ["open before", "write before"],
    "FileHandle.truncate": ["truncate before"],
    "FileHandle.datasync": ["sync before"],
    "FileHandle.sync of a folder": ["sync "],
    "FileHandle.createWriteStream": ["write before"],
    "fs.createWriteStream": ["open file", "write file"],
    "fs.fsyncSync": ["sync before"],
    "fs.fdatasync": ["sync before"],
    "fs.openSync, making it": ["open file"],
    "promises.open, making it": ["open file"],
    "fs.truncateSync": ["truncate before"],
    "fs.renameSync": ["rename before"],
    "promises.rename, imported by name": ["rename before"],
    "fs.unlinkSync": ["unlink before"],
    "promises.unlink": ["unlink before"],
    "fs.rmSync": ["unlink before"],
    "fs.mkdirSync": ["mkdir made/deep"],
    "promises.mkdir": ["mkdir made"],
    "fs.linkSync": ["link before"],
    "fs.symlinkSync": ["symlink after"],
    "fs.copyFileSync": ["copyFile before"],
    "promises.copyFile": ["copyFile before"],
    "fs.chmodSync": ["meta before"],
    "fs.utimesSync": ["meta before"],
    "reading only": [],
    "a terminal or pipe": [],
  };
  it.each(Object.entries(expected))("%s", async (name, operations) => {
    const ran = await run(name);
    // A synchronous write of text is one function in some versions of Node, and two in others.
    const whole = named(ran.operations, ran.folder)
      .join(", ")
      .replace(/open (\S+), write \1/, "writeFile $1");
    expect(whole).toBe(operations.join(", ").replace(/open (\S+), write \1/, "writeFile $1"));
    for (const operation of ran.operations) expect(operation.ended).toEqual({});
  });

  it("mkdtemp, under the name that it was asked for", async () => {
    const ran = await run("fs.mkdtempSync");
    expect(named(ran.operations, ran.folder)).toEqual(["mkdir made-"]);
  });

  it.each(["spawn", "execFileSync"])("%s", async (name) => {
    expect((await run(name)).operations.map(({ op, path: file }) => [op, file])).toEqual([["spawn", "true"]]);
  });

  it("and nothing in a process whose script is another", async () => {
    expect((await run("fs.renameSync", { entry: "server.mjs" })).operations).toEqual([]);
  });
});

it.skipIf(process.platform !== "linux")(
  "tells another boot id where the machine was booted again",
  async () => {
    const bootIdFile = path.join(dir, "boot-id");
    await writeFile(bootIdFile, "another\n");
    const ran = await run("the boot id", { bootIdFile });
    expect(await readFile(path.join(ran.folder, "file"), "utf8")).toBe("another\nanother\n");
    const before = await run("the boot id");
    expect(await readFile(path.join(before.folder, "file"), "utf8")).not.toContain("another");
  },
);

describe("the process ends itself", () => {
  const state = async (folder: string) =>
    Object.fromEntries(
      await Promise.all(
        (await readdir(folder)).map(async (name) => [name, await readFile(path.join(folder, name), "utf8")]),
      ),
    );
  const ended = async (name: string, operation: number, mode: "before" | "after" | "empty" | "torn") => {
    const ran = await run(name, { entry: "program.mjs", at: { operation, mode } });
    expect(ran.signal).toBe("SIGKILL");
    expect(readHit(ran.trace)?.operation.n).toBe(operation);
    return state(ran.folder);
  };

  it("before a synchronous write, after it, with the file emptied, with half of it", async () => {
    const before = "abcdefghij";
    expect(await ended("fs.writeFileSync", 1, "before")).toEqual({ before });
    expect(await ended("fs.writeFileSync", 1, "after")).toEqual({ before, file: "0123456789" });
    expect(await ended("fs.writeFileSync", 1, "empty")).toEqual({ before, file: "" });
    expect(await ended("fs.writeFileSync", 1, "torn")).toEqual({ before, file: "01234" });
    expect(await ended("fs.appendFileSync", 1, "torn")).toEqual({ before: "abcdefghij01234" });
  });

  it("between the operations that an asynchronous write consists of", async () => {
    expect(await ended("promises.writeFile", 1, "after")).toMatchObject({ file: "" });
    expect(await ended("promises.writeFile", 2, "torn")).toMatchObject({ file: "01234" });
    expect(await ended("fs.createWriteStream", 2, "before")).toMatchObject({ file: "" });
    expect(await ended("FileHandle.writev", 1, "torn")).toMatchObject({ before: "0123456789" });
  });

  it("around renames, copies and truncations", async () => {
    expect(await ended("fs.renameSync", 1, "before")).toHaveProperty("before");
    expect(await ended("promises.rename, imported by name", 1, "after")).toHaveProperty("after");
    expect(await ended("fs.copyFileSync", 1, "empty")).toMatchObject({ after: "" });
    expect(await ended("promises.copyFile", 1, "torn")).toMatchObject({ after: "abcde" });
    expect(await ended("FileHandle.truncate", 1, "after")).toEqual({ before: "abc" });
  });

  it("nowhere, where it never comes to the operation, and leaves no word of an end", async () => {
    const ran = await run("fs.renameSync", { at: { operation: 2, mode: "before" } });
    expect(ran.signal).toBeNull();
    expect(readHit(ran.trace)).toBeUndefined();
  });

  it("with operations under way that were not awaited: they are told as not ended", async () => {
    const ran = await run("not awaited", { at: { operation: 5, mode: "before" } });
    expect(ran.operations.filter(({ ended: told }) => told === undefined).length).toBeGreaterThan(1);
  });
});

it("traces what is written where it is asked to", async () => {
  const { operations } = await run("fs.appendFileSync", { data: true });
  expect(Buffer.from(operations[0]?.data ?? "", "base64").toString()).toBe("0123456789");
});
