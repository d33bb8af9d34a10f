/**
 * What the commands about a project have in common: the folder, the homes, and what is read.
 *
 * Always: what a person gave wrongly is one sentence and exit code 2.
 */

import type { KeepLimits } from "../agent/resume-types.ts";
import type { Program } from "../host/program.ts";
import { type Home, type Inspection, type InspectWorld, inspectProject } from "../inspect/index.ts";
import type { World } from "../model/ports.ts";
import { homeFolderDefault } from "../orchestrator/settings.ts";
import { readOurRecord } from "./our-record.ts";

export interface ProjectFlags {
  /** Home folders; the person's own when none is given. */
  readonly home?: readonly string[];
  readonly holdfastHome?: string;
  readonly session?: string;
}

export interface ProjectWorld extends InspectWorld {
  readonly world: World;
}

/** A sentence for the person; exit code 2. */
export interface Misuse {
  readonly misuse: string;
}

/** Inspects what DIR and the flags name. */
export async function inspectFolder(
  { world, ...rest }: ProjectWorld,
  program: Pick<Program, "cwd" | "env">,
  dir: string,
  flags: ProjectFlags,
  keep: KeepLimits | undefined,
): Promise<Inspection | Misuse> {
  if (dir.includes("\0")) return { misuse: "The folder's name has a NUL byte in it. Give its path." };
  const given = absolute(program.cwd, dir);
  const real = await rest.names.resolve?.(given);
  const stat = await world.files.stat(given).catch(() => undefined);
  if (stat !== undefined && stat.kind !== "folder") {
    return { misuse: `${given} is a ${stat.kind}, not a folder. Give the folder that the agent worked in.` };
  }
  const homes = homesOf(program, flags);
  if (homes.length === 0) return { misuse: "HOME is not set. Set it, or give --home." };
  const { home: own = homes[0]?.path ?? "/" } = { home: program.env.HOME };
  const record = absolute(program.cwd, flags.holdfastHome ?? `${own}/${homeFolderDefault}`);
  const inspection = await inspectProject(rest, {
    folders: [...new Set([real ?? given, given])],
    homes,
    ours: await readOurRecord(world, record, keep),
    ...(flags.session === undefined ? {} : { sessionId: flags.session }),
    ...(keep === undefined ? {} : { keep }),
  });
  return misuseIn(inspection, stat !== undefined, flags) ?? inspection;
}

function misuseIn(
  { folder, sessions, troubles }: Inspection,
  isThere: boolean,
  flags: ProjectFlags,
): Misuse | undefined {
  if (sessions.length > 0) return undefined;
  if (flags.session !== undefined && troubles.length === 0) {
    return {
      misuse: `No session of ${folder} has the id ${flags.session}. Without --session all are listed.`,
    };
  }
  return isThere ? undefined : { misuse: `There is no folder ${folder}, and no agent has a session of it.` };
}

/** A folder that is given stands for itself: the environment moves only the person's own stores. */
function homesOf({ cwd, env }: Pick<Program, "cwd" | "env">, { home }: ProjectFlags): Home[] {
  if (home !== undefined && home.length > 0)
    return home.map((path) => ({ path: absolute(cwd, path), env: {} }));
  return env.HOME === undefined || env.HOME === "" ? [] : [{ path: env.HOME, env }];
}

/** The path from the root on, without `.`, `..` and doubled slashes. */
export function absolute(cwd: string, path: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}
