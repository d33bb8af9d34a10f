/**
 * Is the agent of an attempt there now?
 *
 * Two independent means: the process table, by identity, and the FIFO, which needs no pid. The table decides where
 * we know whom to ask for; the FIFO decides where we do not, because a process that we never identified cannot
 * hide from it.
 * Always: "alive" and "dead" rest on something that was seen, and `seen` says what.
 */
import type { ProcessIdentity, World } from "../model/ports.ts";
import { readExit, readPid } from "./notes.ts";

export interface Liveness {
  readonly state: "alive" | "dead" | "unknown";
  /** Who lives, or lived, as far as known. */
  readonly identity?: ProcessIdentity;
  /** What was seen, for a cite. */
  readonly seen: string;
}

/**
 * @param known identity that is on record from when the agent was started, where there is one.
 */
export async function livenessOf(
  world: Pick<World, "files" | "processes" | "agents">,
  folder: string,
  known: ProcessIdentity | undefined,
): Promise<Liveness> {
  const here = known === undefined || known.namespace === world.processes.self.namespace;
  if (known !== undefined && here) return byIdentity(world, known);
  const exitCode = await readExit(world.files, folder);
  if (exitCode !== undefined) return { state: "dead", seen: `the wrapper noted exit code ${exitCode}` };
  const held = await world.agents.held(folder);
  if (!held) return { state: "dead", seen: `no process holds ${folder}/stdin` };
  if (known !== undefined)
    return { state: "unknown", seen: `${folder}/stdin is held from another pid namespace` };
  const pid = await readPid(world.files, folder);
  if (pid === undefined) return { state: "unknown", seen: `${folder}/stdin is held, no pid is noted yet` };
  const identity = await world.processes.identify(pid);
  if (identity !== undefined) {
    return { state: "alive", identity, seen: `${describe(identity)}, and ${folder}/stdin is held` };
  }
  return {
    state: "dead",
    seen: `pid ${pid} is not in the process table; what still holds ${folder}/stdin is not the agent`,
  };
}

async function byIdentity(world: Pick<World, "processes">, known: ProcessIdentity): Promise<Liveness> {
  if (known.bootId !== world.processes.self.bootId) {
    return {
      state: "dead",
      identity: known,
      seen: `${describe(known)} ran before the machine was booted again`,
    };
  }
  const now = await world.processes.identify(known.pid);
  if (now === undefined)
    return { state: "dead", identity: known, seen: `${describe(known)} is not in the process table` };
  if (now.startTime !== known.startTime) {
    return {
      state: "dead",
      identity: known,
      seen: `${describe(known)} is gone, its pid is another process's now`,
    };
  }
  return { state: "alive", identity: known, seen: `${describe(known)} is in the process table` };
}

/** "pid 12 (start time 345)". */
export function describe(identity: ProcessIdentity): string {
  return `pid ${identity.pid} (start time ${identity.startTime})`;
}
