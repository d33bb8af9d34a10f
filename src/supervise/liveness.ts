/**
 * Is the agent of an attempt there now?
 *
 * Independent means: the process table, by identity; the FIFO, which needs no pid; and the mark that all processes of
 * an attempt carry. The table decides where we know whom to ask for; the FIFO decides where we do not, because a
 * process that we never identified cannot hide from it.
 * Always: "alive" and "dead" rest on something that was seen, and `seen` says what.
 */
import type { ProcessIdentity, World } from "../model/ports.ts";
import { attemptKin, notedAgent, notedWrapper, type StartPlace } from "./identity.ts";
import { readExit, readPid } from "./notes.ts";

export interface Liveness {
  readonly state: "alive" | "dead" | "unknown";
  /** Who lives, or lived, as far as known. */
  readonly identity?: ProcessIdentity;
  /** What was seen, for a cite. */
  readonly seen: string;
  /** The pid lives, as another process. */
  readonly reused?: true;
}

type LivenessWorld = Pick<World, "files" | "processes" | "agents">;

/**
 * @param known identity that is on record from when the agent was started, where there is one.
 * @param place where it was started.
 */
export async function livenessOf(
  world: LivenessWorld,
  folder: string,
  known: ProcessIdentity | undefined,
  place: StartPlace,
): Promise<Liveness> {
  const identity = known ?? (await notedAgent(world, folder, place));
  const isHere = identity === undefined || identity.namespace === world.processes.self.namespace;
  if (identity !== undefined && isHere) return byIdentity(world, identity);
  const exitCode = await readExit(world.files, folder);
  if (exitCode !== undefined) return { state: "dead", seen: `the wrapper noted exit code ${exitCode}` };
  if (!(await world.agents.held(folder))) return { state: "dead", seen: `no process holds ${folder}/stdin` };
  if (identity !== undefined)
    return { state: "unknown", seen: `${folder}/stdin is held from another pid namespace` };
  const noted = await readPid(world.files, folder);
  if (noted !== undefined) {
    return {
      state: "dead",
      seen: `pid ${noted.pid} is not in the process table; what still holds ${folder}/stdin is not the agent`,
    };
  }
  return byMark(world, folder, place);
}

async function byIdentity(world: Pick<World, "processes">, known: ProcessIdentity): Promise<Liveness> {
  const who = describe(known);
  if (known.bootId !== world.processes.self.bootId) {
    return { state: "dead", identity: known, seen: `${who} ran before the machine was booted again` };
  }
  const now = await world.processes.identify(known.pid);
  if (now === undefined)
    return { state: "dead", identity: known, seen: `${who} is not in the process table` };
  if (now.startTime === known.startTime)
    return { state: "alive", identity: known, seen: `${who} is in the process table` };
  return {
    state: "dead",
    identity: known,
    seen: `${who} is gone, its pid is that of another process now (start time ${now.startTime})`,
    reused: true,
  };
}

/** The wrapper was killed before it could note its agent's pid, or is about to: the mark tells which. */
async function byMark(world: LivenessWorld, folder: string, place: StartPlace): Promise<Liveness> {
  const wrapper = await notedWrapper(world, folder, place);
  const isThere = wrapper !== undefined && (await byIdentity(world, wrapper)).state === "alive";
  if (wrapper === undefined || isThere)
    return { state: "unknown", seen: `${folder}/stdin is held, no pid is noted yet` };
  // What an agent starts is younger than the agent.
  const [oldest] = await attemptKin(world, folder, place);
  if (oldest === undefined)
    return { state: "unknown", seen: `${folder}/stdin is held by a process that cannot be identified` };
  const { identity } = oldest;
  return {
    state: "alive",
    identity,
    seen: `${describe(identity)} is what its killed wrapper left, and ${folder}/stdin is held`,
  };
}

/** "pid 12 (start time 345)". */
export function describe(identity: ProcessIdentity): string {
  return `pid ${identity.pid} (start time ${identity.startTime})`;
}
