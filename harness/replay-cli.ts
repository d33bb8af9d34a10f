/**
 * `chaos replay`, `chaos recheck`, `chaos corpus`: what campaigns left behind, executed, judged or merged again.
 */
import { type Command, Option } from "commander";
import { readArtifactPlan } from "./campaign/artifact.ts";
import { recheck, replayPlan } from "./campaign/replay.ts";
import { asMisuse, checkout, Misuse, wholeNumber, workers } from "./cli-options.ts";
import { mergeCorpora, readCorpus, writeCorpus } from "./memory/corpus.ts";
import { isForMemory } from "./memory/execute.ts";
import { replayInMemory } from "./memory/replay.ts";
import { replaySubject } from "./subject/trust.ts";

/** Adds the commands; `finish` is told the exit code. */
export function registerReplay(root: Command, finish: (code: number) => void): void {
  root
    .command("replay <artifact>")
    .description("execute the plan of an artifact again")
    .addOption(new Option("--times <number>", "how often").argParser(wholeNumber(1, 10_000)).default(1))
    .addOption(workers)
    .option("--subject <name|file>", "another subject than the artifact's; one in a file must be named")
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
      const merged = mergeCorpora(await Promise.all(dirs.map(readCorpus)).catch(asMisuse));
      await writeCorpus(into, merged);
      process.stdout.write(`${merged.length} runs are kept in ${into}\n`);
      finish(0);
    });
}

async function replay(
  target: string,
  flags: { times: number; workers: number; subject?: string; checkout?: string; out?: string },
): Promise<number> {
  const artifact = await readArtifactPlan(target).catch(asMisuse);
  if (artifact.memory !== undefined && (flags.subject ?? "reference") !== "reference")
    throw new Misuse("This artifact ran in memory, where only the reference orchestrator runs.");
  if (artifact.memory !== undefined && !isForMemory(artifact.plan))
    throw new Misuse(
      "This artifact is to run in memory, and its plan has an agent that only real processes have.",
    );
  const subject = replaySubject(artifact.subject, flags);
  if ("refusal" in subject) throw new Misuse(subject.refusal);
  const outcomes = await (artifact.memory === undefined ? replayPlan : replayInMemory(artifact.memory))({
    plan: artifact.plan,
    subject: subject.spec,
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
