/**
 * Findings about single calls, and the verdict on each.
 *
 * Always: the taxonomy's state is derived from the three answers and the marks, and says nothing beyond them.
 */

import { resultsAgree } from "../model/result.ts";
import type { CallMark, CallState, CallVerdict, Finding, ModelKnows } from "../model/verdict.ts";
import { type Case, cutOf } from "./case.ts";
import { effectFindings, standsOf, toldOf } from "./effects.ts";
import { attemptOf, citeFact, placeOf, raise } from "./finding.ts";
import type { Contradiction, Judged } from "./judge.ts";

/** All findings about calls. `links`: see `supersededBy`. */
export function callFindings(one: Case, links: ReadonlyMap<Judged, Judged>): Finding[] {
  return [
    ...one.calls.flatMap((judged) => [
      ...contradictions(one, judged),
      ...dangling(one, judged),
      ...unpaired(one, judged),
      ...repeated(one, judged),
      ...again(one, judged, links.get(judged)),
      ...effectFindings(one, judged),
    ]),
    ...reusedIds(one),
  ];
}

function subjectOf({ call }: Judged) {
  return { callId: call.id, ...attemptOf(call.turn) };
}

function contradictions(one: Case, judged: Judged): Finding[] {
  const { contradiction, toldWrongly, snapshotDiffers, decision, call } = judged;
  const found: Finding[] = [];
  const add = (
    code: "id-conflict" | "told-wrongly" | "snapshot-conflict",
    parts: Contradiction,
    summary: string,
  ) => {
    // A person's word on the call is what a block waits for.
    const severity = code === "id-conflict" && decision === undefined ? "blocks" : "warning";
    const cites = [citeFact(parts.one.fact), citeFact(parts.other.fact)];
    found.push(
      raise(one, { code, severity, at: placeOf(parts.other.fact), summary, cites, ...subjectOf(judged) }),
    );
  };
  if (contradiction !== undefined) {
    add(
      "id-conflict",
      contradiction,
      `The sources give call ${call.id} two results that contradict one another.`,
    );
  }
  if (toldWrongly !== undefined) {
    add(
      "told-wrongly",
      toldWrongly,
      `The snapshot tells the model that call ${call.id} failed; it was done.`,
    );
  }
  if (snapshotDiffers !== undefined) {
    add(
      "snapshot-conflict",
      snapshotDiffers,
      `The snapshot has another result of call ${call.id} than the record.`,
    );
  }
  return found;
}

function dangling(one: Case, judged: Judged): Finding[] {
  const { call, life, effect } = judged;
  const isOver = life === "dead" || life === "none";
  const [first] = call.made;
  const isOpen = effect === "unknown" || effect === "partly";
  if (first === undefined || !isOver || !isOpen) return [];
  const summary = `Call ${call.id} was made and no source has its result; the agent is gone.`;
  const cites = [citeFact(first), ...processCite(one, judged)];
  const rest = { at: placeOf(first), summary, cites, ...subjectOf(judged) };
  return [raise(one, { code: "dangling-call", severity: "warning", ...rest })];
}

function processCite(one: Case, { call }: Judged) {
  const attempt = one.attempts.find(({ evidence }) => evidence.attempt === call.turn.attempt);
  return attempt === undefined ? [] : [attempt.evidence.processCite];
}

function unpaired(one: Case, judged: Judged): Finding[] {
  const { call } = judged;
  const [result] = call.results;
  if (call.paired || result === undefined) return [];
  const summary = `There is a result of call ${call.id} and no call; it is kept.`;
  const cites = call.results.map(({ fact }) => citeFact(fact));
  const rest = { at: placeOf(result.fact), summary, cites, ...subjectOf(judged) };
  return [raise(one, { code: "unpaired-result", severity: "warning", ...rest })];
}

function repeated(one: Case, judged: Judged): Finding[] {
  const { call } = judged;
  const [first] = call.made;
  const [second] = call.repeats;
  if (first === undefined || second === undefined) return [];
  const summary = `Call ${call.id} is recorded ${call.repeats.length + 1} times in the same words by one source.`;
  const cites = [citeFact(first), citeFact(second)];
  const rest = { at: placeOf(second), summary, cites, ...subjectOf(judged) };
  return [raise(one, { code: "duplicate-event", severity: "info", ...rest })];
}

