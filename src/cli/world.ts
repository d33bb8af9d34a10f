/** The real machine, as the commands about a project see it. */
import { hostDatabases } from "../host/databases.ts";
import { hostNames } from "../host/names.ts";
import { hostProcessTable } from "../host/process-table.ts";
import { realWorld } from "../host/world.ts";
import type { ProjectWorld } from "./project.ts";

/** @param searchPath PATH of the person. */
export async function projectWorld(searchPath: string): Promise<ProjectWorld> {
  const world = await realWorld(searchPath);
  return {
    world,
    files: world.files,
    names: hostNames(),
    processes: hostProcessTable(world.processes),
    databases: hostDatabases(),
  };
}
