/**
 * Who the agent of an attempt is.
 *
 * Always: what the wrapper noted together with a start time is believed without asking the process table, however
 * long ago that was; a bare pid is held against the table, and only in the boot and namespace it was noted in.
 * Never: a process that merely has the agent's former pid is taken for it.
 */
import type { Kin, ProcessIdentity, World } from "../model/ports.ts";
import { type NotedProcess, readPid, readWrapper } from "./notes.ts";

/** Where an attempt was started, as far as the record of its dispatch says. */
export interface StartPlace {
  readonly bootId: string;
  /** Of the server that started it; left out in records of older versions. */
  readonly namespace?: string;
  /** See {@link attemptMarker}. */
  readonly marker: string;
}

/** The mark that all processes of an attempt inherit. */
export function attemptMarker(sessionId: string, attempt: number): string {
  return `${sessionId}.${attempt}`;
}

/** Who the wrapper says that it started; undefined where that is not told, or not to be told any more. */
export async function notedAgent(
  world: Pick<World, "files" | "processes">,
  folder: string,
  place: StartPlace,
): Promise<ProcessIdentity | undefined> {
  const noted = await readPid(world.files, folder);
  return noted === undefined ? undefined : identified(world, noted, place);
}

/** The wrapper of an attempt, which leads its session. */
export async function notedWrapper(
  world: Pick<World, "files" | "processes">,
  folder: string,
  place: StartPlace,
): Promise<ProcessIdentity | undefined> {
  const noted = await readWrapper(world.files, folder);
  return noted === undefined ? undefined : identified(world, noted, place);
}

async function identified(
  { processes }: Pick<World, "processes">,
  { pid, startTime }: NotedProcess,
  place: StartPlace,
): Promise<ProcessIdentity | undefined> {
  const { bootId, namespace } = processes.self;
  const noted = { bootId: place.bootId, namespace: place.namespace ?? namespace };
  if (startTime !== undefined) return { pid, startTime, ...noted };
  return noted.bootId === bootId && noted.namespace === namespace ? processes.identify(pid) : undefined;
}

/**
 * Every process of the attempt that runs now except the wrapper, the oldest first: its agent, if it is there, and what
 * that has started.
 */
export async function attemptKin(
  world: Pick<World, "files" | "processes">,
  folder: string,
  place: StartPlace,
): Promise<readonly Kin[]> {
  const { self } = world.processes;
  if (place.bootId !== self.bootId || (place.namespace ?? self.namespace) !== self.namespace) return [];
  const wrapper = await notedWrapper(world, folder, place);
  const kin = await world.processes.kinOf(place.marker, wrapper);
  return kin
    .filter(({ identity }) => identity.pid !== wrapper?.pid)
    .toSorted((left, right) => ageOf(left) - ageOf(right));
}

/** Ticks since boot on Linux; elsewhere a text that a date can be read from. */
function ageOf({ identity }: Kin): number {
  const ticks = Number(identity.startTime);
  return Number.isNaN(ticks) ? Date.parse(identity.startTime) : ticks;
}
