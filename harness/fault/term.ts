/**
 * term: an orderly stop by a supervisor or a person, SIGTERM; the way that a kill never shows.
 */
import { limits } from "../execute/execution.ts";
import { signalProcess } from "../execute/processes.ts";
import { freezeServer, killServer, serverEnded } from "../execute/server.ts";
import type { Fault } from "./contract.ts";

export const term: Fault<"term"> = {
  kind: "term",
  imitates: "SIGTERM to the server, then SIGKILL where it does not go",
  available: () => true,
  async inject(run) {
    const server = run.server;
    if (server === undefined) return { serverGone: true };
    await signalProcess(server.identity, "SIGTERM");
    await freezeServer(run, false);
    const own = run.spawned.find((child) => child.pid === server.identity.pid);
    const left = await Promise.race([
      own?.exited.then(() => true),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), limits.stopMs).unref()),
    ]);
    if (left === true) await serverEnded(run);
    else await killServer(run, "alone");
    return { serverGone: true };
  },
};
