/** Stryker's report, read: the mutants of each file, where they stand and what they make of it. */
import { readFileSync } from "node:fs";

export interface Mutant {
  readonly status:
    | "Killed"
    | "Timeout"
    | "Survived"
    | "NoCoverage"
    | "Ignored"
    | "RuntimeError"
    | "CompileError";
  readonly replacement: string;
  readonly location: { readonly start: Place; readonly end: Place };
  /** Ids of the tests that found it. */
  readonly killedBy?: readonly string[];
}

/** Counted from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

export interface MutatedFile {
  readonly file: string;
  readonly source: string;
  readonly mutants: readonly Mutant[];
}

/** What the second judge found, by kind of mutant. */
export interface CampaignResult {
  /** Folders that the sample was drawn from. */
  readonly areas: readonly string[];
  readonly runsMax: number;
  readonly kinds: Readonly<Record<string, { readonly found: number; readonly of: number }>>;
}

/** Of the two runs that `pnpm mutate` makes. */
export const bothReports = ".holdfast/stryker/report.json,.holdfast/stryker/recovery.json";

export const campaignFile = ".holdfast/stryker/campaign.json";

export function readReport(reportFile: string): readonly MutatedFile[] {
  const report: { readonly files: Readonly<Record<string, Omit<MutatedFile, "file">>> } = JSON.parse(
    readFileSync(reportFile, "utf8"),
  );
  return Object.entries(report.files).map(([file, { source, mutants }]) => ({ file, source, mutants }));
}

/** Names of the tests by id, those of a run of a campaign in memory apart. */
export function readTests(reportFile: string): {
  readonly runs: ReadonlyMap<string, string>;
  readonly others: ReadonlyMap<string, string>;
} {
  const report: {
    readonly testFiles?: Readonly<Record<string, { readonly tests: readonly TestOfReport[] }>>;
  } = JSON.parse(readFileSync(reportFile, "utf8"));
  const all = Object.values(report.testFiles ?? {}).flatMap(({ tests }) => tests);
  const isRun = ({ name }: TestOfReport) => name.startsWith("test/mutation/runs.ts");
  const byId = (tests: readonly TestOfReport[]) => new Map(tests.map(({ id, name }) => [id, name]));
  return { runs: byId(all.filter(isRun)), others: byId(all.filter((test) => !isRun(test))) };
}

interface TestOfReport {
  readonly id: string;
  readonly name: string;
}

export function isAlive({ status }: Mutant): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** The line that it begins on. */
export function lineOf(source: string, { location }: Mutant): string {
  return (source.split("\n")[location.start.line - 1] ?? "").trim();
}

/** What it replaced; of several lines the first. */
export function original(source: string, { location: { start, end } }: Mutant): string {
  const line = source.split("\n")[start.line - 1] ?? "";
  return line.slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined).trim();
}

/** The source with the mutant in it. */
export function mutated(source: string, { location: { start, end }, replacement }: Mutant): string {
  const offset = ({ line, column }: Place) =>
    source
      .split("\n")
      .slice(0, line - 1)
      .reduce((sum, text) => sum + text.length + 1, 0) +
    column -
    1;
  return source.slice(0, offset(start)) + replacement + source.slice(offset(end));
}
