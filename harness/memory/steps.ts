/** Names of port calls as steps of the protocol: the call and what kind of file it is about, without ids. */
import type { PortCall } from "./calls.ts";

const shapes: readonly (readonly [pattern: RegExp, shape: string])[] = [
  [/\/journal\/\d{8}\.journal$/, "journal segment"],
  [/\/journal$/, "journal folder"],
  [/\/token$/, "token"],
  [/\/attempts\/\d+\/spool$/, "spool"],
  [/\/attempts\/\d+\/(stdin|alive)$/, "attempt FIFO"],
  [/\/attempts\/\d+\/(started|pid|exit)$/, "wrapper's $1"],
  [/\/attempts\/\d+\/original-\d+.*$/, "kept original"],
  [/\/attempts\/\d+$/, "attempt folder"],
  [/\/attempts$/, "attempts folder"],
  [/\/cuts\/[^/]+\.tmp-[^/]+$/, "stored cut (temporary)"],
  [/\/cuts\/[^/]+$/, "stored cut"],
  [/\/cuts$/, "cuts folder"],
  [/\/sessions\/[0-9a-f]{16}$/, "session folder"],
  [/\/home\/sessions$/, "sessions folder"],
  [/\/\.coding-agent\/sessions\/[^/]+\.tmp-[^/]+$/, "agent's snapshot (temporary)"],
  [/\/\.coding-agent\/sessions\/[^/]+$/, "agent's snapshot"],
  [/\/\.coding-agent\/events\/[^/]+$/, "agent's log"],
  [/\/\.coding-agent(\/\w+)?$/, "agent's store folder"],
  [/\/home$/, "home folder"],
  [/\/workspace$/, "workspace"],
];

/** What kind of file a path of the reference or of its agent is, without ids; undefined for any other path. */
export function shapeOf(path: string): string | undefined {
  for (const [pattern, shape] of shapes) {
    const match = pattern.exec(path);
    if (match !== null) return shape.replace("$1", match[1] ?? "");
  }
  return undefined;
}

/** @example stepOf({ number: 7, op: "sync", path: "/run/subject/home/journal/00000001.journal" }) // "sync journal segment" */
export function stepOf({ op, path }: Pick<PortCall, "op" | "path">): string {
  if (path === "") return op;
  return `${op} ${shapeOf(path) ?? path.slice(path.lastIndexOf("/") + 1)}`;
}
