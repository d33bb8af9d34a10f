/**
 * What a system-call trace (strace -f -y) says that a process did to files: the completeness check of those who count
 * from inside.
 *
 * Always: only the first process of the trace with its threads; what it started has counts of its own.
 * A call that changes a path for which nobody counted an operation of that kind is a blind spot.
 */
import type { Operation } from "./operation.ts";

type Kind = "open" | "write" | "sync" | "truncate" | "rename" | "unlink" | "mkdir" | "link";

export interface TracedCall {
  readonly kind: Kind;
  readonly path: string;
}

/** Calls to be traced: `strace -f -y -o FILE -e trace=<this>`. */
export const straceCalls =
  "openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,fsync,fdatasync,ftruncate,truncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink,symlinkat,clone,clone3,fork,vfork";

const kinds: readonly (readonly [calls: RegExp, kind: Kind])[] = [
  [/^(openat|open|creat)$/, "open"],
  [/^(write|pwrite64|writev|pwritev|pwritev2|sendfile)$/, "write"],
  [/^(fsync|fdatasync)$/, "sync"],
  [/^(ftruncate|truncate|fallocate)$/, "truncate"],
  [/^rename/, "rename"],
  [/^(unlink|unlinkat|rmdir)$/, "unlink"],
  [/^mkdir/, "mkdir"],
  [/^(link|linkat|symlink|symlinkat)$/, "link"],
];

/** Mutating calls of the first process, on absolute paths of real files. */
export function readStrace(text: string): TracedCall[] {
  const [first] = /^\d+/.exec(text) ?? [];
  const own = new Set(first === undefined ? [] : [first]);
  /** Flags of a clone that had not returned when its line was written. */
  const pending = new Map<string, string>();
  const calls: TracedCall[] = [];
  for (const line of text.split("\n")) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (!own.has(thread)) continue;
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    const [, callName = "", args = ""] = resumed ?? /^(\w+)\((.*)$/.exec(rest) ?? [];
    if (/^(clone3?|v?fork)$/.test(callName)) {
      const flags = resumed === null ? args : `${pending.get(thread) ?? ""}${args}`;
      pending.set(thread, args);
      const child = / = (\d+)$/.exec(args.trimEnd())?.[1];
      if (child !== undefined && flags.includes("CLONE_THREAD")) own.add(child);
      continue;
    }
    // Its arguments stood where it began.
    if (resumed !== null) continue;
    const kind = kinds.find(([pattern]) => pattern.test(callName))?.[1];
    const path = kind === undefined ? undefined : pathOf(kind, args);
    if (kind !== undefined && path !== undefined) calls.push({ kind, path });
  }
  return calls;
}

function pathOf(kind: Kind, args: string): string | undefined {
  if (kind === "open" && !/\bO_(CREAT|TRUNC)\b/.test(args)) return undefined;
  const behind = /^\d+<(\/[^>]*)>/.exec(args)?.[1];
  const named = /"([^"]*)"/.exec(args)?.[1];
  const path = kind === "write" || kind === "sync" || kind === "truncate" ? (behind ?? named) : named;
  return path?.startsWith("/") && !/^\/(dev|proc|sys)\//.test(path) ? path : undefined;
}

/** Calls under the folders for which nobody counted an operation of that kind on that path. */
export function blindSpots(
  calls: readonly TracedCall[],
  operations: readonly Operation[],
  folders: readonly string[],
): readonly TracedCall[] {
  const counted = new Set(
    operations.flatMap((operation) => kindsOf(operation).map((kind) => `${kind} ${operation.path}`)),
  );
  const isOurs = ({ path }: TracedCall) =>
    folders.some((folder) => path.startsWith(`${folder}/`) || path === folder);
  // The folders above one that is made together with them are part of that operation.
  const isAbove = (path: string) =>
    operations.some((operation) => operation.op === "mkdir" && operation.path.startsWith(`${path}/`));
  return calls.filter(
    (call) =>
      isOurs(call) &&
      !counted.has(`${call.kind} ${call.path}`) &&
      !(call.kind === "mkdir" && isAbove(call.path)),
  );
}

function kindsOf({ op }: Operation): readonly Kind[] {
  switch (op) {
    case "writeFile":
      return ["open", "write"];
    case "rmdir":
      return ["unlink"];
    case "symlink":
    case "link":
      return ["link"];
    case "open":
    case "write":
    case "sync":
    case "truncate":
    case "rename":
    case "unlink":
    case "mkdir":
      return [op];
    default:
      return [];
  }
}
