/**
 * Was it the machine that kept a process from doing what the driver waited for?
 *
 * Always: measured by the kernel, for the process itself: the time in which its main thread was ready to run and had no
 * processor. One that is stuck sleeps or works, and has hardly any, however busy the machine is with others.
 * What cannot be measured here is no excuse: the wait then counts against the subject.
 */
import { readFileSync } from "node:fs";
import type { Execution } from "./execution.ts";

/** How long a process has lived, and how much of that it waited for a processor. */
export interface Starvation {
  readonly livedMs: number;
  readonly hungryMs: number;
}

/** A run that the machine did not give enough processor to: its waits say nothing about the subject. */
export class Starved extends Error {
  constructor(waitingFor: string, pid: number, { livedMs, hungryMs }: Starvation) {
    const share = Math.round((hungryMs / livedMs) * 100);
    super(
      `Waited in vain for ${waitingFor}, but process ${pid} had no processor for ${share} % of its ${(livedMs / 1000).toFixed(1)} s. Use fewer workers, or a machine that does less besides.`,
    );
    this.name = "Starved";
  }
}

/** Below this it is the ordinary wait for one's turn, also in a start that has just begun. */
const hungryMsMin = 1_000;
const shareMin = 0.5;

/** @throws Starved when a process of the run that lives has waited for a processor for most of its life. */
export async function throwIfStarved(run: Execution, waitingFor: string): Promise<void> {
  const server = run.server === undefined ? [] : [run.server.identity.pid];
  const started = run.spawned.filter((child) => !child.ended()).map(({ pid }) => pid);
  for (const pid of new Set([...server, ...started, ...run.agents.alive().map((agent) => agent.pid)])) {
    const seen = await run.machine.starvationOf?.(pid);
    if (seen === undefined || seen.hungryMs < hungryMsMin) continue;
    if (seen.hungryMs >= seen.livedMs * shareMin) throw new Starved(waitingFor, pid, seen);
  }
}

/** As {@link throwIfStarved}, told; undefined where nothing is. */
export async function whyStarved(run: Execution, waitingFor: string): Promise<string | undefined> {
  try {
    await throwIfStarved(run, waitingFor);
    return undefined;
  } catch (error) {
    if (error instanceof Starved) return error.message;
    throw error;
  }
}

/** In the kernel's unit of a hundredth of a second. */
const tickMs = 10;

/** Undefined where the process is gone or the kernel does not tell. */
export function starvationOf(pid: number): Starvation | undefined {
  try {
    const [, hungryNs] = readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ");
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The command may hold spaces and brackets: fields are counted from behind it.
    const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const upSeconds = readFileSync("/proc/uptime", "latin1").split(" ")[0];
    const livedMs = Number(upSeconds) * 1000 - Number(startTicks) * tickMs;
    const hungryMs = Number(hungryNs) / 1e6;
    return Number.isFinite(livedMs) && Number.isFinite(hungryMs) ? { livedMs, hungryMs } : undefined;
  } catch {
    return undefined;
  }
}
