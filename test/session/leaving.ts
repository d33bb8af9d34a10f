/**
 * A machine on which what an agent has started runs on though that agent is dead.
 */
import type { Kin } from "../../src/model/ports.ts";
import { at, type Draft, id, identity, said } from "./drafts.ts";
import { type Machine, spoken } from "./machine.ts";

export const calls = [said.name, said.call("c1", "make all"), said.call("c2", "sleep 9")];
export const stop: Draft = [
  "cancel",
  { sessionId: id, runId: "r1", attempt: 1, who: "me", why: "stop", at: at(1, 0, 1_000_005) },
];

export const tool = (pid: number, args: readonly string[], by: Kin["by"] = "marker"): Kin => ({
  identity: identity(pid),
  by,
  args,
});

/** The agent of attempt 1 is dead; these run on. */
export async function leaving(drafts: readonly Draft[], kin: readonly Kin[]): Promise<Machine> {
  const machine = await spoken(drafts, calls);
  machine.kin = [...kin];
  for (const one of kin) machine.running.set(one.identity.pid, one.identity);
  return machine;
}