function again(one: Case, judged: Judged, later: Judged | undefined): Finding[] {
  const first = judged.call.made[0];
  const second = later?.call.made[0];
  if (first === undefined || second === undefined || later === undefined) return [];
  const double =
    judged.effect === "done"
      ? "It was done before: the effect is there twice."
      : "Its effect may be there twice.";
  const summary = `Call ${judged.call.id} was issued again after the interruption, as ${later.call.id}. ${double}`;
  const cites = [citeFact(first), citeFact(second)];
  const rest = { at: placeOf(second), summary, cites, ...subjectOf(judged) };
  return [raise(one, { code: "superseded", severity: "warning", ...rest })];
}

/** One id, two different calls in a turn: one finding a turn and id. */
function reusedIds(one: Case): Finding[] {
  const groups = new Map<string, Judged[]>();
  for (const judged of one.calls) {
    const { turn, id, variants } = judged.call;
    if (variants < 2) continue;
    const key = `${turn.index} ${id}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [judged]);
    else group.push(judged);
  }
  return [...groups.values()].flatMap((group) => {
    const facts = group.flatMap(({ call }) => call.made.slice(0, 1));
    const [first] = group;
    const second = facts[1];
    if (first === undefined || second === undefined) return [];
    const { call, decision } = first;
    const summary = `The id ${call.id} stands for ${group.length} different calls of one turn.`;
    const severity = decision === undefined ? "blocks" : "warning";
    const rest = { at: placeOf(second), summary, cites: facts.map(citeFact), ...subjectOf(first) };
    return [raise(one, { code: "id-conflict", severity, ...rest })];
  });
}

/** The verdict on a call. */
export function callVerdict(one: Case, judged: Judged, links: ReadonlyMap<Judged, Judged>): CallVerdict {
  const { call, effect, best, decision, probe, orphan } = judged;
  const modelKnows = whatModelKnows(one, judged);
  const marks = marksOf(judged, modelKnows, links.has(judged));
  return {
    id: call.id,
    ...attemptOf(call.turn),
    turn: call.turn.index,
    name: call.name,
    input: call.input,
    effect,
    stands: standsOf(one, judged),
    modelKnows,
    marks,
    state: stateOf(judged, marks),
    ...(best === undefined
      ? {}
      : { result: { content: best.content, isError: best.isError, cut: best.cut } }),
    cites: [
      ...[...call.made, ...call.results.map(({ fact }) => fact)].map(citeFact),
      ...(decision === undefined ? [] : [decision.cite]),
      ...(probe === undefined ? [] : [probe.cite]),
      ...(orphan === undefined ? [] : [orphan.cite]),
    ],
  };
}

/** Judged by what the agent will send, where its store was asked; else by the file that it reads when it resumes. */
function whatModelKnows(one: Case, judged: Judged): ModelKnows {
  const { call } = judged;
  const told = toldOf(one, call.id);
  if (told === "none") return "no";
  if (told === "synthetic") {
    return judged.effect === "unknown" || judged.effect === "partly" ? "unknown" : "wrongly";
  }
  return whatFileTells(one, judged);
}

function whatFileTells(one: Case, { call, best }: Judged): ModelKnows {
  const source = one.evidence.resumesFrom === "log" ? "L" : "S";
  if (cutOf(one, source) === undefined) return "unknown";
  const told = call.results.filter(({ fact }) => fact.source === source);
  if (told.length === 0 || best === undefined) return "no";
  return told.every((result) => resultsAgree(result, best)) ? "yes" : "wrongly";
}

function marksOf(judged: Judged, modelKnows: ModelKnows, isSuperseded: boolean): CallMark[] {
  const { call, life, best, contradiction, orphan } = judged;
  const marks: CallMark[] = [];
  if (best?.cut === true) marks.push("cut");
  const isOver = life !== "alive" && life !== "unknown";
  if (isOver && best !== undefined && modelKnows === "no") marks.push("elsewhere");
  if (orphan !== undefined) marks.push("orphan");
  if (isSuperseded) marks.push("superseded");
  if (contradiction !== undefined || call.variants > 1) marks.push("conflict");
  return marks;
}

function stateOf({ call, effect }: Judged, marks: readonly CallMark[]): CallState {
  if (!call.paired) return "unpaired-result";
  if (marks.includes("conflict")) return "id-conflict";
  if (marks.includes("superseded")) return "superseded";
  if (effect === "done") {
    if (marks.includes("cut")) return "result-cut";
    return marks.includes("elsewhere") ? "result-elsewhere" : "completed";
  }
  if (effect === "partly") return "interrupted-partial";
  if (effect === "running") return marks.includes("orphan") ? "running-orphan" : "running-adopted";
  if (effect === "unknown") return "indeterminate";
  return effect;
}
