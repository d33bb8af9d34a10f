/**
 * `pnpm chaos`: runs campaigns, replays artifacts, judges stored runs again.
 *
 * Exit codes, by precedence: 2 misuse · 1 a defect · 3 not trustworthy · 0 green. Progress and logs go to stderr,
 * the report alone to stdout.
 */
import { randomInt } from "node:crypto";
import { cpus } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ShimUnavailable } from "./boundary/shim.ts";
import { readArtifactPlan, requireArtifactFolder } from "./campaign/artifact.ts";
import { runCampaign } from "./campaign/both-tiers.ts";
import type { CampaignOptions } from "./campaign/campaign.ts";
import { recheck, replayPlan } from "./campaign/replay.ts";

import { exitCodeOf, type Tier, tiers } from "./campaign/result.ts";
import { registerEnumerate } from "./enumerate-cli.ts";
import { type FaultName, faultNames } from "./fault/index.ts";
import { mergeCorpora, readCorpus, writeCorpus } from "./memory/corpus.ts";
import { defaultModels, diskModels } from "./memory/crashes.ts";
import type { DiskModel } from "./memory/power.ts";
import { replayInMemory } from "./memory/replay.ts";

import { reporters } from "./report/index.ts";
import { progressPrinter } from "./report/pretty.ts";
import { registerStrength } from "./strength/cli.ts";
import { SubjectLoadError, subjectSpec } from "./subject/load.ts";

/** The user asked for something that cannot be: exit code 2. */
class Misuse extends Error {}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? "s"];
  if (match === null || factor === undefined)
    throw new InvalidArgumentError('Give a time such as "90s", "2m" or "1h".');
  return Number(match[1]) * factor;
}

function faultList(text: string): FaultName[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !faultNames.some((known) => known === name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`There is no fault "${wrong}"; known: ${faultNames.join(", ")}.`);
  return faultNames.filter((known) => names.includes(known));
}

function modelList(text: string): DiskModel[] {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !diskModels.some((known) => known === name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`There is no disk model "${wrong}"; known: ${diskModels.join(", ")}.`);
  return diskModels.filter((known) => names.includes(known));
}

const seed = new Option(
  "--seed <number>",
  "draw the plans from this seed (printed; random by default)",
).argParser(wholeNumber(0, 0x7fffffff));
const workers = new Option("--workers <number>", "runs side by side")
  .argParser(wholeNumber(1, 64))
  .default(cpus().length + 1, "one a core, and one for while they wait");

const checkout = new Option(
  "--checkout <dir>",
  "an existing, installed checkout of the subject's source, for subjects that run one; it is never changed",
);

interface ChaosFlags {
  readonly seed?: number;
  readonly runs?: number;
  readonly budget?: number;
  readonly subject: string;
  readonly checkout?: string;
  readonly faults?: FaultName[];
  readonly workers: number;
  readonly tier: Tier | "both";
  readonly models: DiskModel[];
  readonly corpus?: string;
  readonly reporter: string;
  readonly out: string;
  readonly report?: string;
}

/** An expected failure whose message is made for the user. */
const asMisuse = (error: Error): never => {
  throw new Misuse(error.message);
};

/** Only our own orchestrator can be handed a world in memory. */
function tiersOf({ tier, subject }: ChaosFlags): readonly Tier[] {
  if (subject === "reference") return tier === "both" ? tiers : [tier];
  if (tier === "memory")
    throw new Misuse(`Only the reference orchestrator runs in memory; run ${subject} with --tier real.`);
  return ["real"];
}

function tell(chosen: readonly Tier[], { workers: count, subject, models }: ChaosFlags): string {
  const parts = [
    ...(chosen.includes("real") ? [`${count} workers on real processes`] : []),
    ...(chosen.includes("memory")
      ? [`1 process of less priority in memory (${models.join(", ")})`]
      : subject === "reference"
        ? []
        : ["none in memory (only the reference orchestrator runs there)"]),
  ];
  return parts.join(", ");
}

