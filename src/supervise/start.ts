/**
 * Starting one attempt: claim its number, lay out its folder, hand it to the wrapper.
 *
 * Always: of all who try to start attempt N exactly one wins its folder; the spool exists and its name is durable
 * before the agent can write to it.
 */
import type { AgentStart, AppendFile, World } from "../model/ports.ts";
import { attemptPaths } from "./layout.ts";

/**
 * Makes the attempt's folder with its FIFOs and its empty spool.
 *
 * @param parents folders above it that may not be durable yet, outermost first; they are made when absent.
 * @returns false when somebody else has the attempt already.
 * @throws IoError from the ports.
 */
export async function claimAttempt(
  world: Pick<World, "files">,
  folder: string,
  parents: readonly string[],
): Promise<boolean> {
  const { files } = world;
  for (const parent of parents) await files.makeFolder(parent);
  if (!(await files.makeFolder(folder))) return false;
  const paths = attemptPaths(folder);
  const spool = async () => {
    const file = await files.createExclusive(paths.spool);
    await file?.close();
  };
  await Promise.all([files.makeFifos([paths.stdin, paths.alive]), spool()]);
  // The outermost has its own name in a folder that may not know it durably, whoever made it.
  const outermost = parents[0] ?? folder;
  const above = outermost.slice(0, outermost.lastIndexOf("/")) || "/";
  await Promise.all([folder, ...parents, above].map((path) => files.syncFolder(path)));
  return true;
}

/**
 * Makes the folder of an attempt whose agent its host reads over pipes.
 *
 * @returns its spool, which we write ourselves; undefined when somebody else has the attempt already.
 * @throws IoError from the ports.
 */
export async function claimPipedAttempt(
  world: Pick<World, "files">,
  folder: string,
  parents: readonly string[],
): Promise<AppendFile | undefined> {
  const { files } = world;
  for (const parent of parents) await files.makeFolder(parent);
  if (!(await files.makeFolder(folder))) return undefined;
  const spool = await files.createExclusive(attemptPaths(folder).spool);
  const outermost = parents[0] ?? folder;
  const above = outermost.slice(0, outermost.lastIndexOf("/")) || "/";
  await Promise.all([folder, ...parents, above].map((path) => files.syncFolder(path)));
  return spool;
}

/** Starts the wrapper on a claimed attempt. @throws IoError when the system refuses. */
export function startAgent(world: Pick<World, "agents">, start: AgentStart): Promise<void> {
  return world.agents.start(start);
}
