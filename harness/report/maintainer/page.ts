/**
 * What a page for the maintainer of a subject says, before it is put into Markdown or HTML.
 *
 * Always: made from a campaign's result alone; a criterion is met only if promises that stand for it were put to the
 * test and all were kept. What nobody could tell is "not known", never met.
 */

import type { CampaignResult, FoundDefect } from "../../campaign/result.ts";
import { checks } from "../../check/index.ts";
import { criteria, regression } from "./criteria.ts";
import { planSteps } from "./plan-words.ts";

/** Where and with what the campaign ran. */
export interface Setting {
  /** ISO day. */
  readonly date: string;
  readonly holdfast: string;
  readonly node: string;
  readonly platform: string;
  /** The subject's own version, such as a commit; undefined where it cannot be told. */
  readonly version?: string;
  /** How a plan of this page is replayed; given the name of its file. */
  replay(file: string): string;
}

export type Verdict = "met" | "not met" | "not known";

export interface Counterexample {
  readonly signature: string;
  /** What the harness did, step by step. */
  readonly steps: readonly string[];
  /** What was then seen. */
  readonly seen: string;
  readonly runs: number;
  readonly reproduced: string;
  /** Name of the plan's file beside the page. */
  readonly file: string;
  readonly replay: string;
}

export interface Row {
  readonly title: string;
  readonly means: string;
  readonly verdict: Verdict;
  readonly why: string;
  readonly smallest?: Counterexample;
  readonly others: readonly Counterexample[];
  readonly promises: readonly {
    readonly name: string;
    readonly says: string;
    readonly kept: number;
    readonly broken: number;
    readonly unknown: number;
  }[];
}

export interface Page {
  readonly subject: string;
  readonly setting: Setting;
  readonly campaign: readonly { readonly name: string; readonly value: string }[];
  readonly rows: readonly Row[];
  readonly situations: readonly { readonly name: string; readonly count: number | string }[];
}

export function pageOf(result: CampaignResult, setting: Setting): Page {
  const { verdicts } = result;
  return {
    subject: nameOf(result),
    setting,
    campaign: [
      {
        name: "Runs",
        value: `${result.runs} plans (seed ${result.seed}), ${result.freeRuns} of them free-running; ${result.doubled} executed twice${result.interrupted ? "; interrupted before the end" : ""}`,
      },
      {
        name: "Verdicts",
        value: Object.entries(verdicts)
          .flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind}`]))
          .join(", "),
      },
      { name: "Known-bad build", value: result.canary },
    ],
    rows: [...criteria.map((criterion) => criterionRow(result, setting, criterion)), regressionRow(result)],
    situations: Object.entries(result.sometimes).map(([name, count]) => ({ name, count })),
  };
}

/** The subject without its checkout. */
export function nameOf({ subject }: Pick<CampaignResult, "subject">): string {
  return subject.replace(/ in \/.*$/, "");
}

/** The plan's file: its signature, as a file name. */
export function planFile({ signature }: Pick<FoundDefect, "signature">): string {
  return `${signature.replaceAll("/", "--")}.json`;
}

function criterionRow(
  result: CampaignResult,
  setting: Setting,
  { title, means, promises: names }: (typeof criteria)[number],
): Row {
  const promises = names.map((name) => {
    const counts = result.promises[name] ?? {};
    const says = checks.find(({ promise }) => promise === name)?.says ?? "";
    return {
      name,
      says,
      kept: counts["pass"] ?? 0,
      broken: counts["fail"] ?? 0,
      unknown: counts["unknown"] ?? 0,
    };
  });
  const examples = result.defects
    .filter(({ promise }) => names.includes(promise))
    .sort((left, right) => weight(left) - weight(right) || right.runs - left.runs)
    .map((defect) => counterexample(defect, setting));
  const [smallest, ...others] = examples;
  const base = { title, means, promises, others };
  const broken = promises.filter(({ broken: count }) => count > 0);
  if (smallest !== undefined || broken.length > 0) {
    const runs = Math.max(...promises.map(({ broken: count }) => count));
    return {
      ...base,
      verdict: "not met",
      why: `${broken.length} of ${names.length} promises are broken, one of them in ${runs} runs.`,
      ...(smallest === undefined ? {} : { smallest }),
    };
  }
  const unknown = promises.filter(({ unknown: count }) => count > 0);
  if (unknown.length > 0)
    return {
      ...base,
      verdict: "not known",
      why: `In some runs nobody could tell: ${unknown.map(({ name }) => name).join(", ")}.`,
    };
  const kept = promises.filter(({ kept: count }) => count > 0);
  if (kept.length === 0)
    return { ...base, verdict: "not known", why: "None of its promises was put to the test." };
  return {
    ...base,
    verdict: "met",
    why: `All promises that were put to the test were kept (${kept.length} of ${names.length}).`,
  };
}

function weight({ size }: FoundDefect): number {
  return size.events + 10 * size.faults;
}

function counterexample(defect: FoundDefect, setting: Setting): Counterexample {
  const { signature, story, runs, reproduced, plan, tier } = defect;
  const file = planFile(defect);
  return {
    signature,
    steps: planSteps(plan),
    seen: story,
    runs,
    reproduced,
    file,
    replay: tier === "real" ? setting.replay(file) : defect.replay,
  };
}

function regressionRow(result: CampaignResult): Row {
  const zero = Object.entries(result.sometimes).filter(([, count]) => count === 0);
  const counts = Object.values(result.sometimes).filter(
    (count) => typeof count === "number" && count > 0,
  ).length;
  const { unknown, nondeterministic, invalid, infra } = result.verdicts;
  const base = { ...regression, others: [], promises: [] };
  if (result.canary !== "died as expected")
    return { ...base, verdict: "not met", why: `The known-bad build ${result.canary}.` };
  if (zero.length > 0) {
    const names = zero.map(([name]) => `"${name}"`).join(", ");
    return { ...base, verdict: "not met", why: `Never met: ${names}. Give the campaign more runs.` };
  }
  if (result.interrupted) return { ...base, verdict: "not known", why: "The campaign was interrupted." };
  const doubtful = unknown + nondeterministic + invalid + infra;
  const left =
    doubtful === 0
      ? ""
      : ` ${doubtful} runs count for nothing (unknown, nondeterministic, invalid or infra).`;
  const why = `All ${counts} situations that apply were met; the plans beside this page replay what was found.${left}`;
  return { ...base, verdict: "met", why };
}