async function chaos(flags: ChaosFlags): Promise<number> {
  await requireArtifactFolder(flags.out).catch(asMisuse);
  const report = reporters[flags.reporter];
  if (report === undefined) throw new Misuse(`There is no reporter "${flags.reporter}".`);
  const chosen = flags.seed ?? randomInt(0x7fffffff);
  const budgetMs = flags.runs === undefined ? (flags.budget ?? 60_000) : flags.budget;
  const subject = subjectSpec(flags.subject, flags.checkout);
  const chosenTiers = tiersOf(flags);
  process.stderr.write(`chaos: subject ${subject}, seed ${chosen}, ${tell(chosenTiers, flags)}\n`);
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  const options: CampaignOptions = {
    seed: chosen,
    subject,
    faults: flags.faults ?? faultNames,
    tiers: chosenTiers,
    models: flags.models,
    workers: flags.workers,
    outDir: flags.out,
    signal: interrupt.signal,
    onProgress: progressPrinter(budgetMs, flags.runs),
    ...(flags.corpus === undefined ? {} : { corpus: flags.corpus }),
    ...(flags.runs === undefined ? {} : { runs: flags.runs }),
    ...(budgetMs === undefined ? {} : { budgetMs }),
  };
  const result = await runCampaign(options);
  if (process.stderr.isTTY === true) process.stderr.write("\r\u001b[K");
  process.stdout.write(`${report(result)}\n`);
  if (flags.report !== undefined) {
    // Loaded only where it is asked for.
    const { writeReport } = await import("./report/maintainer/index.ts");
    const pages = await writeReport(result, flags.report, flags.checkout);
    process.stderr.write(`The report for the maintainer: ${pages.join(", ")}\n`);
  }
  return exitCodeOf(result);
}

async function replay(
  target: string,
  flags: { times: number; workers: number; subject?: string; checkout?: string; out?: string },
): Promise<number> {
  const artifact = await readArtifactPlan(target).catch(asMisuse);
  if (artifact.memory !== undefined && (flags.subject ?? "reference") !== "reference")
    throw new Misuse("This artifact ran in memory, where only the reference orchestrator runs.");
  const subject = subjectSpec(flags.subject ?? artifact.subject, flags.checkout);
  const outcomes = await (artifact.memory === undefined ? replayPlan : replayInMemory(artifact.memory))({
    plan: artifact.plan,
    subject,
    times: flags.times,
    workers: flags.workers,
    ...(flags.out === undefined ? {} : { outDir: flags.out }),
    onOutcome: ({ verdict, defects, why }, index) => {
      process.stdout.write(
        `${index + 1}: ${verdict}${defects.length > 0 ? "" : why === undefined ? "" : ` (${why})`}\n`,
      );
      for (const { signature, story } of defects) process.stdout.write(`   ${signature}\n     ${story}\n`);
    },
  });
  if (artifact.signature !== undefined) {
    const same = outcomes.filter(({ defects }) =>
      defects.some(({ signature }) => signature === artifact.signature),
    ).length;
    process.stdout.write(`${artifact.signature} came ${same} times of ${outcomes.length}.\n`);
  }
  if (outcomes.some(({ verdict }) => verdict === "defect")) return 1;
  return outcomes.every(({ verdict }) => verdict === "pass") ? 0 : 3;
}

async function recheckStored(target: string): Promise<number> {
  const assessment = await recheck(target).catch(asMisuse);
  const { verdict, why, defects, promises } = assessment;
  for (const [promise, status] of Object.entries(promises))
    process.stdout.write(`${promise.padEnd(34)}${status}\n`);
  process.stdout.write(`\n${verdict}${why === undefined ? "" : `: ${why}`}\n`);
  for (const { signature, story } of defects) process.stdout.write(`${signature}\n  ${story}\n`);
  return verdict === "defect" ? 1 : verdict === "pass" ? 0 : 3;
}

