/**
 * The files of a hold, as the library lays them out, in the harness' words.
 *
 * Never: nothing is read from them but by which id the host knows a session.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SubjectFile } from "./contract.ts";

/** The files of a hold in the harness' words; the host's id of a session stands in the copy beside its attempt. */
export async function heldFiles(hold: string): Promise<SubjectFile[]> {
  const journal = (await names(join(hold, "journal")))
    .filter((name) => name.endsWith(".journal"))
    .map((name): SubjectFile => ({ role: "journal", path: join(hold, "journal", name) }));
  const sessions = await names(join(hold, "sessions"));
  const spools = await Promise.all(
    sessions.map(async (id) => {
      const folder = join(hold, "sessions", id, "attempts");
      const session = await hostId(join(folder, "1", "about.json"), id);
      return (await names(folder)).map(
        (attempt): SubjectFile => ({ role: "spool", path: join(folder, attempt, "spool"), session }),
      );
    }),
  );
  return [...journal, ...spools.flat()];
}

async function hostId(path: string, own: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return /"name":"([0-9a-f-]{36})"/.exec(text)?.[1] ?? own;
}

const names = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch((): string[] => [])).sort();
