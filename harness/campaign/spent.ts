/**
 * What executions cost: time, by what they waited for, and processor time, by whose it was.
 *
 * Always: measured, by the clock, by the kernel's count of ended processes, and by what agents say of themselves.
 * What cannot be measured here is undefined, not guessed.
 */
import { readFileSync } from "node:fs";
import { activities, nothingWaited, type Waited } from "../execute/stopwatch.ts";

/** Sums over executions, in milliseconds. */
export interface Spent {
  readonly executions: number;
  /** Time from the first folder to the verdict. */
  readonly wallMs: number;
  readonly waitedMs: Waited;
  readonly judgingMs: number;
  readonly cpuMs: {
    /** The worker's own, judging included. */
    readonly harness: number;
    /** As far as agents lived to say; what a kill cut off after an agent's last gate is with the servers. */
    readonly agents: number;
    /** Everything else that was started; undefined where orphans are not counted for us. */
    readonly servers?: number;
  };
}

export const nothingSpent: Spent = {
  executions: 0,
  wallMs: 0,
  waitedMs: nothingWaited,
  judgingMs: 0,
  cpuMs: { harness: 0, agents: 0, servers: 0 },
};

export function addSpent(left: Spent, right: Spent): Spent {
  const servers =
    left.cpuMs.servers === undefined || right.cpuMs.servers === undefined
      ? undefined
      : left.cpuMs.servers + right.cpuMs.servers;
  return {
    executions: left.executions + right.executions,
    wallMs: left.wallMs + right.wallMs,
    waitedMs: Object.fromEntries(
      activities.map((activity) => [activity, left.waitedMs[activity] + right.waitedMs[activity]]),
    ) as Record<keyof Waited, number>,
    judgingMs: left.judgingMs + right.judgingMs,
    cpuMs: {
      harness: left.cpuMs.harness + right.cpuMs.harness,
      agents: left.cpuMs.agents + right.cpuMs.agents,
      ...(servers === undefined ? {} : { servers }),
    },
  };
}

/** In the kernel's unit of a hundredth of a second. */
const tickMs = 10;

/**
 * Processor time so far of all processes that this one started and that have ended, with theirs; undefined where
 * the kernel does not tell.
 *
 * @param isAlone this worker and what it started have a pid namespace of their own, whose first process takes orphans.
 */
export function endedProcessesCpuMs(isAlone: boolean): number | undefined {
  if (process.platform !== "linux" || !isAlone) return undefined;
  return (endedChildrenTicks("self") + endedChildrenTicks("1")) * tickMs;
}

/** Fields 16 and 17 of the process' stat: its waited-for children. */
function endedChildrenTicks(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[13]) + Number(fields[14]);
}
