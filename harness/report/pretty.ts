/**
 * The report for a person at a terminal: what was promised, what was met, what broke, and what to do now.
 */
import { styleText } from "node:util";
import type { CoveredStep } from "../boundary/draw.ts";
import { verdictKinds } from "../campaign/job.ts";
import type {
  CampaignResult,
  FoundDefect,
  MemoryTierResult,
  Progress,
  TierResult,
} from "../campaign/result.ts";
import { type Activity, activities } from "../execute/stopwatch.ts";
import { runsPerRound } from "../memory/crashes.ts";
import { powerModels } from "../memory/power.ts";

type Style = Parameters<typeof styleText>[0];

/** Colours only where somebody looks at them. */
function paint(style: Style, text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}

/** What a server said stays on its line and moves no cursor: a line of its own could be a command to whoever reads it. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

export function prettyReport(result: CampaignResult): string {
  return [
    ...heading(result),
    "",
    ...promiseTable(result),
    "",
    ...sometimesTable(result),
    "",
    ...flagTable(result),
    "",
    ...boundaryTable(result),
    ...(result.tiers.real === undefined ? [] : [...timeTable(result), ""]),
    ...defects(result),
    ...problems(result),
    conclusion(result),
    "",
  ].join("\n");
}

function heading(result: CampaignResult): string[] {
  const { subject, seed, runs, durationMs, tiers } = result;
  return [
    `${paint("bold", subject)}, seed ${paint("bold", String(seed))}: ${runs} runs in ${(durationMs / 1000).toFixed(1)} s`,
    ...(tiers.real === undefined
      ? []
      : [`on real processes: ${tierLine(tiers.real)}, ${tiers.real.runsPerSecond} executions a second`]),
    ...(tiers.memory === undefined ? [] : inMemory(tiers.memory)),
  ];
}

function tierLine({ runs, counted, freeRuns, doubled, distinctTraces }: TierResult): string {
  return `${paint("bold", String(runs))} runs · ${counted} with restart, fault, look and end · ${freeRuns} free · ${doubled} executed twice · ${distinctTraces} distinct lockstep traces`;
}

function inMemory(tier: MemoryTierResult): string[] {
  const { runsPerCpuSecond, cpuMs, models, pairs, curve, mutant } = tier;
  const ends = Object.entries(models).map(([model, count]) =>
    model === "none" ? `${count} with the plan's own faults alone` : `${count} ended by ${model}`,
  );
  const without = powerModels.filter((model) => models[model] === undefined);
  const late = curve.at(-1) ?? 0;
  const before = curve[Math.floor(curve.length * 0.8)] ?? 0;
  return [
    `in memory: ${tierLine(tier)}, ${runsPerCpuSecond} executions a CPU second`,
    `  ${ends.join(" · ")}${without.length === 0 ? "" : ` · none by ${without.join(", ")} (--models)`}`,
    ...(mutant === undefined ? [] : [`  seeded bug of this campaign, ${mutant.id}: ${mutantEnd(mutant)}`]),
    `  ${pairs} distinct pairs of crash point and disk state in ${(cpuMs / 1000).toFixed(0)} CPU s ${sparkline(curve)} ${late - before} of them in the last fifth`,
  ];
}

function mutantEnd({ end, runs }: NonNullable<MemoryTierResult["mutant"]>): string {
  if (end === "found") return `found in run ${runs}`;
  return end === "lived" ? `not found in ${runs} runs` : `the time was over after ${runs} runs`;
}

const bars = "▁▂▃▄▅▆▇█";
const sparkColumns = 24;

/** A curve that only grows, in a few characters. */
function sparkline(curve: readonly number[]): string {
  const most = Math.max(1, ...curve);
  const columns = Math.min(sparkColumns, curve.length);
  return Array.from({ length: columns }, (_, column) => {
    const value = curve[Math.floor(((column + 1) * curve.length) / columns) - 1] ?? 0;
    return bars[Math.round((value / most) * (bars.length - 1))] ?? "";
  }).join("");
}

