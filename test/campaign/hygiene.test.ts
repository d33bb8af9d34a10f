/**
 * Nothing is left: no process, no temporary folder, no socket; whatever way a campaign ends.
 */
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clearAbandoned } from "../../harness/campaign/place.ts";
import { findMarked, isAlive } from "../../harness/execute/processes.ts";

const cli = fileURLToPath(new URL("../../harness/cli.ts", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Folders of campaigns that this test file did not find when it began. */
let before: string[] = [];

async function places(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("holdfast-chaos-"));
}

async function mine(): Promise<string[]> {
  return (await places()).filter((name) => !before.includes(name));
}

function chaos(...args: string[]) {
  return execa(
    process.execPath,
    ["--import", "tsx", cli, "--out", path.join(tmpdir(), "holdfast-hygiene-out"), ...args],
    {
      cwd: root,
      reject: false,
      buffer: { stdout: true, stderr: false },
      stderr: "pipe",
    },
  );
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

beforeEach(async () => {
  before = await places();
});
afterEach(async () => {
  await clearAbandoned();
});

describe("after a campaign", () => {
  it("that was green, nothing is left", async () => {
    const { exitCode } = await chaos("--seed", "5", "--runs", "3");
    // Too few runs to meet every situation, and said so; but none of them was at fault.
    expect(exitCode).toBe(0);
    expect(await mine()).toEqual([]);
  });

  it("that was red, nothing is left", async () => {
    const { exitCode } = await chaos("--seed", "5", "--runs", "2", "--subject", "naive");
    expect(exitCode).toBe(1);
    expect(await mine()).toEqual([]);
  });

  it("that was interrupted in the middle, nothing is left", async () => {
    const child = chaos("--seed", "5", "--budget", "60s");
    const folder = await running(child);
    child.kill("SIGINT");
    const { exitCode } = await child;
    expect(exitCode).toBe(3);
    expect(await findMarked(folder)).toEqual([]);
    expect(await mine()).toEqual([]);
  });

  it("that was killed, its processes end by themselves and the next start removes the rest", async () => {
    const child = chaos("--seed", "5", "--budget", "60s");
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
