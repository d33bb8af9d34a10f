/**
 * `pnpm chaos enumerate SCENARIO`: every crash of one scenario in memory, or of all, as a table.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { dir as temporaryFolder } from "tmp-promise";
import type { Scenario } from "../../scenarios/scenario.ts";
import { type EnumerateOptions, type Enumeration, enumerate } from "./enumerate.ts";
import type { Coverage } from "./enumeration/exhaustive.ts";
import { openPool } from "./enumeration/pool.ts";
import { ForeignProgress } from "./enumeration/progress.ts";
import { powerModels } from "./power.ts";

export type Model = EnumerateOptions["model"];
export const models: readonly Model[] = ["kill", ...powerModels];
const seed = 1;

export interface MemoryFlags {
  readonly model?: Model;
  readonly pairs: boolean;
  readonly runs?: number;
  readonly states: number | "all";
  readonly workers: number;
  readonly progress?: string;
}

/** Enumerates each scenario under each model and prints the tables; returns the exit code. */
export async function enumerateInMemory(scenarios: readonly Scenario[], flags: MemoryFlags): Promise<number> {
  const wrong = misuse(flags);
  if (wrong !== undefined) {
    process.stderr.write(`chaos: ${wrong}\n`);
    return 2;
  }
  const { path: dir, cleanup } = await temporaryFolder({ prefix: "holdfast-enumerate", unsafeCleanup: true });
  try {
    return await enumerateAll(scenarios, flags, dir);
  } finally {
    await cleanup();
  }
}

async function enumerateAll(
  scenarios: readonly Scenario[],
  flags: MemoryFlags,
  dir: string,
): Promise<number> {
  let code = 0;
  const totals = { runs: 0, known: 0, states: 0, pairs: 0, failures: 0 };
  for (const scenario of scenarios) {
    for (const model of flags.model === undefined ? models : [flags.model]) {
      const found = await enumerateOne(scenario, model, flags, dir);
      if (found === undefined) return 2;
      process.stdout.write(tableOf(scenario.name, model, found));
      totals.runs += found.runs;
      totals.known += found.known;
      totals.states += found.states;
      totals.pairs += found.pairs;
      totals.failures += found.failures.length;
      if (found.failures.some(({ verdict }) => verdict.includes("/"))) code = 1;
      else if (found.failures.length > 0 && code === 0) code = 3;
    }
  }
  const { runs, known, states, pairs, failures } = totals;
  process.stdout.write(
    `${scenarios.length} scenario${scenarios.length === 1 ? "" : "s"} · ${states} places and states · ${pairs} pairs · ${runs} runs, ${known} more from before · ${failures} not green\n`,
  );
  return code;
}

/** Undefined, and the reason on stderr, when the kept progress is of something else. */
async function enumerateOne(
  { name, plan }: Scenario,
  model: Model,
  flags: MemoryFlags,
  dir: string,
): Promise<Enumeration | undefined> {
  const pool = await openPool(plan, seed, flags.workers, dir);
  if (flags.progress !== undefined) mkdirSync(flags.progress, { recursive: true });
  let toldAt = Date.now();
  try {
    return await enumerate(plan, {
      model,
      seed,
      pool,
      pairs: flags.pairs,
      statesMax: flags.states,
      ...(flags.runs === undefined ? {} : { runsMax: flags.runs }),
      ...(flags.progress === undefined
        ? {}
        : { progress: path.join(flags.progress, `${name}-${model}.jsonl`) }),
      onRun: (runs, waiting) => {
        const now = Date.now();
        if (process.stderr.isTTY) process.stderr.write(`\r${model}: ${runs} runs, ${waiting} to go \u001b[K`);
        else if (now - toldAt > 30_000) {
          toldAt = now;
          process.stderr.write(`${name}, ${model}: ${runs} runs, ${waiting} to go\n`);
        }
      },
    });
  } catch (error) {
    if (!(error instanceof ForeignProgress)) throw error;
    process.stderr.write(`chaos: ${error.message}\n`);
    return undefined;
  } finally {
    pool.close();
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }
}

function misuse({ model, pairs }: MemoryFlags): string | undefined {
  return model === "faults" && pairs ? "--pairs is about crashes, not about faults." : undefined;
}

/** The table of one model, and what it covers, in words. */
export function tableOf(name: string, model: Model, found: Enumeration): string {
  const lines = [
    `${name}, ${model}`,
    `  ${"step".padEnd(34)}${"calls".padStart(6)}${"runs".padStart(7)}  outcome`,
  ];
  for (const { step, calls, runs, outcomes, model: of } of found.rows) {
    if (model === "faults" && runs === 0) continue;
    const title = model === "faults" ? `${step}: ${of}` : step;
    const told = [...outcomes].map(([verdict, count]) => `${count} ${verdict}`).join(", ");
    lines.push(
      `  ${title.padEnd(34)}${String(calls).padStart(6)}${String(runs).padStart(7)}  ${told || "as at an earlier step"}`,
    );
  }
  const sampled =
    found.sampled === 0 ? "" : ` At ${found.sampled} calls more states are legal than were taken.`;
  const counted = [
    found.coverage === undefined ? "" : ` ${coverageOf("of all calls", found.coverage, found.sampled)}`,
    found.coverageOfPairs === undefined
      ? ""
      : ` ${coverageOf("of all calls in the recoveries of these runs", found.coverageOfPairs, found.sampled)}`,
  ].join("");
  const left = found.left === 0 ? "" : ` ${found.left} crashes were left out, as asked.`;
  const known = found.known === 0 ? "" : ` ${found.known} runs were known from before.`;
  const rate = ((found.runs * 1_000) / Math.max(1, found.cpuMs)).toFixed(0);
  lines.push(
    `  ${found.calls} calls to the end without a crash · ${found.states} distinct places and states · ${found.pairs} pairs · ${found.runs} runs · ${(found.cpuMs / 1_000).toFixed(1)} CPU s (${rate} runs a second).${counted}${sampled}${left}${known}`,
    `  places and states found by CPU second: ${found.curve.map((count) => count ?? 0).join(" ")}`,
  );
  const told = new Set<string>();
  for (const { verdict, job, stories } of found.failures) {
    if (told.has(verdict)) continue;
    told.add(verdict);
    lines.push(`  ${verdict}`, `    ${stories[0] ?? ""}`, `    ${JSON.stringify(job)}`);
  }
  return `${lines.join("\n")}\n\n`;
}

/** In words: of how many legal states the runs are the runs. */
function coverageOf(where: string, { legal, covered, apart, untold }: Coverage, sampled: number): string {
  const told =
    covered < legal
      ? `Not exhaustive: of ${legal} legal states ${where} the runs stand for ${covered}.`
      : sampled > 0
        ? `Exhaustive but for the pages of large files: the runs stand for all of ${legal} states ${where}.`
        : `Exhaustive: the runs stand for all ${legal} legal states ${where}.`;
  const own = apart === 0 ? "" : ` ${apart} calls needed runs of their own.`;
  return untold === 0
    ? `${told}${own}`
    : `${told}${own} At ${untold} calls equal states were not run equally.`;
}
