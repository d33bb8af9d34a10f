/** What a crash took of the files that orchestrator, agents and people rely on, told by content before and after. */
import { effectsFileName } from "../ledger.ts";
import type { SubjectFile } from "../subject/contract.ts";
import type { Computer } from "./computer.ts";
import { FileNode } from "./nodes.ts";

export interface Loss {
  readonly role: SubjectFile["role"] | "effects";
  readonly path: string;
  /** In the coordinates of the file before the crash. */
  readonly fromByte: number;
  readonly toByte: number;
}

const roles: readonly (readonly [pattern: RegExp, role: Loss["role"]])[] = [
  [/\/journal\/\d{8}\.journal$/, "journal"],
  [/\/attempts\/\d+\/spool$/, "spool"],
  [/\/\.coding-agent\/events\/[^/]+\.jsonl$/, "log"],
  [/\/\.coding-agent\/sessions\/[^/]+\.json$/, "snapshot"],
  [new RegExp(`/workspace/${effectsFileName.replace(".", "\\.")}$`), "effects"],
];

export type Contents = ReadonlyMap<string, { readonly role: Loss["role"]; readonly content: Uint8Array }>;

/** Contents of the files that have a role, as every process reads them now. */
export function contentsOf({ disk }: Computer): Contents {
  const contents = new Map<string, { role: Loss["role"]; content: Uint8Array }>();
  for (const [path, node] of disk.paths()) {
    const role = node instanceof FileNode ? roleOf(path) : undefined;
    if (node instanceof FileNode && role !== undefined) contents.set(path, { role, content: node.content });
  }
  return contents;
}

/** Contents of the same files, as far as they are there now; nothing else is looked at. */
export function contentsAgain(before: Contents, { disk }: Computer): Contents {
  const contents = new Map<string, { role: Loss["role"]; content: Uint8Array }>();
  for (const [path, { role }] of before) {
    const node = disk.at(path);
    if (node instanceof FileNode) contents.set(path, { role, content: node.content });
  }
  return contents;
}

/** Of what there was before and is other now: from the first byte that differs to the end of the longer one. */
export function lossesOf(before: Contents, after: Contents): Loss[] {
  const losses: Loss[] = [];
  for (const [path, { role, content }] of before) {
    const left = after.get(path)?.content ?? new Uint8Array();
    const fromByte = firstDifference(content, left);
    const toByte = Math.max(content.length, left.length);
    if (fromByte < toByte) losses.push({ role, path, fromByte, toByte });
  }
  return losses;
}

/** The half of a write that the end of a process left. */
export function tornTail({ disk }: Computer): Loss[] {
  const last = disk.lastWrite;
  for (const [path, node] of disk.paths()) {
    const role = roleOf(path);
    if (last === undefined || node !== last.file || role === undefined) continue;
    return [{ role, path, fromByte: last.before.length, toByte: last.after.length }];
  }
  return [];
}

/** The session id in a file's path, the subject's or the agent's own. */
export function sessionIdOf(path: string): string | undefined {
  return (
    /\/sessions\/([^/]+)\/attempts\//.exec(path)?.[1] ??
    /\/\.coding-agent\/\w+\/([^/]+)\.jsonl?$/.exec(path)?.[1]
  );
}

function roleOf(path: string): Loss["role"] | undefined {
  return roles.find(([pattern]) => pattern.test(path))?.[1];
}

function firstDifference(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) if (left[at] !== right[at]) return at;
  return length;
}
