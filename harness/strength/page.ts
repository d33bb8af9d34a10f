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
}

export function strengthPage(measured: Measured, summary: Summary, of: Circumstances): string {
  return [
    "# How strong is the harness?",
    "",
    `Written by \`${of.command}\` on ${of.date}, commit ${of.commit}, ${of.machine}; ${of.seeds} seeds a bug, at most ${of.runsMax} runs a hunt, in memory.`,
    "",
    ...inShort(measured, summary),
    "",
    ...bugTable(summary),
    "",
    ...choosers(summary),
    "",
    ...soundTable(measured),
    "",
    ...ablation(summary),
    "",
    ...layersOf(summary),
    ...failures(measured),
    "",
  ].join("\n");
}

function inShort({ sound }: Measured, { bugs, against }: Summary): string[] {
  const all = (is: (bug: BugSummary) => boolean) => bugs.filter(is).length;
  const hunts = bugs.reduce((sum, { of }) => sum + of, 0);
  const found = bugs.reduce((sum, { detected }) => sum + detected, 0);
  const byExpected = bugs.reduce((sum, one) => sum + one.byExpected, 0);
  const medians = bugs.map(({ spreads }) => spreads.ours?.median ?? Infinity).sort((a, b) => a - b);
  const ours = sound.find(({ chooser }) => chooser === "ours");
  return [
    `- ${bugs.length} seeded bugs of ${new Set(bugs.map((bug) => bug.class)).size} classes: ${all((bug) => bug.reached > 0)} reached, ${all((bug) => bug.triggered > 0)} triggered, ${all((bug) => bug.detected > 0)} detected by at least one seed, ${all((bug) => bug.detected === bug.of)} by every seed.`,
    `- ${found} of ${hunts} hunts found their bug, ${byExpected} of these by an expected promise.`,
    `- Median over the bugs of the median runs to detection: ${medians[Math.floor((medians.length - 1) / 2)] ?? "none"}; largest: ${medians.at(-1) === Infinity ? "not found by half of the seeds" : medians.at(-1)}.`,
    ...against.map(
      ({ chooser, hard, timesRuns, timesCpu }) =>
        `- Against ${nameOf(chooser)}, over the ${hard} bugs for which that needs more than ${hardRuns} runs: ${times(timesRuns)} fewer runs and ${times(timesCpu)} less CPU time (geometric means; where it found nothing it counts with the cap).`,
    ),
    ...(ours === undefined
      ? []
      : [
          `- The sound build over the same runs: ${ours.alarms.length} alarms in ${ours.runs} runs, ${ours.nearMisses} of them near misses in which no flag was due; rate at most ${(100 * rateMax(ours.runs)).toFixed(2)} % at 95 %.`,
        ]),
  ];
}

const nameOf = (chooser: ChooserName) =>
  ({
    ours: "ours",
    boundary: "a uniformly random boundary",
    time: "a uniformly random moment",
  })[chooser];

function times(value: number | undefined): string {
  return value === undefined ? "no bug to compare, so no" : `${value.toFixed(1)} times`;
}

function bugTable({ bugs }: Summary): string[] {
  return [
    "## Bug by bug",
    "",
    "Of the hunts of ours: reached (the wrong code ran), triggered (the run went otherwise than the sound build's), detected, by an expected promise. Then the runs to detection: median [95 % interval], and how many hunts found nothing.",
    "",
    "| bug | class | reached | triggered | detected | expected | ours | random boundary | random moment | found in | modelled on |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    ...bugs.map(
      (bug) =>
        `| ${bug.id} | ${bug.class} | ${bug.reached} | ${bug.triggered} | ${bug.detected} of ${bug.of} | ${bug.byExpected} | ${spread(bug.spreads.ours)} | ${spread(bug.spreads.boundary)} | ${spread(bug.spreads.time)} | ${bug.layers.join(", ") || "–"} | ${bug.like} |`,
    ),
    "",
    ...Object.entries(bugClasses).map(([letter, name]) => `${letter}: ${name}  `),
  ];
}

function spread(one: Spread | undefined): string {
  if (one === undefined) return "–";
  const end = (value: number | undefined) => (value === undefined ? "∞" : String(value));
  const missed = one.missed === 0 ? "" : `, ${one.missed} missed`;
  return `${end(one.median)} [${end(one.low)}, ${end(one.high)}]${missed}`;
}

function choosers({ bugs, against }: Summary): string[] {
  const found = (chooser: ChooserName) =>
    bugs.reduce((sum, { spreads }) => sum + (spreads[chooser]?.of ?? 0) - (spreads[chooser]?.missed ?? 0), 0);
  const of = (chooser: ChooserName) =>
    bugs.reduce((sum, { spreads }) => sum + (spreads[chooser]?.of ?? 0), 0);
  const names: ChooserName[] = ["ours", ...against.map(({ chooser }) => chooser)];
  return [
    "## Ways to choose, side by side",
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
    "| chooser | runs | near misses | alarms | without a verdict | CPU ms a run |",
    "|---|---|---|---|---|---|",
    ...sound.map(
      ({ chooser, runs, nearMisses, alarms, doubtful, cpuMs }) =>
        `| ${nameOf(chooser)} | ${runs} | ${nearMisses} | ${alarms.length} | ${doubtful} | ${(cpuMs / Math.max(1, runs)).toFixed(1)} |`,
    ),
    ...sound.flatMap(({ chooser, alarms }) =>
      alarms.map(
        ({ seed, run, layer, signatures }) =>
          `\n- ${nameOf(chooser)}, seed ${seed}, run ${run} (${layer}): ${signatures.join(", ")}`,
      ),
    ),
  ];
}

function ablation({ alone }: Summary): string[] {
  return [
    "## What each check adds",
    "",
    "Hunts whose first catch this check made alone: without it that run would have been green.",
    "",
    "| check | hunts | bugs |",
    "|---|---|---|",
    ...checks.map(({ promise }) => {
      const of = alone[promise];
      return `| ${promise} | ${of?.hunts ?? 0} | ${of?.bugs.join(", ") || (of === undefined ? "caught none of these bugs" : "always together with another")} |`;
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
