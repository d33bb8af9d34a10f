/**
 * All checks in the order in which they are told, and the judgement of a run by them.
 *
 * Always: a check that throws is unknown, and unknown is not a pass.
 */
import type { RunRecord } from "../history.ts";
import { callStateHonest } from "./call-state-honest.ts";
import { type Check, type CheckResult, signatureOf, type Violation } from "./contract.ts";
import { cutNeverLooksFinished } from "./cut-never-looks-finished.ts";
import { durableBeforeShown } from "./durable-before-shown.ts";
import { finishedCallNotRepeated } from "./finished-call-not-repeated.ts";
import { flagCitesCause } from "./flag-cites-cause.ts";
import { flagIffDivergent } from "./flag-iff-divergent.ts";
import { historyInOrder } from "./history-in-order.ts";
import { neighboursUnharmed } from "./neighbours-unharmed.ts";
import { noBlindRetry } from "./no-blind-retry.ts";
import { noInventedCall } from "./no-invented-call.ts";
import { noLostRun } from "./no-lost-run.ts";
import { noLostShownEvent } from "./no-lost-shown-event.ts";
import { noOrphanUnseen } from "./no-orphan-unseen.ts";
import { recoveryIdempotent } from "./recovery-idempotent.ts";
import { resultUnchanged } from "./result-unchanged.ts";
import { resumeCarriesFinishedCalls } from "./resume-carries-finished-calls.ts";
import { settles } from "./settles.ts";
import { singleDriver } from "./single-driver.ts";
import { standsOnlyWhatStands } from "./stands-only-what-stands.ts";
import { streamResumesWithoutGap } from "./stream-resumes-without-gap.ts";

/** In order of how directly each is a loss to a person. */
export const checks: readonly Check[] = [
  noLostRun,
  noLostShownEvent,
  durableBeforeShown,
  noInventedCall,
  historyInOrder,
  resultUnchanged,
  callStateHonest,
  standsOnlyWhatStands,
  cutNeverLooksFinished,
  finishedCallNotRepeated,
  noBlindRetry,
  singleDriver,
  noOrphanUnseen,
  resumeCarriesFinishedCalls,
  flagIffDivergent,
  flagCitesCause,
  streamResumesWithoutGap,
  neighboursUnharmed,
  recoveryIdempotent,
  settles,
];

export interface Judged {
  readonly check: Check;
  readonly result: CheckResult;
}

/** A breach with its signature; the first violation of each signature speaks for it. */
export interface Defect {
  readonly signature: string;
  readonly promise: string;
  readonly violation: Violation;
}

/** What one execution is worth by itself. Whether it is nondeterministic takes a second one. */
export type RunVerdict = "defect" | "unknown" | "invalid" | "infra" | "pass";

export interface Judgement {
  readonly results: readonly Judged[];
  readonly defects: readonly Defect[];
  /** Signatures of the defects, each once, in order of the checks. */
  readonly signatures: readonly string[];
  readonly verdict: RunVerdict;
  /** Why the verdict is unknown, invalid or infra. */
  readonly why?: string;
}

/**
 * Judges a run by every check. Precedence: defect, unknown, (nondeterministic,) invalid, infra, pass.
 *
 * Where the harness or machine failed, what the record lacks makes nothing unknown: the run is infra, unless a
 * breach is in what was recorded.
 */
export function judge(run: RunRecord, by: readonly Check[] = checks): Judgement {
  const results = by.map((check) => ({ check, result: judgeSafely(check, run) }));
  const defects = defectsOf(results);
  const signatures = defects.map(({ signature }) => signature);
  const base = { results, defects, signatures };
  if (defects.length > 0) return { ...base, verdict: "defect" };
  if (run.infra !== undefined) return { ...base, verdict: "infra", why: run.infra };
  for (const { check, result } of results)
    if (result.status === "unknown")
      return { ...base, verdict: "unknown", why: `${check.promise}: ${result.why}` };
  const unfired = whyInvalid(run);
  if (unfired !== undefined) return { ...base, verdict: "invalid", why: unfired };
  return { ...base, verdict: "pass" };
}

function judgeSafely(check: Check, run: RunRecord): CheckResult {
  try {
    return check.judge(run);
  } catch (error) {
    return {
      status: "unknown",
      why: `the check threw: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function defectsOf(results: readonly Judged[]): readonly Defect[] {
  const defects = new Map<string, Defect>();
  for (const { check, result } of results) {
    if (result.status !== "fail") continue;
    for (const violation of result.violations) {
      const signature = signatureOf(check, violation);
      if (!defects.has(signature)) defects.set(signature, { signature, promise: check.promise, violation });
    }
  }
  return [...defects.values()];
}

const endsSomething: ReadonlySet<string> = new Set(["kill", "term", "reload"]);

function whyInvalid(run: RunRecord): string | undefined {
  const fired = new Set(run.history.flatMap((entry) => (entry.kind === "fault" ? [entry.round] : [])));
  const unmet = run.plan.boundaries?.ends.find(
    ({ life, operation }) =>
      run.boundaries?.hits.some((hit) => hit.life === life && hit.operation === operation) !== true,
  );
  if (unmet !== undefined) return `server ${unmet.life} never came to its operation ${unmet.operation}`;
  if (run.boundaries?.wasFilled === false) return "the small disk never was full";
  const missing = run.plan.rounds.findIndex((_, round) => !fired.has(round));
  if (missing !== -1) return `the fault of round ${missing} did not fire`;
  const empty = run.history.find(
    (entry) => entry.kind === "fault" && endsSomething.has(entry.fault.kind) && entry.killed.length === 0,
  );
  if (empty?.kind === "fault") return `a ${empty.fault.kind} met nothing that was alive`;
  return run.ledgers.length === 0 ? "no agent was started" : undefined;
}
