/**
 * The table of strength as a page in Markdown.
 *
 * Always: written from what was measured, with date, commit and machine; a bug that was not found stands in it.
 */
import { checks } from "../check/index.ts";
import { bugClasses } from "./bug.ts";
import type { ChooserName } from "./chooser.ts";
import type { Measured } from "./measure.ts";
import { rateMax, type Spread } from "./statistics.ts";
import { type BugSummary, hardRuns, type Summary } from "./summary.ts";

export interface Circumstances {
  readonly command: string;
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly seeds: number;
  readonly runsMax: number;
  /** Of the other choosers. */
  readonly against: { readonly seeds: number; readonly runsMax: number };
}

export function strengthPage(measured: Measured, summary: Summary, of: Circumstances): string {
  return [
    "# How strong is the harness?",
    "",
    "A green campaign means something only if a broken orchestrator would have been red. So the reference orchestrator is broken on purpose, one small patch at a time, in ways in which others of its kind were reported to be (`test/bugs`), and each time the harness is sent to find out, knowing nothing of the patch.",
    "",
    `Written by \`${of.command}\` on ${of.date}, commit ${of.commit}, ${of.machine}. In memory; each bug was hunted with ${of.seeds} ${of.seeds === 1 ? "seed" : "seeds"}, and a hunt was given up after ${of.runsMax} runs. The same command finds the same again; only times differ.`,
    "",
    ...bars(measured, summary),
    "",
    ...missed(summary),
    ...bugTables(summary),
    "",
    ...choosers(summary, of),
    "",
    ...soundTable(measured),
    "",
    ...repeatedOn(measured),
    ...ablation(summary),
    "",
    ...layersOf(summary),
    ...failures(measured),
    "",
  ].join("\n");
}

/** What this project asks of its harness, against what was measured. */
function bars({ sound, repeated, failed }: Measured, summary: Summary): string[] {
  const { bugs, against } = summary;
  const sum = (of: (bug: BugSummary) => number) => bugs.reduce((total, bug) => total + of(bug), 0);
  const [hunts, found, byExpected] = [
    sum(({ of }) => of),
    sum((one) => one.detected),
    sum((one) => one.byExpected),
  ];
  const [ever, always] = [
    bugs.filter(({ detected }) => detected > 0).length,
    bugs.filter(({ detected, of }) => detected === of).length,
  ];
  const medians = bugs.map(({ spreads }) => spreads.ours?.median ?? Infinity).sort((a, b) => a - b);
  const median = medians[Math.floor((medians.length - 1) / 2)] ?? Infinity;
  const slow = medians.filter((value) => value > medianMax).length;
  const ours = sound.find(({ chooser }) => chooser === "ours");
  const alarms = ours?.alarms.length ?? 0;
  const row = (bar: string, is: boolean | undefined, what: string) =>
    `| ${bar} | ${is === undefined ? "not measured" : is ? "yes" : "no"} | ${what} |`;
  const rows = [
    row(
      "every bug is found by every seed",
      bugs.length === 0 ? undefined : always === bugs.length && failed.length === 0,
      `${failed.length === 0 ? "" : `${failed.length} could not be hunted; `}${always} of ${bugs.length} by every seed, ${ever} by at least one; ${found} of ${hunts} hunts found their bug`,
    ),
    row(
      "nine in ten finds are by a promise that was expected to break",
      found === 0 ? undefined : byExpected >= 0.9 * found,
      `${byExpected} of ${found} (${share(byExpected, found)})`,
    ),
    row(
      `at most ${medianMax} runs to find a bug, in the median`,
      median <= medianMax,
      `median over the bugs ${end(median)}; ${slow} of ${bugs.length} take more than ${medianMax}`,
    ),
    ...(["time", "boundary"] as const).map((name) => barAgainst(name, against, row)),
    row(
      "a sample on real processes agrees",
      repeated === undefined || repeated.length === 0 ? undefined : repeated.every(({ agrees }) => agrees),
      repeated === undefined ? "" : `${repeated.filter(({ agrees }) => agrees).length} of ${repeated.length}`,
    ),
    row(
      "no false alarm",
      ours === undefined ? undefined : alarms === 0,
      ours === undefined
        ? ""
        : `${alarms} in ${ours.runs} runs of the sound build, ${ours.nearMisses} of them near misses in which no flag was due${alarms === 0 ? `: the true rate is below ${(100 * rateMax(ours.runs)).toFixed(2)} % (95 %)` : ""}`,
    ),
  ];
  return ["| what is asked | met | measured |", "|---|---|---|", ...rows];
}

