import { afterEach, expect, it, vi } from "vitest";
import { hostProcesses } from "../../src/host/processes.ts";
import { HoldfastError } from "../../src/model/error.ts";

const bootIdPath = "/proc/sys/kernel/random/boot_id";
const told = vi.hoisted(() => ({ bootId: undefined as string | undefined }));

/** As in a sandbox that hides the file, or shows an empty one. */
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const readFileSync = (path: string, ...rest: []) => {
    if (path !== bootIdPath) return fs.readFileSync(path, ...rest);
    if (told.bootId !== undefined) return told.bootId;
    throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  };
  return { ...fs, readFileSync };
});

afterEach(() => {
  told.bootId = undefined;
});

it.skipIf(process.platform !== "linux")(
  "a machine that does not say which boot this is gets a sentence with what to do, and no made-up boot",
  async () => {
    for (const bootId of [undefined, "\n"]) {
      told.bootId = bootId;
      const refused = await hostProcesses().catch((thrown: unknown) => thrown);
      expect(refused).toBeInstanceOf(HoldfastError);
      expect(refused).toMatchObject({
        code: "unsupported-platform",
        message: expect.stringMatching(new RegExp(`^${bootIdPath} cannot be read.*Make it readable`)),
      });
    }
    told.bootId = "b\n";
    expect((await hostProcesses()).self.bootId).toBe("b");
  },
);
