/**
 * Writes what a run of Stryker found onto a page: mutants by file, and every one that lived with the reason why.
 *
 * Always: a mutant that lived and has no reason in `equivalents.ts` is listed as one that a test should find.
 * Never: a reason takes a mutant out of the score.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Equivalent, equivalents } from "./equivalents.ts";
import {
  bothReports,
  type CampaignResult,
  campaignFile,
  isAlive,
  lineOf,
  type Mutant,
  original,
  readReport,
  readTests,
} from "./report.ts";

interface Counts {
  readonly killed: number;
  readonly timeout: number;
  readonly lived: number;
  readonly equivalent: number;
  readonly ignored: number;
}

const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();

/**
 * `reportFiles`: one, or several with commas between, each of other files; `note`: how they came about, where it was not
 * one run; `commit`: what was mutated, where that is not the last one.
 */
const [
  reportFiles = bothReports,
  pageFile = "docs/mutation.md",
  note = "",
  commit = git("rev-parse", "--short", "HEAD"),
] = process.argv.slice(2);
const reports = reportFiles.split(",");
const files = reports.flatMap(readReport).toSorted((left, right) => (left.file < right.file ? -1 : 1));

function reasonOf(file: string, source: string, mutant: Mutant): string | undefined {
  const line = lineOf(source, mutant);
  const isMeant = (one: Equivalent) =>
    file.endsWith(one.file) &&
    line.includes(one.line) &&
    (one.mutants === undefined || one.mutants.includes(mutant.replacement));
  return Object.entries(equivalents).find(([, all]) => all.some(isMeant))?.[0];
}

function countsOf(file: string, source: string, mutants: readonly Mutant[]): Counts {
  const lived = mutants.filter(isAlive);
  const of = (status: Mutant["status"]) => mutants.filter((mutant) => mutant.status === status).length;
  return {
    killed: of("Killed"),
    timeout: of("Timeout"),
    lived: lived.length,
    equivalent: lived.filter((mutant) => reasonOf(file, source, mutant) !== undefined).length,
    ignored: of("Ignored"),
  };
}

function score({ killed, timeout, lived }: Counts): string {
  const found = killed + timeout;
  return found + lived === 0 ? "–" : `${((100 * found) / (found + lived)).toFixed(1)} %`;
}

function row(name: string, counts: Counts): string {
  const { killed, timeout, lived, equivalent, ignored } = counts;
  const cells = [killed + timeout + lived, killed, timeout, lived, equivalent, ignored, score(counts)];
  return `| ${name} | ${cells.join(" | ")} |`;
}

function sum(all: readonly Counts[]): Counts {
  const of = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0);
  return {
    killed: of("killed"),
    timeout: of("timeout"),
    lived: of("lived"),
    equivalent: of("equivalent"),
    ignored: of("ignored"),
  };
}

const code = (text: string) => `\`${text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 100)}\``;

const counted = files.map(({ file, source, mutants }) => ({ file, counts: countsOf(file, source, mutants) }));
const areas = Object.entries({
  "src/reconcile": "src/reconcile",
  "src/journal": "src/journal",
  "recovery, in src/session": "src/session",
}).map(([name, folder]) => ({
  name,
  counts: sum(counted.filter(({ file }) => file.startsWith(folder)).map(({ counts }) => counts)),
}));

/** What a server does with what an earlier life left; of `src/session` nothing else is mutated. */
const recovery: Readonly<Record<string, string>> = {
  "life, recover": "what a start takes over, and where each session stands",
  "past, checkpoint, about, answers":
    "from what the records are known where the journal is long, or has lost them",
  "covers, shift": "which bytes of a spool are on record, and where it goes on when it was cut",
  "follow, agent-life": "whose agent lives is followed again; whose is dead, is read to the end",
  "evidence, late, journal-damage, gaps, discover":
    "what every source says: damage and whom it concerns, late writes, and the agent's own session",
  "settle, orphans, sweep": "the verdict on record, tools that live on, tools of a stopped agent",
  "decide, hand-over, dispatch":
    "how work is gone on with: a person's word, what the next agent is told, its store repaired, its start",
};

