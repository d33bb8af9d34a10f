/**
 * `pnpm chaos enumerate SCENARIO`: every crash of one scenario in memory, as a table.
 *
 * Exit codes as of the other commands: 1 a promise is broken · 2 misuse · 3 not to be trusted · 0 green.
 */
import { type Command, Option } from "commander";
import { loadScenarios } from "../../scenarios/index.ts";
import { type Enumeration, enumerate } from "./enumerate.ts";
import { type DiskModel, powerModels } from "./power.ts";

const models: readonly DiskModel[] = ["kill", ...powerModels];

interface EnumerateFlags {
  readonly model?: DiskModel;
  readonly pairs: boolean;
  readonly runs?: string;
}

/** Registers the command; `finish` takes its exit code. */
export function registerEnumerate(root: Command, finish: (code: number) => void): void {
  root
    .command("enumerate <scenario>")
    .description(
      "end the world at every call of a scenario, in memory, in every state that it can be left in",
    )
    .addOption(new Option("--model <name>", "only this disk model").choices([...models]))
    .option("--pairs", "in every recovery the same again", false)
    .option("--runs <number>", "stop after so many runs a model, spread over the whole scenario")
    .action(async (name: string, flags: EnumerateFlags) => finish(await run(name, flags)));
}

async function run(name: string, flags: EnumerateFlags): Promise<number> {
  const scenarios = await loadScenarios();
  const scenario = scenarios.find((one) => one.name === name);
  const runsMax = flags.runs === undefined ? undefined : Number(flags.runs);
  if (scenario === undefined || (runsMax !== undefined && !(runsMax > 0))) {
    const known = scenarios.map((one) => one.name).join(", ");
    const what =
      scenario === undefined ? `There is no scenario "${name}"; known: ${known}.` : "--runs takes a number.";
    process.stderr.write(`chaos: ${what}\n`);
    return 2;
  }
  let code = 0;
  for (const model of flags.model === undefined ? models : [flags.model]) {
    const found = await enumerate(scenario.plan, {
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
