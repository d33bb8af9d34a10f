/**
 * Projects: folders that agents work in.
 */

import { IoError } from "../model/ports.ts";
import { type Context, exclusively } from "../session/context.ts";
import { type Answer, answer, refuse } from "./answer.ts";

/** Registers a folder; the same folder again is the same project. */
export function makeProject(
  context: Context,
  name: string | undefined,
  path: string | undefined,
): Promise<Answer> {
  return exclusively(context, "projects", () => makeOne(context, name, path));
}

async function makeOne(
  context: Context,
  name: string | undefined,
  path: string | undefined,
): Promise<Answer> {
  if (path === undefined || !isPlainPath(path)) {
    return refuse(
      400,
      "bad-path",
      'The field "path" must be an absolute path without "..", such as "/home/me/project".',
    );
  }
  const known = [...context.state.projects.values()].find((project) => project.path === path);
  if (known !== undefined) return answer(200, { ...known });
  if (!(await isFolder(context, path))) {
    return refuse(400, "no-folder", `There is no folder at ${path}. Make it first, or correct the path.`);
  }
  const id = context.world.ids.next();
  const project = { id, name: name ?? path.slice(path.lastIndexOf("/") + 1), path };
  await context.recorder.record("project", { ...project, atMs: context.world.clock.now() });
  return answer(201, project);
}

/** Of a loop of links, a name that no disk takes, or what is not ours to look at, it is said that there is none. */
export async function isFolder({ world }: Pick<Context, "world">, path: string): Promise<boolean> {
  try {
    return (await world.files.stat(path))?.kind === "folder";
  } catch (thrown) {
    if (thrown instanceof IoError && ["EACCES", "ELOOP", "ENAMETOOLONG"].includes(thrown.code)) return false;
    throw thrown;
  }
}

function isPlainPath(path: string): boolean {
  if (!path.startsWith("/") || path.includes("\0")) return false;
  return (
    path.length > 1 &&
    path
      .slice(1)
      .split("/")
      .every((name) => name !== "" && name !== "." && name !== "..")
  );
}