function program(finish: (code: number) => void): Command {
  const root = new Command("chaos")
    .description(
      "Kills and reloads a real orchestrator at generated points, restarts it, and checks what it then says.",
    )
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      `
Examples:
  pnpm chaos                               60 seconds against the reference orchestrator
  pnpm chaos --subject naive --seed 1      see it find the failures of a naive one
  pnpm chaos --subject coding-orchestrator --checkout ~/src/coding-orchestrator
  pnpm chaos --subject ./mine.ts --runs 200 --reporter json
  pnpm chaos --tier memory --budget 5m     thousands of crashes at single calls, no processes
  pnpm chaos replay .holdfast/chaos/naive-seed-1/plan-1

Exit codes: 0 green · 1 a promise is broken · 2 misuse · 3 not to be trusted`,
    );
  root
    .command("run", { isDefault: true })
    .description("run a campaign (the default)")
    .addOption(seed)
    .addOption(new Option("--runs <number>", "number of plans").argParser(wholeNumber(1, 1_000_000)))
    .addOption(
      new Option("--budget <time>", "time for running and shrinking, as 90s or 5m (default 60s)").argParser(
        duration,
      ),
    )
    .option(
      "--subject <name|file>",
      "reference, naive, coding-orchestrator, controller, or the file of your own subject",
      "reference",
    )
    .addOption(checkout)
    .addOption(
      new Option("--faults <list>", `of ${faultNames.join(",")} (all by default)`).argParser(faultList),
    )
    .addOption(workers)
    .addOption(
      new Option("--tier <name>", "where to run: on real processes, in memory (reference alone), or both")
        .choices([...tiers, "both"])
        .default("both"),
    )
    .addOption(
      new Option("--models <list>", `what ends the world in memory, of ${diskModels.join(",")}`)
        .argParser(modelList)
        .default([...defaultModels], defaultModels.join(",")),
    )
    .option(
      "--corpus <dir>",
      "keep runs in memory there that failed or came to a new state of the disk, and run those kept before first",
    )
    .addOption(
      new Option("--reporter <name>", "how to report").choices(Object.keys(reporters)).default("pretty"),
    )
    .option("--out <dir>", "where artifacts of runs that are not green go", ".holdfast/chaos")
    .option("--report <dir>", "also write a page for the subject's maintainer there, with the smallest plans")
    .action(async (flags: ChaosFlags) => finish(await chaos(flags)));
  root
    .command("replay <artifact>")
    .description("execute the plan of an artifact again")
    .addOption(new Option("--times <number>", "how often").argParser(wholeNumber(1, 10_000)).default(1))
    .addOption(workers)
    .option("--subject <name|file>", "another subject than the artifact's")
    .addOption(checkout)
    .option("--out <dir>", "keep what is not green here")
    .action(async (target: string, flags) => finish(await replay(target, flags)));
  root
    .command("recheck <artifact>")
    .description("judge the stored run of an artifact again, with the checks of today")
    .action(async (target: string) => finish(await recheckStored(target)));
  root
    .command("corpus <dirs...>")
    .description("merge the runs that several campaigns kept: failing ones first, then faster, then older")
    .requiredOption("--into <dir>", "where the merged ones go")
    .action(async (dirs: string[], { into }: { into: string }) => {
      const merged = mergeCorpora(await Promise.all(dirs.map(readCorpus)));
      await writeCorpus(into, merged);
      process.stdout.write(`${merged.length} runs are kept in ${into}\n`);
      finish(0);
    });
  registerEnumerate(root, finish);
  registerStrength(root, finish);
  return root;
}

/** Without it a mistyped command would be told as an argument too many of the default one. */
function requireKnownCommand(root: Command, word: string | undefined): void {
  const known = [...root.commands.map((command) => command.name()), "help"];
  if (word === undefined || word.startsWith("-") || known.includes(word)) return;
  throw new Misuse(`There is no command "${word}"; known: ${known.join(", ")}. --help tells more.`);
}

async function main(): Promise<number> {
  if (process.platform === "win32")
    throw new Misuse("Holdfast needs FIFOs and signals: use Linux, macOS or WSL.");
  let code = 0;
  const args = process.argv.slice(2).filter((argument, at) => !(at === 0 && argument === "--"));
  try {
    const root = program((exitCode) => {
      code = exitCode;
    });
    requireKnownCommand(root, args[0]);
    await root.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return code;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const isMisuse =
      error instanceof Misuse || error instanceof SubjectLoadError || error instanceof ShimUnavailable;
    process.stderr.write(
      isMisuse
        ? `chaos: ${error.message}\n`
        : `chaos failed: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = isMisuse ? 2 : 3;
  },
);
