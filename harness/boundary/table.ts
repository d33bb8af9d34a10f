/**
 * An enumeration of boundaries as a table: what the server was about to do, in which mode it ended, what came of it.
 */
import type { Boundary } from "../plan/plan.ts";
import { replayCommand } from "../subject/trust.ts";
import type { Enumeration } from "./enumerate.ts";
import { boundaryModes } from "./operation.ts";
import type { Point } from "./point.ts";

type EndClass = "kill" | "power" | "disk";

/** What an enumeration says in the end. */
export interface Summary {
  readonly points: number;
  /** Points at which the server did not end. */
  readonly unfired: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly defects: readonly {
    readonly signature: string;
    /** A kill loses nothing that was written, a power cut what was not synced; a disk that fails ends nothing. */
    readonly class: EndClass;
    readonly points: number;
    readonly steps: readonly string[];
    readonly story: string;
    readonly artifact?: string;
  }[];
  /** Points that had more than one distinct state in several executions. */
  readonly manyStates: number;
  readonly distinctStates: number;
  readonly blindSpots: readonly string[];
}

export function summaryOf({ points, lives }: Enumeration): Summary {
  const verdicts: Record<string, number> = {};
  const defects = new Map<string, { signature: string; points: Point[]; story: string }>();
  for (const point of points) {
    const signatures = signaturesOf(point);
    const verdict = signatures.length > 0 ? "defect" : worstOf(point.outcomes);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    for (const [at, signature] of signatures.entries()) {
      const key = `${classOf(point)} ${signature}`;
      const known = defects.get(key);
      if (known !== undefined) known.points.push(point);
      else defects.set(key, { signature, points: [point], story: point.stories[at] ?? "" });
    }
  }
  return {
    points: points.length,
    unfired: verdicts["invalid"] ?? 0,
    verdicts,
    defects: [...defects.values()].map(({ signature, points: at, story }) => ({
      signature,
      class: at[0] === undefined ? "kill" : classOf(at[0]),
      points: at.length,
      steps: [...new Set(at.map(({ step }) => step))],
      story,
      ...(at[0]?.artifact === undefined ? {} : { artifact: at[0].artifact }),
    })),
    manyStates: points.filter(({ states }) => states.length > 1).length,
    distinctStates: new Set(points.flatMap(({ states }) => states)).size,
    blindSpots: [...new Set(lives.flatMap(({ unknown }) => unknown))],
  };
}

/** Exit code: 1 a promise is broken · 3 not to be trusted · 0 green. */
export function exitCodeOf(found: Enumeration, { verdicts, blindSpots }: Summary): 0 | 1 | 3 {
  if ((verdicts["defect"] ?? 0) > 0) return 1;
  const isWhole = found.left === 0 && found.lives.every(({ life }) => found.complete.includes(life));
  const isGreen = found.points.length > 0 && Object.keys(verdicts).every((verdict) => verdict === "pass");
  return isWhole && isGreen && blindSpots.length === 0 ? 0 : 3;
}

export function tableOf(
  name: string,
  found: Enumeration,
  summary: Summary,
  cpuSeconds: number | undefined,
  subject: string,
): string {
  const lines: string[] = [];
  for (const { life, operations } of found.lives) {
    const own = found.points.filter(
      ({ boundaries }) => boundaries.length === 1 && boundaries[0]?.life === life,
    );
    lines.push(...lifeTable(`${name}: server ${life}, ${operations.length} operations`, own), "");
  }
  const seconds = found.points.filter(({ boundaries }) => boundaries.length === 2);
  const disks = found.points.filter(({ freeBytes }) => freeBytes !== undefined);
  if (disks.length > 0)
    lines.push(`${name}: ${disks.length} disks too small, by a page each: ${outcomesOf(disks)}`, "");
  if (seconds.length > 0) lines.push(...lifeTable(`${name}: ended again in the recovery`, seconds), "");
  for (const { signature, class: kind, points, steps, story, artifact } of summary.defects) {
    lines.push(
      `✗ ${signature}${kind === "kill" ? "" : ` (${kind})`}`,
      `  ${story}`,
      `  at ${points} points, first: ${steps.slice(0, 4).join(", ")}`,
    );
    if (artifact !== undefined) lines.push(`  replay: ${replayCommand(artifact, subject)}`);
    lines.push("");
  }
  lines.push(...conclusion(found, summary, cpuSeconds));
  return `${lines.join("\n")}\n`;
}

function lifeTable(title: string, points: readonly Point[]): string[] {
  const steps = new Map<string, Point[]>();
  for (const point of points) steps.set(point.step, [...(steps.get(point.step) ?? []), point]);
  const width = Math.max(30, ...[...steps.keys()].map((step) => step.length + 2));
  const modes = [...boundaryModes, "fail"] as const;
  const heading = `  ${"operation".padEnd(width)}${modes.map((mode) => mode.padStart(7)).join("")}  outcome`;
  return [
    title,
    heading,
    ...[...steps].map(([step, own]) => {
      const counts = modes.map((mode) => own.filter((point) => lastOf(point)?.mode === mode).length);
      const cells = counts.map((count) => (count === 0 ? "-" : String(count)).padStart(7)).join("");
      return `  ${step.padEnd(width)}${cells}  ${outcomesOf(own)}`;
    }),
  ];
}

function outcomesOf(points: readonly Point[]): string {
  const counts = new Map<string, number>();
  for (const point of points) {
    const signatures = signaturesOf(point);
    const told = signatures.length > 0 ? signatures.join(" + ") : worstOf(point.outcomes);
    counts.set(told, (counts.get(told) ?? 0) + 1);
  }
  return [...counts].map(([told, count]) => `${count} ${told}`).join(", ");
}

function conclusion(found: Enumeration, summary: Summary, cpuSeconds: number | undefined): string[] {
  const { verdicts, unfired, blindSpots, distinctStates, manyStates } = summary;
  const whole = found.lives.filter(({ life }) => found.complete.includes(life)).length;
  const cpu = cpuSeconds === undefined ? "" : `, ${cpuSeconds.toFixed(0)} CPU s`;
  return [
    `${found.points.length} points, ${found.runs} runs in ${(found.durationMs / 1000).toFixed(0)} s${cpu}: ${Object.entries(
      verdicts,
    )
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(", ")}.`,
    `${distinctStates} distinct ends by what was behind them${manyStates > 0 ? `; ${manyStates} points had more than one` : ""}. Ends that did not come: ${unfired}. Left out: ${found.left}.`,
    `Complete for ${whole} of ${found.lives.length} lives: a run came to its end with no operation of the next number.`,
    blindSpots.length === 0
      ? "Blind spots: none that the counter knows of."
      : `Blind spots: these functions of the runtime are not counted: ${blindSpots.join(", ")}.`,
  ];
}

function classOf({ boundaries, freeBytes }: Point): EndClass {
  if (freeBytes !== undefined || boundaries.some(({ fails }) => fails !== undefined)) return "disk";
  return boundaries.some(({ power }) => power !== undefined) ? "power" : "kill";
}

function lastOf({ boundaries }: Point): Boundary | undefined {
  return boundaries.at(-1);
}

function signaturesOf({ outcomes }: Point): string[] {
  return [...new Set(outcomes.filter((one) => one.includes("/")).flatMap((one) => one.split(" + ")))];
}

function worstOf(outcomes: readonly string[]): string {
  return outcomes.find((one) => one !== "pass") ?? "pass";
}
