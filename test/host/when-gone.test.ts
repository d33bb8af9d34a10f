import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { hostAgents } from "../../src/host/agents.ts";
import { hostFiles } from "../../src/host/files.ts";

/** As where the last descriptor was taken: nothing can be opened to be read. */
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const { O_WRONLY, O_RDWR } = fs.constants;
  const openSync = (path: string, flags: number) => {
    const isRead = (flags & (O_WRONLY | O_RDWR)) === 0;
    if (isRead) throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
    return fs.openSync(path, flags);
  };
  return { ...fs, openSync };
});

it.runIf(process.platform === "linux")(
  "does not hold what it could not watch: its end would else never be seen",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-gone-"));
    try {
      await hostFiles().makeFifos([join(folder, "alive")]);
      const wrapper = await open(join(folder, "alive"), "r+");
      const held = () =>
        readdirSync("/proc/self/fd").filter((fd) => {
          try {
            return readlinkSync(`/proc/self/fd/${fd}`) === join(folder, "alive");
          } catch {
            return false;
          }
        }).length;
      expect(held()).toBe(1);
      await expect(hostAgents("").whenGone(folder, () => {})).rejects.toMatchObject({ code: "EMFILE" });
      expect(held()).toBe(1);
      await wrapper.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
