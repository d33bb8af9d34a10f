/**
 * What became of a call's effect after the call, and what a resume tells of it.
 *
 * Always: a look at the workspace weighs against a record only after a boot change: before one, a file that differs was
 * changed by somebody, which is no loss.
 */
import type { ToldEvidence } from "../model/evidence.ts";
import type { Finding, Stands } from "../model/verdict.ts";
import type { Case } from "./case.ts";
import { attemptOf, citeFact, placeOf, raise } from "./finding.ts";
import type { Judged } from "./judge.ts";

/** All findings of this kind about one call. */
export function effectFindings(one: Case, judged: Judged): Finding[] {
  return [...rolledBack(one, judged), ...orphaned(one, judged), ...toldSynthetic(one, judged)];
}

/** What a resume answers to a call; undefined when nobody asked the store. */
export function toldOf({ told }: Case, callId: string): ToldEvidence["answer"] | undefined {
  return told === undefined ? undefined : (told.get(callId) ?? "none");
}

/** Is what was done still there? A call that failed may have done something as well. */
export function standsOf(one: Case, judged: Judged): Stands {
  const { effect, probe } = judged;
  const mayHaveActed = effect === "done" || effect === "failed" || effect === "partly";
  if (!mayHaveActed || !mayBeLost(one, judged)) return "yes";
  if (probe?.saw === "present") return "yes";
  return probe?.saw === "absent" ? "no" : "unproven";
}

/** After a boot the journal may hold what the tool's file has lost; a later attempt changes nothing about that. */
function mayBeLost(one: Case, { call }: Judged): boolean {
  const { attempt: number } = attemptOf(call.turn);
  const attempt = one.evidence.attempts.find((each) => each.attempt === number);
  return attempt?.bootChanged ?? one.evidence.bootChanged;
}

function rolledBack(one: Case, judged: Judged): Finding[] {
  const { call, probe } = judged;
  const proof = call.results.find(({ isError }) => !isError)?.fact;
  if (proof === undefined || probe === undefined || standsOf(one, judged) !== "no") return [];
  const summary = `Call ${call.id} is on record as done, and after the machine was booted again its effect is not there.`;
  const cites = [citeFact(proof), probe.cite];
  const rest = { at: placeOf(proof), summary, cites, callId: call.id, ...attemptOf(call.turn) };
  return [raise(one, { code: "effect-rolled-back", severity: "blocks", ...rest })];
}

function orphaned(one: Case, { call, orphan }: Judged): Finding[] {
  const [first] = call.made;
  if (orphan === undefined || first === undefined) return [];
  const summary = `The tool of call ${call.id} still runs and its agent is gone: wait for it or end it, and do not repeat the call.`;
  const cites = [orphan.cite, citeFact(first)];
  const rest = { at: placeOf(first), summary, cites, callId: call.id, ...attemptOf(call.turn) };
  return [raise(one, { code: "orphan-tool", severity: "blocks", ...rest })];
}

/** The agent will put a text of its own in the place of a result that is known. */
function toldSynthetic(one: Case, { call, best, effect, toldWrongly }: Judged): Finding[] {
  if (best === undefined || effect !== "done" || toldWrongly !== undefined || !one.atRest) return [];
  if (toldOf(one, call.id) !== "synthetic") return [];
  const { resumesFrom, sources } = one.evidence;
  const source = resumesFrom === "snapshot" ? "S" : "L";
  const path = sources.find((cut) => cut.source === source)?.path;
  const value = `a resume answers call ${call.id} with a text of the agent`;
  const cites = [citeFact(best.fact), { source, value, ...(path === undefined ? {} : { path }) } as const];
  const summary = `A resume will tell the model that call ${call.id} was not finished; it was done.`;
  const rest = { at: placeOf(best.fact), summary, cites, callId: call.id, ...attemptOf(call.turn) };
  return [raise(one, { code: "told-wrongly", severity: "warning", ...rest })];
}