/** Each that lived under its reason, those without one first. */
function livedBy(): string[] {
  const byReason = new Map<string, string[]>();
  for (const { file, source, mutants } of files) {
    for (const mutant of mutants.filter(isAlive)) {
      const reason = reasonOf(file, source, mutant) ?? "";
      const place = `${file.replace("src/", "")}:${mutant.location.start.line}`;
      const line = `- ${place} ${code(original(source, mutant))} → ${code(mutant.replacement)}`;
      byReason.set(reason, [...(byReason.get(reason) ?? []), line]);
    }
  }
  const open = byReason.get("") ?? [];
  byReason.delete("");
  return [
    `## ${open.length} that no test finds, and that are not shown to be equivalent`,
    "",
    ...open,
    "",
    "## Equivalent: no test can tell them from the code",
    ...[...byReason].flatMap(([reason, lines]) => ["", `**${reason}** (${lines.length})`, "", ...lines]),
  ];
}

/** What `campaign.ts` found, if it was run. */
function secondJudge(): string[] {
  if (!existsSync(campaignFile)) return [];
  const { areas: drawnFrom, runsMax, kinds }: CampaignResult = JSON.parse(readFileSync(campaignFile, "utf8"));
  const counts = Object.entries(kinds).map(([kind, { found, of }]) => `${found} of ${of} that are ${kind}`);
  return [
    "## A campaign that chooses as it goes",
    "",
    `An orchestrator that carries the mutant, hunted in memory for at most ${runsMax} runs, each chosen by what was met before (\`node --import tsx test/mutation/campaign.ts\`, a sample of ${drawnFrom.join(", ")}): it finds ${counts.join(", ")}.`,
    "",
  ];
}

const judges = reports.map(readTests);
const namesOf = (kind: "runs" | "others") => new Set(judges.flatMap((one) => [...one[kind].values()])).size;

/** Of how many a run in memory was the first to notice. */
const foundInRuns = reports
  .map((report) => {
    const own = readTests(report).runs;
    const mutants = readReport(report).flatMap((one) => one.mutants);
    return mutants.filter(({ killedBy = [] }) => killedBy.some((test) => own.has(test))).length;
  })
  .reduce((sum, count) => sum + count, 0);

writeFileSync(
  pageFile,
  `${[
    "# Automatic mutants",
    "",
    `Stryker changed the reconciler, the journal and recovery at every place where it can, one place at a time. Each change was judged by the tests of its area (${namesOf("others")} in all), one of recovery also by ${namesOf("runs")} runs in memory: those that campaigns have found and that were kept (test/memory/found-runs.json), and the first ones of a campaign. A run was the first to find ${foundInRuns} of them. Written by \`pnpm mutate\` on ${new Date().toISOString().slice(0, 10)}, commit \`${commit}\`.${note === "" ? "" : ` ${note}`}`,
    "",
    "Left out (ignored) are strings of several words, which are said to people; codes, kinds and keys are mutated. Equivalent ones count as alive in the score, as does what only the dearest properties would find: they are left out (test/mutation/runner.mjs). A mutant that timed out waits for what never comes, or never ends.",
    "",
    "Recovery is what a server does with what an earlier life left. It lives in these files of src/session; the others take requests, keep state and show it:",
    "",
    ...Object.entries(recovery).map(([names, what]) => `- **${names}**: ${what}.`),
    "",
    "| File | Mutants | Killed | Timed out | Alive | of them equivalent | Ignored | Score |",
    "|---|---|---|---|---|---|---|---|",
    ...areas.map(({ name, counts }) => row(`**${name}**`, counts)),
    ...counted.map(({ file, counts }) => row(file.replace("src/", ""), counts)),
    "",
    ...secondJudge(),
    ...livedBy(),
  ].join("\n")}\n`,
);
