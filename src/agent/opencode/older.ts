/**
 * opencode's older store, a tree of JSON files beside the database: its sessions are found and named, and not read.
 *
 * opencode moves them to its database when it is started; one that was moved is read there.
 * Always: of a folder that is not there nothing is found.
 */
import { isRecord } from "../../model/json.ts";
import type { Files } from "../../model/ports.ts";
import { readFile } from "../read-file.ts";
import { parse } from "../resume-decode.ts";
import { firstLine, namesIn, withoutSlash } from "../resume-find.ts";
import type { FoundSession } from "../resume-types.ts";

const idOfFile = /^(ses_[0-9A-Za-z]{8,64})\.json$/;

/** What is said of such a session. */
export const olderWhy =
  "This session stands in opencode's older store of JSON files, which is not read; opencode moves it to its database when it is started";

/** Is this a file of the older store? */
export function isOlder(path: string): boolean {
  return path.includes("/storage/session/") && path.endsWith(".json");
}

/** @param databasePath of the newer store, beside which the older one stands. */
export async function olderSessions(
  files: Files,
  databasePath: string,
  cwd: string,
): Promise<FoundSession[]> {
  const root = `${databasePath.slice(0, databasePath.lastIndexOf("/"))}/storage/session`;
  const found: FoundSession[] = [];
  for (const project of await namesIn(files, root)) {
    for (const name of await namesIn(files, `${root}/${project}`)) {
      const id = idOfFile.exec(name)?.[1];
      const path = `${root}/${project}/${name}`;
      if (id !== undefined && (await folderIn(files, path)) === cwd)
        found.push({ agent: "opencode", id, path });
    }
  }
  return found;
}

/** The folder that the session worked in; the file is one JSON object, with or without line ends. */
async function folderIn(files: Files, path: string): Promise<string | undefined> {
  const head = await firstLine(files, path);
  const whole = head === undefined ? undefined : parse(head);
  const value = isRecord(whole) ? whole : await wholeFile(files, path);
  return isRecord(value) && typeof value.directory === "string" ? withoutSlash(value.directory) : undefined;
}

async function wholeFile(files: Files, path: string): Promise<unknown> {
  const read = await readFile(files, path);
  return read.status === "read" ? parse(new TextDecoder().decode(read.bytes)) : undefined;
}
