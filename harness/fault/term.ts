/**
 * term: an orderly stop by a supervisor or a person, SIGTERM; the way that a kill never shows.
 */
import { limits } from "../execute/execution.ts";
import { freezeServer, killServer, serverEnded } from "../execute/server.ts";
import type { Fault } from "./contract.ts";

export const term: Fault<"term"> = {
  kind: "term",
  imitates: "SIGTERM to the server, then SIGKILL where it does not go",
  available: () => true,
  async inject(run) {
    const server = run.server;
    if (server === undefined) return { serverGone: true };
    await run.machine.signal(server.identity, "SIGTERM");
    await freezeServer(run, false);
    const own = run.spawned.find((child) => child.pid === server.identity.pid);
    let limit: { cancel(): void } | undefined;
    const left = await Promise.race([
      own?.exited.then(() => true),
      new Promise<boolean>((resolve) => {
        limit = run.machine.after(limits.stopMs, () => resolve(false));
      }),
    ]);
    limit?.cancel();
    if (left === true) await serverEnded(run);
    else await killServer(run, "alone");
    return { serverGone: true };
  },
};
