/**
 * freeze: the server stands still for a while (a laptop lid, a debugger, a swap storm) and the agent goes on.
 */
import { passGates } from "../execute/advance.ts";
import { freezeServer } from "../execute/server.ts";
import type { Fault } from "./contract.ts";

export const freeze: Fault<"freeze"> = {
  kind: "freeze",
  imitates: "SIGSTOP of the server while the agent works, then SIGCONT",
  available: () => true,
  async inject(run, { events }, site) {
    await freezeServer(run, true);
    await passGates(run, events, "while the server is frozen", site.session);
    await freezeServer(run, false);
    return { serverGone: false };
  },
};
