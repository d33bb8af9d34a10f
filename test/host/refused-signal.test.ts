import { expect, it, vi } from "vitest";
import { hostProcesses } from "../../src/host/processes.ts";
import { IoError } from "../../src/model/ports.ts";

/** As for a process of another user. */
vi.mock("node:process", async (original) => {
  const kill = () => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  };
  return { ...(await original<typeof import("node:process")>()), kill };
});

it("a signal that the system refuses is an error of the system", async () => {
  const { self, signal } = await hostProcesses();
  await expect(signal(self, "SIGTERM")).rejects.toThrow(IoError);
});
