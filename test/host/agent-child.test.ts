/** An agent in the shape of node's ChildProcess, where what it is read from fails. */
import { expect, test } from "vitest";
import { AgentChild } from "../../src/host/agent-child.ts";
import { IoError } from "../../src/model/ports.ts";

const failing = () =>
  new AgentChild(
    {
      identity: () => undefined,
      output: async () => undefined,
      errors: () => Promise.reject(new IoError("ENOSPC", "/hold/attempt", "watch")),
      close: async () => {},
      input: async () => true,
      signal: async () => true,
      ended: Promise.resolve({ exitCode: 0 }),
    },
    { session: "s", adopted: false },
  );

test("a host that does not look at stderr does not fall over it", async () => {
  const child = failing();
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
});

test("a host that asks for errors is told", async () => {
  const child = failing();
  const told = new Promise<Error>((resolve) => child.once("error", resolve));
  expect((await told).message).toContain("ENOSPC");
});
