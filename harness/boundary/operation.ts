/**
 * What is counted in a process under test: its mutating file operations and the processes that it starts, each one a
 * boundary at which the process can end.
 *
 * Shared by those who count from inside (preload, shim) and the reader of what they wrote. Imports nothing, since it
 * is bundled into the preload.
 */

/** Where in an operation the process ends. */
export const boundaryModes = ["before", "after", "empty", "torn"] as const;
export type BoundaryMode = (typeof boundaryModes)[number];
/** What an operation can fail with, as on a full, broken or read-only disk, or for want of descriptors. */
export const failures = ["ENOSPC", "EIO", "EMFILE", "EROFS"] as const;
export type FailureCode = (typeof failures)[number];

/** One operation, as it was asked for. */
export interface Operation {
  /** 1, 2, … within the process. */
  readonly n: number;
  readonly op:
    | "open"
    | "write"
    | "writeFile"
    | "copyFile"
    | "truncate"
    | "rename"
    | "unlink"
    | "mkdir"
    | "rmdir"
    | "link"
    | "symlink"
    | "sync"
    | "meta"
    | "spawn";
  /** Absolute; of a spawn, the program as it was named. */
  readonly path: string;
  /** Of rename, link and copyFile: the new name. */
  readonly to?: string;
  /** Open flags, as numbers of this system. */
  readonly flags?: number;
  /** Bytes to be written; of a truncate, the new length. */
  readonly bytes?: number;
  /** Offset of a write; null or missing: at the descriptor's own position, or the end for one that appends. */
  readonly at?: number | null;
  /** What was to be written, in base64; only where the trace was asked for data. */
  readonly data?: string;
}

/** First line of a trace. */
export interface TraceHead {
  readonly kind: "process";
  readonly pid: number;
  readonly argv: readonly string[];
  readonly by: "preload" | "shim";
  /** Functions of the runtime that may mutate and are not known to the counter: possible blind spots. */
  readonly unknown: readonly string[];
}

/** An operation returned: undefined as error when it succeeded. */
export interface TraceDone {
  readonly done: number;
  readonly error?: string;
}

export type TraceLine = TraceHead | Operation | TraceDone;

/** What a process leaves that has ended itself, or whose operation was made to fail. */
export interface Hit {
  readonly pid: number;
  readonly mode: BoundaryMode | "fail";
  readonly operation: Operation;
}

const making = ["open", "write", "mkdir", "link", "symlink"] as const;
/** Kinds of operation that the system lets fail so; the others go on, also where the failure stays. */
export const befalls: Readonly<Record<FailureCode, readonly Operation["op"][]>> = {
  // What takes no room can be done on a full disk.
  ENOSPC: making,
  EIO: [...making, "truncate", "rename", "unlink", "rmdir", "sync", "meta"],
  EMFILE: ["open"],
  // There is nothing to bring to a disk that takes nothing.
  EROFS: [...making, "truncate", "rename", "unlink", "rmdir", "meta"],
};

/** What a process is told through its environment. */
export interface BoundaryOrder {
  /** Traces go to `<trace>.<pid>.jsonl`; what was hit to `<trace>.hit`. */
  readonly trace: string;
  /** Only a process whose script (argv[1]) ends with this counts; all without. */
  readonly entry?: string;
  /** Ends the process there, or lets the operation fail; counts only, without. */
  readonly at?: {
    readonly operation: number;
    readonly mode: BoundaryMode | "fail";
    /** Of `fail`, which the shim alone can. */
    readonly fails?: FailureCode;
    /** Every later operation that can fail so does. */
    readonly stays?: boolean;
  };
  /** Trace what is written, too. */
  readonly data?: boolean;
  /** The machine was booted again: a file with its new boot id, read in the place of the system's. */
  readonly bootIdFile?: string;
}

/** Where Linux tells the boot id. */
export const bootIdPath = "/proc/sys/kernel/random/boot_id";

/** Variable of the environment with the order as JSON. */
export const orderVariable = "HOLDFAST_BOUNDARY";

/** The modes that leave something of their own behind at this operation. */
export function modesOf({ op, bytes = 0 }: Pick<Operation, "op" | "bytes">): readonly BoundaryMode[] {
  if (op === "copyFile" || (op === "writeFile" && bytes > 1)) return boundaryModes;
  if (op === "writeFile") return ["before", "after", "empty"];
  // A write alone empties nothing: the open before it does, and is an operation of its own.
  if (op === "write" && bytes > 1) return ["before", "after", "torn"];
  return ["before", "after"];
}
