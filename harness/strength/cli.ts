/**
 * `pnpm chaos strength`: how many seeded bugs the harness finds, how fast, and against which other ways to choose.
 *
 * Exit codes: 0 every bug found by every seed and the sound build green · 1 the sound build broke a promise ·
 * 2 misuse · 3 a bug was missed, not reached, or could not be measured, or real processes did not agree.
 */
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import path from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { dir as temporaryFolder } from "tmp-promise";
import { wholeNumber } from "../cli-options.ts";
import type { Bug } from "./bug.ts";
import { catalogueFile, loadCatalogue } from "./catalogue.ts";
import { type ChooserName, chooserNames } from "./chooser.ts";
import { Hunters } from "./hunters.ts";
import { type Measured, type MeasureOptions, measure } from "./measure.ts";
import { type Circumstances, strengthPage } from "./page.ts";
import { exitCodeOf, type Summary, summaryOf } from "./summary.ts";

interface StrengthFlags {
  readonly seeds: number;
  readonly runs: number;
  readonly againstSeeds?: number;
  readonly againstRuns?: number;
  readonly bugs?: readonly string[];
  /** Only defects of our own. */
  readonly own: boolean;
  readonly choosers: readonly ChooserName[];
  readonly workers: number;
  readonly onProcesses: boolean;
  readonly write?: string;
  readonly json: boolean;
}

/** Registers the command; `finish` takes its exit code. */
export function registerStrength(root: Command, finish: (code: number) => void): void {
  root
    .command("strength")
    .description("hunt every seeded bug with many seeds, in memory, and compare ways to choose the faults")
    .addOption(count("--seeds <number>", "seeds a bug", 1_000).default(30))
    .addOption(count("--runs <number>", "give a hunt up after so many runs", 100_000).default(200))
    .addOption(
      count("--against-seeds <number>", "seeds for the other choosers; as --seeds by default", 1_000),
    )
    .addOption(count("--against-runs <number>", "and their runs; as --runs by default", 100_000))
    .addOption(new Option("--bugs <ids>", "only these, separated by commas").argParser(names))
    .option("--own", "only those that were defects of this project, found by the harness", false)
    .addOption(
      new Option("--choosers <names>", `of ${chooserNames.join(",")}`)
        .argParser(chooserList)
        .default(chooserNames, "all"),
    )
    .addOption(
      count("--workers <number>", "hunts side by side", 64).default(availableParallelism(), "one a core"),
    )
    .option("--on-processes", "repeat a sample of the runs on real processes, which must agree", false)
    .option("--write <file>", "write the page there, e.g. docs/strength.md")
    .option("--json", "the measurements as one line of JSON, alone on stdout", false)
    .action(async (flags: StrengthFlags) => finish(await run(flags)));
}

function count(flag: string, what: string, max: number): Option {
  return new Option(flag, what).argParser(wholeNumber(1, max));
}

function names(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

function chooserList(text: string): ChooserName[] {
  const wrong = names(text).find((name) => !chooserNames.some((known) => known === name));
  if (wrong !== undefined)
    throw new InvalidArgumentError(`There is no chooser "${wrong}"; known: ${chooserNames.join(", ")}.`);
  return chooserNames.filter((known) => names(text).includes(known));
}

async function run(flags: StrengthFlags): Promise<number> {
  const bugs = await bugsOf(flags);
  if (typeof bugs === "string") {
    process.stderr.write(`chaos: ${bugs}\n`);
    return 2;
  }
  const place = await temporaryFolder({ prefix: "holdfast-strength-", unsafeCleanup: true });
  const hunters = new Hunters(flags.workers);
  try {
    const { againstSeeds = flags.seeds, againstRuns = flags.runs } = flags;
    const measured = await measure(hunters, {
      bugs,
      seeds: seedsUpTo(flags.seeds),
      choosers: flags.choosers,
      runsMax: flags.runs,
      against: { seeds: seedsUpTo(againstSeeds), runsMax: againstRuns },
      onProcesses: flags.onProcesses,
      dir: place.path,
      ...progress((bugs.length + 1) * flags.choosers.length),
    });
    const summary = summaryOf(measured, flags.runs, againstRuns);
    await tell(flags, measured, summary);
    return exitCodeOf(measured, summary);
  } finally {
    hunters.close();
    await place.cleanup();
  }
}

function seedsUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function bugsOf(flags: StrengthFlags): Promise<readonly Bug[] | string> {
  const bugs = await loadCatalogue();
  if (bugs === undefined)
    return "The catalogue of seeded bugs is in the repository and not in the package: run this in a checkout.";
  const unknown = flags.bugs?.find((id) => !bugs.some((bug) => bug.id === id));
  if (unknown !== undefined)
    return `There is no bug "${unknown}"; known: ${bugs.map(({ id }) => id).join(", ")}.`;
  return bugs.filter(
    ({ id, mendedIn }) => (flags.bugs?.includes(id) ?? true) && (!flags.own || mendedIn !== undefined),
  );
}

function progress(known: number): Required<Pick<MeasureOptions, "onDone" | "onMore">> {
  let [done, all] = [0, known];
  const onDone = (what: string): void => {
    done += 1;
    process.stderr.write(
      process.stderr.isTTY ? `\r${done} of ${all}: ${what} \u001b[K` : `${done} of ${all}: ${what}\n`,
    );
    if (process.stderr.isTTY && done === all) process.stderr.write("\r\u001b[K");
  };
  return { onDone, onMore: (count) => (all += count) };
}

async function tell(flags: StrengthFlags, measured: Measured, summary: Summary): Promise<void> {
  const page = strengthPage(measured, summary, circumstances(flags));
  // First: what took hours to measure is not lost with a file that cannot be written.
  process.stdout.write(flags.json ? `${JSON.stringify({ ...measured, summary })}\n` : page);
  if (flags.write === undefined) return;
  await mkdir(path.dirname(path.resolve(flags.write)), { recursive: true });
  await writeFile(flags.write, page);
  process.stderr.write(`chaos: the page is in ${flags.write}\n`);
}

function circumstances(flags: StrengthFlags): Circumstances {
  const { againstSeeds = flags.seeds, againstRuns = flags.runs } = flags;
  const asked = [
    `--seeds ${flags.seeds} --runs ${flags.runs}`,
    ...(flags.againstSeeds === undefined ? [] : [`--against-seeds ${againstSeeds}`]),
    ...(flags.againstRuns === undefined ? [] : [`--against-runs ${againstRuns}`]),
    ...(flags.choosers.length === chooserNames.length ? [] : [`--choosers ${flags.choosers.join(",")}`]),
    ...(flags.own ? ["--own"] : []),
    ...(flags.onProcesses ? ["--on-processes"] : []),
    ...(flags.bugs === undefined ? [] : [`--bugs ${flags.bugs.join(",")}`]),
  ];
  return {
    command: `pnpm chaos strength ${asked.join(" ")}`,
    date: new Date().toISOString().slice(0, 10),
    commit: commitHere(),
    machine: `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
    seeds: flags.seeds,
    runsMax: flags.runs,
    against: { seeds: againstSeeds, runsMax: againstRuns },
  };
}

function commitHere(): string {
  try {
    const folder = path.dirname(catalogueFile);
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" }).trim();
    const isChanged = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${isChanged ? ", with changes that are not committed" : ""}`;
  } catch {
    return "unknown";
  }
}
