/**
 * What a run's servers counted, for its record: per life the operations in order, and what befell at which of them.
 *
 * Always: of all processes that count, a life is the one that answered, or that something befell.
 */
import { createHash } from "node:crypto";
import type { CountedBoundaries } from "../history.ts";
import { type Hit, modesOf } from "./operation.ts";
import { stepOf } from "./step.ts";
import type { Trace } from "./trace.ts";

/** Something that came at an operation: the end of the process, a power cut, or a failure. */
export interface Met {
  readonly life: number;
  readonly hit: Hit;
  /** What a power cut took, in words. */
  lost?: string;
}

/** @param traces of all lives, from the first on. */
export function countedIn(
  traces: readonly { readonly life: number; readonly trace: Trace | undefined }[],
  hits: readonly Met[],
  runDir: string,
): CountedBoundaries {
  return {
    // Of a life that left no trace nothing is known, which is something else than that it did nothing.
    lives: traces.map(({ life, trace }) =>
      trace === undefined
        ? { life, script: "", operations: [], unknown: [`all of server ${life}`] }
        : { life, ...told(trace, runDir) },
    ),
    hits: hits.map(({ life, hit, lost }) => ({
      ...(lost === undefined ? {} : { lost }),
      life,
      operation: hit.operation.n,
      mode: hit.mode,
      step: stepOf(hit.operation, runDir),
      state: stateOf(traces.find((one) => one.life === life)?.trace, hit, runDir),
    })),
  };
}

function told({ head, operations }: Trace, runDir: string): Omit<CountedBoundaries["lives"][number], "life"> {
  // Node's own options may stand before the script; the shim sees them, the preload does not.
  const script =
    head.argv.slice(1).find((argument) => /\.[cm]?[jt]sx?$/.test(argument)) ?? head.argv[1] ?? "";
  return {
    script: script.startsWith(`${runDir}/`) ? script.slice(runDir.length + 1) : script,
    operations: operations.map((operation) => ({
      op: operation.op,
      step: stepOf(operation, runDir),
      modes: modesOf(operation),
    })),
    unknown: head.unknown,
  };
}

/** What was behind the process and what was under way then, as a short hash. */
function stateOf(trace: Trace | undefined, hit: Hit, runDir: string): string {
  const before = (trace?.operations ?? []).filter(({ n }) => n < hit.operation.n);
  const words = before.map((operation) => `${stepOf(operation, runDir)} ${operation.ended === undefined}`);
  return createHash("sha256").update(words.join("\n")).digest("hex").slice(0, 12);
}
