/**
 * `pnpm chaos enumerate SCENARIO --real`: every boundary of a scenario on real processes, as a table or as JSON.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { workersFor } from "../campaign/pool.ts";
import { withPool } from "../campaign/with-pool.ts";
import type { Plan } from "../plan/plan.ts";
import { loadSubject, subjectSlug, subjectSpec } from "../subject/load.ts";
import { enumerateReal, type RealPowerModel } from "./enumerate.ts";
import { whyNoLoopDisk } from "./loop-disk.ts";
import { type BoundaryMode, boundaryModes, type FailureCode } from "./operation.ts";
import { whyNoDisk } from "./small-disk.ts";
import { exitCodeOf, summaryOf, tableOf } from "./table.ts";
import type { Counter } from "./tools.ts";

export interface RealFlags {
  readonly subject: string;
  readonly checkout?: string;
  readonly by: Counter;
  readonly modes?: readonly BoundaryMode[];
  readonly recovery: "none" | "sampled" | "all";
  readonly power?: readonly RealPowerModel[];
  readonly cuts: number;
  readonly fails?: readonly FailureCode[];
  readonly smallDisk: boolean;
  readonly times: number;
  readonly points?: number;
  readonly workers: number;
  readonly reporter: "pretty" | "json";
  readonly out: string;
}

/** Enumerates, prints the report alone on stdout, and returns the exit code. */
export async function enumerateOnProcesses(name: string, plan: Plan, flags: RealFlags): Promise<number> {
  const spec = subjectSpec(flags.subject, flags.checkout);
  const subject = await loadSubject(spec);
  const outDir = path.join(flags.out, `${subjectSlug(spec)}-${name}`);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  const why =
    (flags.smallDisk ? whyNoDisk() : undefined) ??
    (flags.power?.includes("device") === true ? whyNoLoopDisk() : undefined);
  const wrong =
    flags.fails !== undefined && flags.by !== "shim" ? "Only the shim lets operations fail: --by shim." : why;
  if (wrong !== undefined) {
    process.stderr.write(`chaos: ${wrong}\n`);
    return 2;
  }
  const before = childCpuSeconds();
  const found = await withPool(
    { workers: workersFor(subject, flags.workers), subject, counter: flags.by },
    (pool) =>
      enumerateReal({
        plan,
        subject: spec,
        by: flags.by,
        // Who asks for a disk that fails asks for nothing else by that.
        modes: flags.modes ?? (flags.fails === undefined && !flags.smallDisk ? boundaryModes : []),
        fails: flags.fails ?? [],
        smallDisk: flags.smallDisk,
        power: { models: flags.power ?? [], states: flags.cuts },
        recovery: flags.recovery,
        times: flags.times,
        ...(flags.points === undefined ? {} : { pointsMax: flags.points }),
        outDir: path.resolve(outDir),
        sideBySide: flags.workers,
        run: (job) => pool.run(job),
        onProgress: progressPrinter(),
        signal: interrupt.signal,
      }),
  );
  if (process.stderr.isTTY === true) process.stderr.write("\r\u001b[K");
  const after = childCpuSeconds();
  const cpuSeconds = before === undefined || after === undefined ? undefined : after - before;
  const summary = summaryOf(found);
  const exitCode = exitCodeOf(found, summary);
  if (flags.reporter === "json") {
    const { lives, complete, left, runs, durationMs, points } = found;
    const operations = lives.map(({ life, operations: all }) => ({ life, operations: all.length }));
    process.stdout.write(
      `${JSON.stringify({ scenario: name, subject: spec, ...summary, operations, complete, left, runs, durationMs, cpuSeconds, all: points })}\n`,
    );
  } else process.stdout.write(tableOf(name, found, summary, cpuSeconds, spec));
  return exitCode;
}

function progressPrinter(): (done: number, known: number, defects: number) => void {
  const started = performance.now();
  let last = 0;
  return (done, known, defects) => {
    const isTerminal = process.stderr.isTTY === true;
    const now = performance.now() - started;
    if (now - last < (isTerminal ? 200 : 10_000)) return;
    last = now;
    const red = defects === 0 ? "" : `, ${defects} with a defect`;
    const line = `enumerate: ${done} of ${known} points known so far, ${(now / 1000).toFixed(0)} s${red}`;
    process.stderr.write(isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
  };
}

/** CPU time of everything that this process started and that is gone: where /proc tells. */
function childCpuSeconds(): number | undefined {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Fields 16 and 17 in clock ticks, of which there are 100 a second on every Linux that Node runs on.
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return undefined;
  }
}
