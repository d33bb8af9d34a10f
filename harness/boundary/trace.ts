/**
 * Reads what a process under test wrote about itself: its operations, how each ended, and where it ended itself.
 *
 * Always: a last line that the end of the process cut is left out; any other bad line is the harness' own fault and throws.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { boundaryModes, type Hit, type Operation, type TraceHead } from "./operation.ts";

const OperationSchema = z.strictObject({
  n: z.number(),
  op: z.enum([
    "open",
    "write",
    "writeFile",
    "copyFile",
    "truncate",
    "rename",
    "unlink",
    "mkdir",
    "rmdir",
    "link",
    "symlink",
    "sync",
    "meta",
    "spawn",
  ]),
  path: z.string(),
  to: z.string().optional(),
  flags: z.number().optional(),
  bytes: z.number().optional(),
  at: z.number().nullable().optional(),
  data: z.string().optional(),
});
const LineSchema = z.union([
  z.strictObject({
    kind: z.literal("process"),
    pid: z.number(),
    argv: z.array(z.string()),
    by: z.enum(["preload", "shim"]),
    unknown: z.array(z.string()),
  }),
  OperationSchema,
  z.strictObject({ done: z.number(), error: z.string().optional() }),
]);
const HitSchema = z.strictObject({
  pid: z.number(),
  mode: z.enum([...boundaryModes, "fail"]),
  operation: OperationSchema,
});

/** An operation and how it ended: undefined while nobody was told. */
export interface Traced extends Operation {
  readonly ended?: { readonly error?: string };
  /** Operations that were asked for before this one's end was told; its own number when it ended at once. */
  readonly endedAfter?: number;
}

/** One process. */
export interface Trace {
  readonly head: TraceHead;
  readonly operations: readonly Traced[];
}

/** Every trace whose file name starts as given. */
export function readTraces(prefix: string): Trace[] {
  const folder = path.dirname(prefix);
  const start = `${path.basename(prefix)}.`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && name.endsWith(".jsonl"))
    .sort()
    .flatMap((name) => parseTrace(readFileSync(path.join(folder, name), "utf8")) ?? []);
}

/** Undefined when the process ended before its first line was whole. */
export function parseTrace(text: string): Trace | undefined {
  let head: TraceHead | undefined;
  const operations = new Map<number, Traced>();
  let asked = 0;
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    if (line === "") continue;
    const read = LineSchema.parse(JSON.parse(line)) as
      | TraceHead
      | Operation
      | { done: number; error?: string };
    if ("kind" in read) head = read;
    else if ("n" in read) {
      operations.set(read.n, read);
      asked = read.n;
    } else {
      const { done, error } = read;
      const operation = operations.get(done);
      const ended = error === undefined ? {} : { error };
      if (operation !== undefined) operations.set(done, { ...operation, ended, endedAfter: asked });
    }
  }
  return head === undefined ? undefined : { head, operations: [...operations.values()] };
}

/** Where a process ended itself; undefined when none has. */
export function readHit(prefix: string): Hit | undefined {
  try {
    return HitSchema.parse(JSON.parse(readFileSync(`${prefix}.hit`, "utf8"))) as Hit;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
