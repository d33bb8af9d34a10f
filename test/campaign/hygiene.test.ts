/**
 * Nothing is left: no process, no temporary folder, no socket; whatever way a campaign ends.
 */
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clearAbandoned } from "../../harness/campaign/place.ts";
import { findMarked, isAlive } from "../../harness/execute/processes.ts";

const cli = fileURLToPath(new URL("../../harness/cli.ts", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The temporary folder of this file's campaigns alone: others may run at the same time and come and go in theirs. */
let own = "";
const everybodys = process.env["TMPDIR"];

async function mine(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name !== loaderCache);
}

/** What tsx has compiled is kept in the temporary folder, and is nobody's rest. */
const loaderCache = `tsx-${process.getuid?.() ?? ""}`;

beforeAll(async () => {
  const shared = tmpdir();
  own = await mkdtemp(path.join(shared, "hygiene-"));
  await mkdir(path.join(shared, loaderCache), { recursive: true });
  await symlink(path.join(shared, loaderCache), path.join(own, loaderCache));
  process.env["TMPDIR"] = own;
});
afterAll(async () => {
  if (everybodys === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = everybodys;
  for (const folder of [own, `${own}-out`]) await rm(folder, { recursive: true, force: true });
});

function chaos(...args: string[]) {
  return execa(process.execPath, ["--import", "tsx", cli, "--out", `${own}-out`, "--seed", "5", ...args], {
    cwd: root,
    reject: false,
    buffer: { stdout: true, stderr: false },
    stderr: "pipe",
  });
}

/** Resolves when the campaign has said on stderr that runs are done. */
async function running(child: ReturnType<typeof chaos>): Promise<string> {
  for (;;) {
    // A worker's first run has begun when its folder is there.
    for (const name of await mine()) {
      const inside = await readdir(path.join(tmpdir(), name)).catch(() => []);
      const worker = inside.find((entry) => /^w\d+$/.test(entry));
      if (worker !== undefined) return path.join(tmpdir(), name);
    }
    if (child.exitCode !== null && child.exitCode !== undefined)
      throw new Error("the campaign ended before it ran");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function goneFrom(marker: string): Promise<void> {
  while ((await findMarked(marker)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

afterEach(async () => {
  await clearAbandoned();
});

describe("after a campaign", () => {
  it("that was green, nothing is left", async () => {
    const { exitCode } = await chaos("--runs", "3", "--workers", "1");
    // Too few runs to meet every situation, and said so; but none of them was at fault.
    expect(exitCode).toBe(0);
    expect(await mine()).toEqual([]);
  });

  it("that was red, nothing is left", async () => {
    const { exitCode } = await chaos(
      "--runs",
      "1",
      "--workers",
      "1",
      "--budget",
      "10s",
      "--subject",
      "naive",
    );
    expect(exitCode).toBe(1);
    expect(await mine()).toEqual([]);
  });

  it("that was interrupted in the middle, nothing is left", async () => {
    const child = chaos("--budget", "60s", "--workers", "2");
    const folder = await running(child);
    child.kill("SIGINT");
    const { exitCode } = await child;
    expect(exitCode).toBe(3);
    expect(await findMarked(folder)).toEqual([]);
    expect(await mine()).toEqual([]);
  });

  it("that was killed, its processes end by themselves and the next start removes the rest", async () => {
    const child = chaos("--budget", "60s", "--workers", "2");
    const folder = await running(child);
    const marked = await findMarked(folder);
    child.kill("SIGKILL");
    await child;
    await goneFrom(folder);
    for (const process of marked) expect(await isAlive(process)).toBe(false);
    expect(await clearAbandoned()).toContain(folder);
    expect(await mine()).toEqual([]);
  });
});
