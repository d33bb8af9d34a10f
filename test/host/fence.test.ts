import type { FileHandle } from "node:fs/promises";
import { afterEach, expect, it, vi } from "vitest";
import { hostAgents } from "../../src/host/agents.ts";

const disk = vi.hoisted(() => ({ code: "", closed: 0 }));

/** A disk that takes a name and nothing more. */
vi.mock("node:fs/promises", async (original) => {
  const open = async () =>
    ({
      writeFile: () => Promise.reject(Object.assign(new Error(disk.code), { code: disk.code })),
      close: async () => void disk.closed++,
    }) as unknown as FileHandle;
  return { ...(await original<typeof import("node:fs/promises")>()), open };
});

afterEach(() => {
  disk.closed = 0;
});

it("a fence holds no file open, whatever becomes of what is written in it", async () => {
  const { fence } = hostAgents("");
  disk.code = "ENOSPC";
  expect(await fence("/attempt")).toBe("never-started");
  expect(disk.closed).toBe(1);
  disk.code = "EROFS";
  await expect(fence("/attempt")).rejects.toMatchObject({ code: "EROFS" });
  expect(disk.closed).toBe(2);
});
