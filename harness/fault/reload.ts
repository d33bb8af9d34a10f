/**
 * reload: a source file was saved while a watcher runs the server, as in everyday development.
 *
 * Always: the watcher watches a one-line entry file of the run, never the checkout.
 */
import { limits, WatchdogFired } from "../execute/execution.ts";
import { enterLife, freezeServer, servedEnded, within } from "../execute/server.ts";
import type { Fault } from "./contract.ts";

export const reload: Fault<"reload"> = {
  kind: "reload",
  imitates: "a hot reload by tsx watch, node --watch or a signal",
  available: (can, { by }) => can.reload.includes(by),
  async inject(run) {
    const { subject, server } = run;
    if (subject.reload === undefined || server === undefined)
      throw new WatchdogFired("a subject that can reload");
    await freezeServer(run, false);
    const before = [...run.agents.runs];
    const { pid, url } = await within(
      run.machine,
      subject.reload(run.context),
      limits.startMs,
      "the reloaded server",
    );
    await within(run.machine, run.clients.drained(), limits.stopMs, "the old server's connections to end");
    await servedEnded(run, before);
    run.recorder.record({ kind: "server-exit", life: server.life, code: null, signal: null });
    await enterLife(run, server.life + 1, pid, url);
    return { serverGone: false };
  },
};
