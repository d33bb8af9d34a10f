/**
 * disconnect: the clients lose their connection, miss events, and come back with their cursor.
 */
import { passGates } from "../execute/advance.ts";
import { limits } from "../execute/execution.ts";
import { connectClients, freezeServer, within } from "../execute/server.ts";
import type { Fault } from "./contract.ts";

export const disconnect: Fault<"disconnect"> = {
  kind: "disconnect",
  imitates: "a client's network drop or a reloaded page while the agent works",
  available: () => true,
  async inject(run, { events }, site) {
    await within(run.machine, run.clients.disconnect(), limits.stopMs, "the clients' connections to end");
    // At an "unread" site the server stands still; it is the clients that are away, not the server.
    await freezeServer(run, false);
    await passGates(run, events, "while the clients are away", site.session);
    connectClients(run);
    return { serverGone: false };
  },
};
