import { createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Ports } from "../../harness/execute/ports.ts";

const claimed: Ports[] = [];
const claim = async (): Promise<Ports> => {
  const ports = await Ports.claim();
  claimed.push(ports);
  return ports;
};
afterEach(async () => {
  await Promise.all(claimed.splice(0).map((ports) => ports.release()));
});

it("two holders never get a port in common, and none that the system gives to connections", async () => {
  const [one, other] = [await claim(), await claim()];
  const of = async (ports: Ports) =>
    new Set(await Promise.all(Array.from({ length: 60 }, () => ports.next())));
  const [ports, others] = [await of(one), await of(other)];
  expect(ports.size).toBe(60);
  expect([...ports].filter((port) => others.has(port))).toEqual([]);
  for (const port of [...ports, ...others]) expect(port).toBeLessThan(32_768);
});

it("passes over a port that somebody listens on", async () => {
  const ports = await claim();
  const used = (await ports.next()) + 1;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(used, "127.0.0.1", resolve));
  try {
    expect(await ports.next()).toBe(used + 1);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
