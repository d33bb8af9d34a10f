/**
 * `pnpm chaos enumerate SCENARIO`: every crash of one scenario in memory, as a table.
 */
import type { Plan } from "../plan/plan.ts";
import { type Enumeration, enumerate } from "./enumerate.ts";
import { type DiskModel, powerModels } from "./power.ts";

export const models: readonly DiskModel[] = ["kill", ...powerModels];

export interface MemoryFlags {
  readonly model?: DiskModel;
  readonly pairs: boolean;
  readonly runs?: string;
}

/** Enumerates under each model and prints the tables; returns the exit code. */
export async function enumerateInMemory(name: string, plan: Plan, flags: MemoryFlags): Promise<number> {
  const runsMax = flags.runs === undefined ? undefined : Number(flags.runs);
  if (runsMax !== undefined && !(runsMax > 0)) {
    process.stderr.write("chaos: --runs takes a number.\n");
    return 2;
  }
  let code = 0;
  for (const model of flags.model === undefined ? models : [flags.model]) {
    const found = await enumerate(plan, {
      model,
      pairs: flags.pairs,
      ...(runsMax === undefined ? {} : { runsMax }),
      onRun: (runs, waiting) => {
        if (process.stderr.isTTY) process.stderr.write(`\r${model}: ${runs} runs, ${waiting} to go \u001b[K`);
      },
    });
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
    process.stdout.write(tableOf(name, model, found));
    if (found.failures.some(({ verdict }) => verdict.includes("/"))) code = 1;
    else if (found.failures.length > 0 && code === 0) code = 3;
  }
  return code;
}

/** The table of one model, and what it covers, in words. */
export function tableOf(name: string, model: DiskModel, found: Enumeration): string {
  const lines = [
    `${name}, ${model}`,
    `  ${"step".padEnd(34)}${"calls".padStart(6)}${"runs".padStart(7)}  outcome`,
  ];
  for (const { step, calls, runs, outcomes } of found.rows) {
    const told = [...outcomes].map(([verdict, count]) => `${count} ${verdict}`).join(", ");
    lines.push(
      `  ${step.padEnd(34)}${String(calls).padStart(6)}${String(runs).padStart(7)}  ${told || "as at an earlier step"}`,
    );
  }
  const sampled =
    found.sampled === 0 ? "" : ` At ${found.sampled} calls more states are legal than were taken.`;
  const left = found.left === 0 ? "" : ` ${found.left} crashes were left out, as asked.`;
  const rate = ((found.runs * 1_000) / Math.max(1, found.cpuMs)).toFixed(0);
  lines.push(
    `  ${found.calls} calls to the end without a crash · ${found.states} distinct places and states · ${found.pairs} pairs · ${found.runs} runs · ${(found.cpuMs / 1_000).toFixed(1)} CPU s (${rate} runs a second).${sampled}${left}`,
    `  places and states found by CPU second: ${found.curve.map((count) => count ?? 0).join(" ")}`,
  );
  const told = new Set<string>();
  for (const { verdict, crashes, stories } of found.failures) {
    if (told.has(verdict)) continue;
    told.add(verdict);
    lines.push(`  ${verdict}`, `    ${stories[0] ?? ""}`, `    crashes: ${JSON.stringify(crashes)}`);
  }
  return `${lines.join("\n")}\n\n`;
}