function promiseTable({ promises }: CampaignResult): string[] {
  const lines = Object.entries(promises).map(([promise, counts]) => {
    const cell = (name: string, style: Style) => {
      const count = counts[name] ?? 0;
      const text = String(count).padStart(7);
      return count === 0 ? paint("dim", text) : paint(style, text);
    };
    return `  ${promise.padEnd(32)}${cell("pass", "green")}${cell("fail", "red")}${cell("unknown", "yellow")}${cell("not-applicable", "dim")}`;
  });
  return [
    `${paint("bold", "Promises".padEnd(34))}${["kept", "broken", "unknown", "n/a"].map((word) => word.padStart(7)).join("")}`,
    ...lines,
  ];
}

function sometimesTable({ sometimes }: CampaignResult): string[] {
  const lines = Object.entries(sometimes).map(([name, count]) => {
    const text = String(count).padStart(13);
    return `  ${name.padEnd(46)}${count === 0 ? paint("red", text) : typeof count === "number" ? text : paint("dim", text)}`;
  });
  return [`${paint("bold", "Situations met".padEnd(54))}${"runs".padStart(7)}`, ...lines];
}

function flagTable({ flags }: CampaignResult): string[] {
  const { truePositive, falsePositive, falseNegative, trueNegative, either, changed } = flags;
  const bad = (count: number) => (count === 0 ? String(count) : paint("red", String(count)));
  return [
    paint("bold", "Flags on killed runs, by session and class"),
    `  diverged:      ${truePositive} flagged, ${bad(falseNegative)} missed`,
    `  not diverged:  ${trueNegative} silent, ${bad(falsePositive)} false alarms`,
    `  either is right: ${either}, ${changed} of them since it changed between the two looks; they count for neither`,
  ];
}

/** Steps that are told one by one; the report for programs has all. */
const stepsMax = 12;

function boundaryTable({ boundaries }: CampaignResult): string[] {
  if (boundaries === undefined) return [];
  const { whyNone, known, met, neverCame, steps } = boundaries;
  const title = paint("bold", "Ends at the server's own operations on files");
  if (whyNone !== undefined) return [title, `  none: ${whyNone}`, ""];
  const endsOf = ({ ends }: CoveredStep) => Object.values(ends).reduce((sum, count) => sum + count, 0);
  const most = [...steps]
    .sort((left, right) => endsOf(right) - endsOf(left))
    .filter((one) => endsOf(one) > 0);
  const lines = most.slice(0, stepsMax).map(({ part, step, ends }) => {
    const modes = Object.entries(ends).map(([mode, count]) => `${mode} ${count}`);
    return `  ${part === "first life" ? "" : "again: "}${step}: ${modes.join(" · ")}`;
  });
  const more = most.length > stepsMax ? [`  … and ${most.length - stepsMax} more`] : [];
  const never = steps.length - most.length;
  return [
    `${title}: ${met} of ${known} known pairs of step and mode`,
    ...lines,
    ...more,
    ...(never > 0 ? [paint("dim", `  never at ${never} of ${steps.length} steps`)] : []),
    ...(neverCame > 0 ? [paint("dim", `  ${neverCame} drawn ends did not come; others were drawn`)] : []),
    "",
  ];
}

const waits: Readonly<Record<Activity, string>> = {
  starts: "servers to be ready",
  answers: "their answers",
  agents: "agents",
  streams: "events to reach a client",
  ends: "processes to end, and pauses",
};

/** What one execution costs, on the average of all of this campaign. */
function timeTable({ spent }: CampaignResult): string[] {
  const { executions, wallMs, waitedMs, judgingMs, cpuMs } = spent;
  if (executions === 0) return [];
  const ms = (sum: number) => `${Math.round(sum / executions)} ms`;
  const waited = activities.map((activity) => `${waits[activity]} ${ms(waitedMs[activity])}`);
  const idle = activities.reduce((sum, activity) => sum + waitedMs[activity], 0);
  const own = `the harness itself ${ms(wallMs - idle - judgingMs)} · judging ${ms(judgingMs)}`;
  const { servers } = cpuMs;
  const cpu = [
    ...(servers === undefined ? [] : [`servers ${ms(servers)}`]),
    `agents ${ms(cpuMs.agents)}`,
    `the harness ${ms(cpuMs.harness)}`,
  ];
  return [
    paint("bold", `Time of one execution, on the average: ${ms(wallMs)}`),
    `  waits for ${waited.join(" · ")}`,
    `  ${own}`,
    servers === undefined
      ? `  processor time: ${cpu.join(" · ")} · servers cannot be measured here`
      : `  processor time ${ms(servers + cpuMs.agents + cpuMs.harness)}: ${cpu.join(" · ")}`,
  ];
}

