/**
 * The shim, on real processes: it sees what native code writes, tears a write for real, and lets one fail.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BoundaryOrder } from "../../harness/boundary/operation.ts";
import { ShimUnavailable } from "../../harness/boundary/shim.ts";
import { type BoundaryTools, makeTools, orderedEnvironment } from "../../harness/boundary/tools.ts";
import { readHit, readTraces, type Traced } from "../../harness/boundary/trace.ts";

const program = fileURLToPath(new URL("./program.mjs", import.meta.url));
const driver = createRequire(import.meta.url).resolve("libsql");
const dir = await mkdtemp(path.join(tmpdir(), "holdfast-shim-"));
const tools = await makeTools(dir, "shim").catch((error: unknown): BoundaryTools | undefined => {
  if (error instanceof ShimUnavailable)
    process.stderr.write(`Tests of the shim are left out: ${error.message}\n`);
  else throw error;
  return undefined;
});
let made = 0;

interface Ran {
  readonly folder: string;
  readonly trace: string;
  readonly signal: string | null;
  readonly stderr: string;
  readonly operations: readonly Traced[];
}

async function run(args: readonly string[], order: Partial<BoundaryOrder> = {}): Promise<Ran> {
  if (tools === undefined) throw new Error("there is no shim");
  made += 1;
  const folder = path.join(dir, `run-${made}`);
  const trace = path.join(dir, `trace-${made}`);
  await mkdir(folder);
  await writeFile(path.join(folder, "before"), "abcdefghij");
  const env = orderedEnvironment({ PATH: process.env["PATH"] ?? "" }, tools, { trace, ...order }, "shim");
  const [signal, stderr] = await new Promise<[string | null, string]>((resolve) => {
    const whole = args.map((argument) => argument.replace("FOLDER", folder));
    execFile(process.execPath, whole, { env, cwd: folder }, (error, _, told) =>
      resolve([error?.signal ?? null, told]),
    );
  });
  return { folder, trace, signal, stderr, operations: readTraces(trace)[0]?.operations ?? [] };
}

const use = (name: string) => [program, "FOLDER", name];
const insert = [
  "-e",
  `const Database = require(${JSON.stringify(driver)});
   const database = new Database("state.sqlite");
   database.exec("PRAGMA synchronous = FULL; CREATE TABLE t (x TEXT)");`,
];

describe.skipIf(tools === undefined)("the shim", () => {
  beforeAll(() => expect(tools?.shim).toBeDefined());
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it("counts each call of the C library, with what it changes", async () => {
    const { operations, folder } = await run(use("promises.writeFile"), { data: true });
    expect(operations.map(({ op, path: file }) => `${op} ${path.relative(folder, file)}`)).toEqual([
      "open file",
      "write file",
    ]);
    expect(Buffer.from(operations[1]?.data ?? "", "base64").toString()).toBe("0123456789");
    expect(operations.every(({ ended }) => ended !== undefined && ended.error === undefined)).toBe(true);
  });

  it("sees what native code writes, where the preload is blind", async () => {
    const { operations, folder } = await run(insert);
    const told = operations.map(({ op, path: file }) => `${op} ${path.relative(folder, file)}`);
    expect(told).toContain("write state.sqlite");
    expect(told).toContain("sync state.sqlite");
    expect(told).toContain("unlink state.sqlite-journal");
  });

  it("ends the process in the middle of a native write, and leaves a real half", async () => {
    const { operations } = await run(insert);
    const write = operations.find(({ op, path: file }) => op === "write" && file.endsWith("state.sqlite"));
    const at = { operation: write?.n ?? 0, mode: "torn" as const };
    const torn = await run(insert, { at });
    expect(torn.signal).toBe("SIGKILL");
    expect(readHit(torn.trace)?.operation.bytes).toBe(write?.bytes);
    expect((await readFile(path.join(torn.folder, "state.sqlite"))).length).toBe((write?.bytes ?? 0) / 2);
  });

  it("tells another boot id where the machine was booted again", async () => {
    const bootIdFile = path.join(dir, "boot-id");
    await writeFile(bootIdFile, "another\n");
    const ran = await run(use("the boot id"), { bootIdFile });
    expect(await readFile(path.join(ran.folder, "file"), "utf8")).toBe("another\nanother\n");
  });

  it("lets one call fail, and the program go on", async () => {
    const at = { operation: 1, mode: "fail" as const, fails: "ENOSPC" as const };
    const failed = await run(use("fs.writevSync"), { at });
    expect(failed.stderr).toContain("ENOSPC");
    expect(failed.signal).toBeNull();
    expect(readHit(failed.trace)?.mode).toBe("fail");
  });
});
