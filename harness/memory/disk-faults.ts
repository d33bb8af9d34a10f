/**
 * Runs of a plan in which one call of a port fails, as a full or broken disk makes it fail, and the server goes on or
 * ends as it sees fit.
 *
 * A sync that fails drops what it was to bring, says so once, and succeeds the next time: whoever tries again on the
 * same file believes what is not there. A power cut afterwards shows it.
 */
import type { Plan } from "../plan/plan.ts";
import type { CallFate, PortCall } from "./calls.ts";
import { type Crash, type CrashedRun, executeWithCrashes } from "./crash.ts";

export const diskFaults = ["ENOSPC", "EIO", "short", "drop", "unreadable"] as const;
export type DiskFault = (typeof diskFaults)[number];

const writing = ["append", "create", "mkdir", "mkfifo", "rename"];

/** What the fault does to a call; undefined where it cannot befall one. */
export function fateOf(fault: DiskFault, call: PortCall): CallFate | undefined {
  if (fault === "ENOSPC")
    return writing.includes(call.op) && call.op !== "rename" ? { kind: "fail", code: "ENOSPC" } : undefined;
  if (fault === "short")
    return call.op === "append" ? { kind: "fail", code: "ENOSPC", written: 7 } : undefined;
  if (fault === "drop") return call.op === "sync" ? { kind: "drop" } : undefined;
  const failing =
    fault === "unreadable" ? ["open", "read", "size", "list"] : [...writing, "sync", "syncFolder"];
  const mayFail = failing.includes(call.op);
  return mayFail ? { kind: "fail", code: "EIO" } : undefined;
}

/** Executes a plan with one failing call, and crashes behind it where given. */
export function executeWithFault(
  plan: Plan,
  seed: number,
  fault: { readonly call: number; readonly fault: DiskFault },
  crashes: readonly Crash[] = [],
): Promise<CrashedRun> {
  const fate = (call: PortCall) => (call.number === fault.call ? fateOf(fault.fault, call) : undefined);
  return executeWithCrashes(plan, seed, crashes, { fate });
}
