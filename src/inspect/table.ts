/**
 * All sessions of a project for a person: one line each, and under it what is wrong.
 *
 * Always: pure text; what agents wrote is cleaned before it is shown.
 */
import type { CallVerdict, Finding, RunState, Severity } from "../model/verdict.ts";
import { clean, type Paint, type TextCell, type Tone, tableOf } from "./paint.ts";
import { isUnreadable, needsDecision } from "./report.ts";
import type { InspectedSession, Inspection } from "./types.ts";

/** So many findings of one session are shown in the table; the others are counted. */
const findingsMax = 4;

const header = ["AGENT", "SESSION", "RUN", "CALLS", "TO DO"].map((text): TextCell => ({ text, tone: "dim" }));

/** The table, line by line. */
export function tableLines({ folder, sessions, troubles }: Inspection, paint: Paint): string[] {
  const rows = tableOf([header, ...sessions.map(rowOf)], paint);
  const lines = sessions.flatMap((session, at) => [rows[at + 1] ?? "", ...notesOf(session, paint)]);
  const head = sessions.length === 0 ? [] : [rows[0] ?? "", ...lines];
  return [
    `${paint("bold", clean(folder))}  ${sessionsIn(sessions.length)}`,
    "",
    ...head,
    ...troubles.map(({ agent, path, why }) => {
      const who = agent === undefined ? "" : `${agent}: `;
      return `${paint("bad", "unreadable")}  ${who}${clean(path)}: ${clean(why)}`;
    }),
    ...(head.length + troubles.length === 0
      ? ["No agent that Holdfast knows has a session of this folder."]
      : []),
    ...sumLines(sessions, troubles.length > 0 || sessions.some(isUnreadable)),
  ];
}

function sessionsIn(count: number): string {
  return count === 1 ? "1 session" : `${count} sessions`;
}

function rowOf(session: InspectedSession): TextCell[] {
  const { found, verdict } = session;
  return [
    { text: clean(found.agent, 20) },
    { text: shortId(found.id) },
    { text: verdict.run.state, tone: toneOfRun(verdict.run.state) },
    { text: callsIn(verdict.calls, session.leftOut?.calls ?? 0) },
    { text: todoOf(session), tone: needsDecision(session) ? "warn" : "plain" },
  ];
}

/** Ids of a project differ early; UUIDs by time differ late. */
function shortId(id: string): string {
  return clean(id, 36);
}

/** Colour of a run's state. */
export function toneOfRun(state: RunState): Tone {
  if (state === "completed" || state === "live") return "good";
  return state === "diverged" || state === "unreadable" || state === "exhausted" ? "bad" : "warn";
}

const order = ["done", "failed", "running", "partly", "unknown", "not-started"] as const;

/** "3 done, 1 unknown". */
export function callsIn(calls: readonly CallVerdict[], leftOut: number): string {
  const counts = new Map<string, number>(leftOut === 0 ? [] : [["done", leftOut]]);
  for (const { effect } of calls) counts.set(effect, (counts.get(effect) ?? 0) + 1);
  const words = order.flatMap((effect) => {
    const count = counts.get(effect);
    return count === undefined ? [] : [`${count} ${effect}`];
  });
  return words.length === 0 ? "none" : words.join(", ");
}

/** What a person, or an orchestrator, does now. */
export function todoOf(session: InspectedSession): string {
  if (isUnreadable(session) && session.verdict.run.state === "unreadable") return "look at the file";
  const { action, sends } = session.verdict.recovery;
  if (action === "none") return "nothing";
  if (action === "adopt") return "take the agent back";
  if (action === "ask") return "decide";
  const unknown = sends.filter(({ as }) => as === "unknown").length;
  return unknown === 0 ? "resume" : `resume, ${unknown} ${unknown === 1 ? "call" : "calls"} to check`;
}

const ranks: Readonly<Record<Severity, number>> = { blocks: 0, warning: 1, info: 2 };
const tones: Readonly<Record<Severity, Tone>> = { blocks: "bad", warning: "warn", info: "dim" };

/** The worst first. */
export function byRank(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((left, right) => ranks[left.severity] - ranks[right.severity]);
}

/** A finding on one line. */
export function findingLine({ code, severity, summary }: Finding, paint: Paint): string {
  return `  ${paint(tones[severity], code)}  ${clean(summary)}`;
}

function notesOf({ verdict }: InspectedSession, paint: Paint): string[] {
  const findings = byRank(verdict.findings).filter(({ severity }) => severity !== "info");
  const shown = findings.slice(0, findingsMax).map((finding) => findingLine(finding, paint));
  const more = verdict.findings.length - shown.length;
  return more === 0
    ? shown
    : [...shown, paint("dim", `  and ${more} more: see --session ${clean(verdict.sessionId, 36)}`)];
}

/** @param isPartial something could not be read, and nobody knows what it would ask for. */
function sumLines(sessions: readonly InspectedSession[], isPartial: boolean): string[] {
  if (sessions.length === 0) return [];
  const open = sessions.filter(needsDecision).length;
  const nothing = isPartial ? "Nothing to decide in what could be read." : "Nothing to decide.";
  return ["", open === 0 ? nothing : `To decide: ${sessionsIn(open)}.`];
}