function defects({ defects: found }: CampaignResult): string[] {
  return found.flatMap((defect) => [...oneDefect(defect), ""]);
}

function oneDefect({
  signature,
  tier,
  story,
  runs,
  size,
  reproduced,
  replay,
  firstPlan,
}: FoundDefect): string[] {
  return [
    `${paint("red", "✗")} ${paint("bold", signature)}`,
    `  ${onOneLine(story)}`,
    paint(
      "dim",
      `  in ${runs} ${runs === 1 ? "run" : "runs"} ${tier === "memory" ? "in memory" : "on real processes"}, first in ${tier === "memory" ? "run" : "plan"} ${firstPlan}; smallest plan: ${size.events} agent events, ${size.faults} ${size.faults === 1 ? "fault" : "faults"}; came ${reproduced} times`,
    ),
    `  replay: ${replay}`,
  ];
}

function problems({ problems: list }: CampaignResult): string[] {
  const shown = list.slice(0, 8).map(({ tier, plan, verdict, why, artifact }) => {
    const [first = ""] = why.split("\n");
    const where = `${plan < 0 ? "the tier" : `plan ${plan}`}${tier === "memory" ? " in memory" : ""}`;
    return `${paint("yellow", "?")} ${where}: ${verdict}: ${onOneLine(first)}${artifact === undefined ? "" : `\n  kept in ${artifact}`}`;
  });
  const more = list.length > shown.length ? [`  … and ${list.length - shown.length} more`] : [];
  return list.length === 0 ? [] : [...shown, ...more, ""];
}

function conclusion(result: CampaignResult): string {
  const { verdicts, canary, sometimes, interrupted } = result;
  const zero = Object.entries(sometimes).filter(([, count]) => count === 0);
  const counts = verdictKinds
    .filter((kind) => verdicts[kind] > 0)
    .map((kind) => `${verdicts[kind]} ${kind}`)
    .join(", ");
  if (verdicts.defect > 0) return paint("red", `✗ Promises are broken: ${counts}.`);
  if (interrupted) return paint("yellow", `? Interrupted before the end: ${counts}.`);
  if (result.runs === 0) return paint("yellow", "? Not to be trusted: nothing was run.");
  if (canary !== "died as expected")
    return paint("yellow", `? Not to be trusted: the canary ${onOneLine(canary)}.`);
  if (zero.length > 0)
    return paint(
      "yellow",
      `? Not to be trusted: never met ${zero.map(([name]) => `"${name}"`).join(", ")}. Give it more runs.`,
    );
  if (verdicts.pass < result.runs) return paint("yellow", `? Not to be trusted: ${counts}.`);
  return paint("green", `✓ All promises kept: ${counts}; the canary died as expected.`);
}

/** Progress of long work, on stderr: one line that is rewritten at a terminal, a line every few seconds elsewhere. */
export function progressPrinter(
  budgetMs: number | undefined,
  runs: number | undefined,
): (progress: Progress) => void {
  let last = 0;
  return ({ runs: done, inMemory, verdicts, elapsedMs, doing }) => {
    const isTerminal = process.stderr.isTTY === true;
    if (elapsedMs - last < (isTerminal ? 200 : 10_000) && done !== runs) return;
    last = elapsedMs;
    const of =
      runs === undefined
        ? `${(elapsedMs / 1000).toFixed(0)} of ${((budgetMs ?? 0) / 1000).toFixed(0)} s`
        : `${Math.max(done - inMemory, Math.floor(inMemory / runsPerRound))} of ${runs} plans`;
    const bad = verdictKinds
      .filter((kind) => kind !== "pass" && verdicts[kind] > 0)
      .map((kind) => `${verdicts[kind]} ${kind}`);
    const memory = inMemory === 0 ? "" : ` (${inMemory} in memory)`;
    const line = `${doing}: ${done} runs${memory}, ${of}, ${(done / (elapsedMs / 1000)).toFixed(1)} a second${bad.length > 0 ? `, ${bad.join(", ")}` : ""}`;
    process.stderr.write(isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
  };
}
