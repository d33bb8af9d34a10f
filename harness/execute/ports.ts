/**
 * Ports for the servers of runs.
 *
 * A server under test must come back on the port it had, so the port is chosen before it starts. Always: a block of
 * ports belongs to one process of the harness, which holds the block's first port for as long as it lives, so that
 * the kernel decides between campaigns, workers and test files side by side. Every block lies below the range from
 * which the systems we run on give ports to outgoing connections (32768 and up on Linux, 49152 and up on macOS):
 * a client's connection never sits where a server is about to listen.
 */
import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

const firstPort = 10_000;
const blockPorts = 100;
const blocks = 220;

export class Ports {
  private taken = 0;

  private constructor(
    private readonly guard: Server,
    private readonly base: number,
  ) {}

  /** Takes a block that no other process holds. @throws Error when there is none. */
  static async claim(): Promise<Ports> {
    const start = randomInt(blocks);
    for (let step = 0; step < blocks; step += 1) {
      const base = firstPort + ((start + step) % blocks) * blockPorts;
      const guard = await listen(base);
      if (guard !== undefined) return new Ports(guard.unref(), base);
    }
    throw new Error(`All ${blocks} blocks of ports from ${firstPort} on are held by others.`);
  }

  /** The next port of the block that nobody listens on; it comes again when all others had their turn. */
  async next(): Promise<number> {
    for (let step = 1; step < blockPorts; step += 1) {
      const port = this.base + 1 + (this.taken++ % (blockPorts - 1));
      const probe = await listen(port);
      if (probe === undefined) continue;
      await close(probe);
      return port;
    }
    throw new Error(`No port from ${this.base + 1} to ${this.base + blockPorts - 1} is free on 127.0.0.1.`);
  }

  /** Gives the block back. */
  release(): Promise<void> {
    return close(this.guard);
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