/** Runs that finding a bug may take, and how many times more a random moment must. */
const [medianMax, timesMin] = [25, 5];

function barAgainst(
  name: ChooserName,
  against: Summary["against"],
  row: (bar: string, is: boolean | undefined, what: string) => string,
): string {
  const least = name === "time" ? timesMin : 1;
  const bar = `${name === "time" ? `${timesMin} times` : ""} fewer runs than with ${nameOf(name)}`.trim();
  const found = against.find(({ chooser }) => chooser === name);
  if (found?.timesRuns === undefined) return row(bar, undefined, "");
  const { timesRuns, timesCpu = 0, hard } = found;
  const what = `${timesRuns.toFixed(1)} times fewer runs, ${timesCpu.toFixed(1)} times less CPU time: geometric means over the ${hard} bugs for which that needs more than ${hardRuns} runs, where it found nothing counted with the cap`;
  return row(bar, timesRuns >= least, what);
}

function share(part: number, whole: number): string {
  return whole === 0 ? "none" : `${Math.floor((100 * part) / whole)} %`;
}

/** The bugs that some hunt did not find, first: they are what is to be done. */
function missed({ bugs }: Summary): string[] {
  const open = bugs.filter(({ detected, of }) => detected < of);
  if (open.length === 0) return [];
  return [
    "Not found by every seed:",
    "",
    ...open.map((bug) => {
      const { id, detected, of, reached, triggered } = bug;
      const how =
        reached === 0
          ? "the wrong code was never reached"
          : triggered === 0
            ? "the wrong code ran and made no difference"
            : "it made a difference that no promise saw, or within other runs than these";
      return `- \`${id}\`: found by ${detected} of ${of}${detected === 0 ? `; ${how}` : ""}`;
    }),
    "",
  ];
}

const nameOf = (chooser: ChooserName) =>
  ({
    ours: "ours",
    boundary: "a uniformly random boundary",
    time: "a uniformly random moment",
  })[chooser];

function bugTables({ bugs }: Summary): string[] {
  const others = (["boundary", "time"] as const).filter((name) =>
    bugs.some(({ spreads }) => spreads[name] !== undefined),
  );
  const head = ["bug", "what it does", "reached", "differs", "found", "expected", "runs to find it"];
  const columns = [...head, ...others.map((name) => `with ${nameOf(name)}`), "found in", "modelled on"];
  return [
    "## Bug by bug",
    "",
    "Of the hunts of one bug, so many: *reached* ran the wrong code; *differs*: it made the run go otherwise than the sound build's; *found*: a promise broke; *expected*: one that was foreseen for this bug. *Runs to find it* is the median over the seeds with its 95 % interval (∞: behind the cap). *Found in*: by what ended the world in the run that found it (`gates` between two events of the agent, `damage` of a record, `boundary` at one call of the server, `power` with the disk's unsynced writes lost, `disk` after a failed sync).",
    ...Object.entries(bugClasses).flatMap(([letter, name]) => {
      const here = bugs.filter((bug) => bug.class === letter);
      if (here.length === 0) return [];
      return [
        "",
        `### ${letter}: ${name}`,
        "",
        `| ${columns.join(" | ")} |`,
        `|${columns.map(() => "---|").join("")}`,
        ...here.map((bug) => `| ${cells(bug, others).join(" | ")} |`),
      ];
    }),
  ];
}

function cells(bug: BugSummary, others: readonly ChooserName[]): (string | number)[] {
  const { id, story, reached, triggered, detected, byExpected, of, spreads, layers, like } = bug;
  return [
    `\`${id}\``,
    story,
    reached,
    triggered,
    `${detected} of ${of}`,
    byExpected,
    spread(spreads.ours),
    ...others.map((name) => spread(spreads[name])),
    layers.join(", ") || "–",
    like,
  ];
}

function spread(one: Spread | undefined): string {
  if (one === undefined) return "–";
  return `${end(one.median)} [${end(one.low)}, ${end(one.high)}]`;
}

function end(value: number | undefined): string {
  return value === undefined || value === Infinity ? "∞" : String(value);
}

