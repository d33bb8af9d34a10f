/**
 * `pnpm chaos enumerate SCENARIO`: ends the world everywhere in one scenario, in memory or on real processes.
 *
 * Exit codes as of the other commands: 1 a promise is broken · 2 misuse · 3 not to be trusted · 0 green.
 */
import { cpus } from "node:os";
import { type Command, InvalidArgumentError, Option } from "commander";
import { loadScenarios } from "../scenarios/index.ts";
import { enumerateOnProcesses, type RealFlags } from "./boundary/cli.ts";
import { boundaryModes, failures } from "./boundary/operation.ts";
import { wholeNumber } from "./cli-options.ts";
import { enumerateInMemory, type MemoryFlags, models } from "./memory/cli.ts";
import { statesMaxDefault } from "./memory/crash.ts";
import { isForMemory } from "./memory/execute.ts";
import { powerModels } from "./memory/power.ts";

const whole = wholeNumber(1, 1_000_000);

type EnumerateFlags = MemoryFlags & RealFlags & { readonly real: boolean };

/** Registers the command; `finish` takes its exit code. */
export function registerEnumerate(root: Command, finish: (code: number) => void): void {
  root
    .command("enumerate <scenario>")
    .description("end the world at every place of a scenario, in every state that it can be left in")
    .option(
      "--real",
      "on real processes, at every operation of the server on files, instead of in memory",
      false,
    )
    .addOption(
      new Option(
        "--model <name>",
        "in memory: only this disk model; faults: let each call fail instead",
      ).choices([...models, "faults"]),
    )
    .option("--pairs", "in memory: in every recovery the same again", false)
    .addOption(
      new Option(
        "--runs <number>",
        "in memory: stop after so many runs a model, spread over the whole scenario",
      ).argParser(whole),
    )
    .addOption(
      new Option(
        "--states <number|all>",
        "in memory: of one power cut take at most so many states; all: each that a recovery can tell from the others",
      )
        .argParser((text) => (text === "all" ? text : whole(text)))
        .default(statesMaxDefault),
    )
    .option("--progress <dir>", "in memory: keep there what was run, and go on from what is kept there")
    .option("--subject <name|file>", "real: one of ours, or the file of your own subject", "reference")
    .option(
      "--checkout <dir>",
      "real: an installed checkout of the subject's source, for subjects that run one",
    )
    .addOption(
      new Option("--by <counter>", "real: who counts; the shim sees native code too (Linux, C compiler)")
        .choices(["preload", "shim"])
        .default("preload"),
    )
    .addOption(
      new Option("--modes <list>", `real: of ${boundaryModes.join(",")} (all by default)`).argParser(
        listOf("mode", boundaryModes),
      ),
    )
    .addOption(
      new Option(
        "--power <models>",
        `real: cut the power before each operation, too; of ${powerModels.join(",")}, or device: a real ext4 (root)`,
      ).argParser(listOf("power model", [...powerModels, "device"])),
    )
    .addOption(
      new Option("--cuts <number>", "real: legal states of each power cut").argParser(whole).default(2),
    )
    .addOption(
      new Option(
        "--fails <codes>",
        `real, by the shim: let each operation fail, once and for good; of ${failures.join(",")}`,
      ).argParser(listOf("failure", failures)),
    )
    .option("--small-disk", "real: put the subject on disks that get full, a page larger each time", false)
    .addOption(
      new Option(
        "--recovery <how>",
        "real: end the recovery as well, at a sample of its operations or at all",
      )
        .choices(["none", "sampled", "all"])
        .default("sampled"),
    )
    .addOption(
      new Option("--times <number>", "real: execute each point so often and count its distinct states")
        .argParser(whole)
        .default(1),
    )
    .addOption(
      new Option("--points <number>", "real: only so many first ends, spread over the scenario").argParser(
        whole,
      ),
    )
    .addOption(
      new Option("--workers <number>", "runs side by side").argParser(whole).default(cpus().length + 1),
    )
    .addOption(
      new Option("--reporter <name>", "real: how to report").choices(["pretty", "json"]).default("pretty"),
    )
    .option("--out <dir>", "real: where artifacts of points that are not green go", ".holdfast/enumerate")
    .addHelpText(
      "after",
      `
Examples:
  pnpm chaos enumerate interrupted-after-tool-result                         in memory, every disk model
  pnpm chaos enumerate interrupted-after-tool-result --model ext4 --states all    no legal state left out
  pnpm chaos enumerate all --states 6 --progress .holdfast/enumerate         all scenarios; may be interrupted
  pnpm chaos enumerate interrupted-after-tool-result --real                  the reference, every boundary
  pnpm chaos enumerate interrupted-after-tool-result --real --subject ./mine.ts --modes before,torn
  pnpm chaos enumerate interrupted-after-tool-result --real --by shim --fails ENOSPC,EIO --small-disk`,
    )
    .action(async (name: string, flags: EnumerateFlags) => finish(await run(name, flags)));
}

async function run(name: string, flags: EnumerateFlags): Promise<number> {
  const scenarios = (await loadScenarios()).filter(({ plan }) => flags.real || isForMemory(plan));
  const chosen = scenarios.filter((one) => one.name === name || (name === "all" && !flags.real));
  const [scenario] = chosen;
  if (scenario === undefined) {
    const known = scenarios.map((one) => one.name).join(", ");
    const all = flags.real ? "" : "all, ";
    process.stderr.write(`chaos: There is no scenario "${name}"; known: ${all}${known}.\n`);
    return 2;
  }
  return flags.real ? enumerateOnProcesses(name, scenario.plan, flags) : enumerateInMemory(chosen, flags);
}

/** Reads a list of known names, in their own order. */
function listOf<Name extends string>(what: string, known: readonly Name[]): (text: string) => Name[] {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    const wrong = names.find((name) => !known.some((one) => one === name));
    if (wrong !== undefined)
      throw new InvalidArgumentError(`There is no ${what} "${wrong}"; known: ${known.join(", ")}.`);
    return known.filter((one) => names.includes(one));
  };
}
