/**
 * `pnpm chaos`, `chaos run`: a campaign, on real processes, in memory, or both.
 */
import { randomInt } from "node:crypto";
import { type Command, Option } from "commander";
import { requireArtifactFolder } from "./campaign/artifact.ts";
import { runCampaign } from "./campaign/both-tiers.ts";
import type { CampaignOptions } from "./campaign/campaign.ts";
import { exitCodeOf, type Tier, tiers } from "./campaign/result.ts";
import {
  asMisuse,
  checkout,
  duration,
  faultList,
  Misuse,
  modelList,
  seed,
  wholeNumber,
  workers,
} from "./cli-options.ts";
import { type FaultName, faultNames } from "./fault/index.ts";
import { defaultModels, diskModels } from "./memory/crashes.ts";
import type { DiskModel } from "./memory/power.ts";
import { reporters } from "./report/index.ts";
import { progressPrinter } from "./report/pretty.ts";
import { subjectSpec } from "./subject/load.ts";

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

/** Adds the command, which is the default one; `finish` is told its exit code. */
export function registerRun(root: Command, finish: (code: number) => void): void {
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
}

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
  if (flags.report !== undefined) await requireArtifactFolder(flags.report).catch(asMisuse);
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
    try {
      const pages = await writeReport(result, flags.report, flags.checkout);
      process.stderr.write(`The report for the maintainer: ${pages.join(", ")}\n`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      process.stderr.write(`chaos: the report for the maintainer cannot be written: ${why}\n`);
      return exitCodeOf(result) || 3;
    }
  }
  return exitCodeOf(result);
}