function choosers({ bugs, against }: Summary, { against: budget }: Circumstances): string[] {
  const found = (chooser: ChooserName) =>
    bugs.reduce((sum, { spreads }) => sum + (spreads[chooser]?.of ?? 0) - (spreads[chooser]?.missed ?? 0), 0);
  const of = (chooser: ChooserName) =>
    bugs.reduce((sum, { spreads }) => sum + (spreads[chooser]?.of ?? 0), 0);
  const names: ChooserName[] = ["ours", ...against.map(({ chooser }) => chooser)];
  if (names.length === 1)
    return ["## Ways to choose, side by side", "", "Not measured here: only ours was run."];
  return [
    "## Ways to choose, side by side",
    "",
    `What a person would write first kills the server at a uniformly random moment of the run, most of which is waiting for the agent, or at a uniformly random call that it makes (*boundary*), both taken from a run of the sound build; each run has a workload of its own. These got ${budget.seeds} ${budget.seeds === 1 ? "seed" : "seeds"} a bug and at most ${budget.runsMax} runs a hunt. Ours chooses as every campaign in memory does: \`harness/memory/chooser\`.`,
    "",
    "| chooser | hunts that found their bug |",
    "|---|---|",
    ...names.map((name) => `| ${nameOf(name)} | ${found(name)} of ${of(name)} |`),
  ];
}

function soundTable({ sound }: Measured): string[] {
  return [
    "## The sound build",
    "",
    "The same runs without a bug: nothing may be found in them. A *near miss* is a run in which no flag was due.",
    "",
    "| chooser | runs | near misses | alarms | flags due | of these raised | without a verdict | CPU ms a run |",
    "|---|---|---|---|---|---|---|---|",
    ...sound.map(
      ({ chooser, runs, nearMisses, alarms, flags, doubtful, cpuMs }) =>
        `| ${nameOf(chooser)} | ${runs} | ${nearMisses} | ${alarms.length} | ${flags.due} | ${flags.raised} | ${doubtful} | ${(cpuMs / Math.max(1, runs)).toFixed(1)} |`,
    ),
    ...sound.flatMap(({ chooser, alarms }) =>
      alarms.map(
        ({ seed, run, layer, signatures }) =>
          `\n- ${nameOf(chooser)}, seed ${seed}, run ${run} (${layer}): ${signatures.join(", ")}`,
      ),
    ),
  ];
}

/** Where the two sides part is told run by run: one of them is wrong. */
function repeatedOn({ repeated }: Measured): string[] {
  if (repeated === undefined) return [];
  const parted = repeated.filter(({ agrees }) => !agrees);
  const caught = repeated.filter(({ memory }) => memory.startsWith("defect"));
  return [
    "## The same runs on real processes",
    "",
    `Of our runs that a plan alone describes, in lockstep, real processes repeated all ${caught.length} in which a bug was caught and one in twenty of the others, ${repeated.length} in all, with the same bug in the real server. The verdict must be the same, and of the broken promises one at least.`,
    "",
    ...parted.map(
      ({ id, seed, run, memory, real }) =>
        `- \`${id}\`, seed ${seed}, run ${run}: in memory ${memory}; on real processes ${real}`,
    ),
    ...(parted.length === 0 ? ["All agree."] : []),
    "",
  ];
}

function ablation({ alone }: Summary): string[] {
  return [
    "## What each check adds",
    "",
    "Hunts whose first catch this check made alone: without it that run would have been green. Where no hunt was, its place is among the histories that are broken by hand (`test/check`): one of them is rejected by it alone, or it says why it stays.",
    "",
    "| check | what it promises | hunts | bugs that it alone caught, or why it stays |",
    "|---|---|---|---|",
    ...checks.map(({ promise, says, stays = "a history broken by hand is rejected by it alone" }) => {
      const { hunts = 0, bugs = [] } = alone[promise] ?? {};
      return `| ${promise} | ${says} | ${hunts} | ${bugs.length > 0 ? bugs.join(", ") : stays} |`;
    }),
  ];
}

function layersOf({ oneLayer }: Summary): string[] {
  return [
    "## Bugs that one layer of faults alone finds",
    "",
    "| layer | bugs |",
    "|---|---|",
    ...Object.entries(oneLayer).map(([layer, ids]) => `| ${layer} | ${ids.join(", ")} |`),
  ];
}

function failures({ failed }: Measured): string[] {
  if (failed.length === 0) return [];
  return ["", "## Not measured", "", ...failed.map(({ id, why }) => `- ${id}: ${why.split("\n")[0]}`)];
}
