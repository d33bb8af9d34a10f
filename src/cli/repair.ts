import type { Program } from "../host/program.ts";
import type { ProjectFlags, ProjectWorld } from "./project.ts";
export interface RepairFlags extends ProjectFlags {
  readonly write?: boolean;
}
export async function repairCommand(
  _make: () => Promise<ProjectWorld>,
  program: Program,
  _dir: string,
  _flags: RepairFlags,
): Promise<void> {
  program.exit(2);
}
