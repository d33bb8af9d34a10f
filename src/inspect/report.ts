/**
 * An inspection as JSON for programs, and as an exit code.
 *
 * Always: the names of the contract; fields may be added, none is renamed. Texts of calls and results are not in it
 * beyond what cites quote.
 */
import type { Cite } from "../model/cite.ts";
import type { CallVerdict, Finding } from "../model/verdict.ts";
import type { InspectedSession, Inspection } from "./types.ts";

/** `holdfast inspect --json`. */
export interface Report {
  readonly schema: 1;
  readonly sessions: readonly SessionReport[];
  /** Stores that are there and could not be searched. */
  readonly troubles: Inspection["troubles"];
}

export interface SessionReport {
  readonly agent: string;
  readonly id: string;
  readonly path: string;
  /** Our own id, where we have a record of the session. */
  readonly ourId?: string;
  readonly versions: readonly string[];
  readonly run: { readonly id?: string; readonly state: string };
  readonly calls: readonly CallReport[];
  readonly findings: readonly FindingReport[];
  /** How the hand-over puts each call to the resumed agent. */
  readonly resumeSends: readonly { readonly callId: string; readonly as: string }[];
  readonly action: string;
  readonly why: string;
  readonly leftOut?: { readonly turns: number; readonly calls: number };
}

export interface CallReport {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly effect: string;
  readonly stands: string;
  readonly modelKnows: string;
  readonly attempt?: number;
  readonly cites: readonly Cite[];
}

export interface FindingReport {
  readonly id: string;
  readonly code: string;
  readonly severity: string;
  readonly callId?: string;
  readonly summary: string;
  readonly cites: readonly Cite[];
}

/** The whole report. */
export function reportOf({ sessions, troubles }: Inspection): Report {
  return { schema: 1, sessions: sessions.map(sessionReport), troubles };
}

/** One session of the report. */
export function sessionReport(session: InspectedSession): SessionReport {
  const { found, ourId, versions, verdict, leftOut } = session;
  return {
    agent: found.agent,
    id: found.id,
    path: found.path,
    ...(ourId === undefined ? {} : { ourId }),
    versions,
    run: verdict.run,
    calls: verdict.calls.map(callReport),
    findings: verdict.findings.map(findingReport),
    resumeSends: verdict.recovery.sends.map(({ callId, as }) => ({ callId, as })),
    action: verdict.recovery.action,
    why: verdict.recovery.why,
    ...(leftOut === undefined ? {} : { leftOut }),
  };
}

function callReport({
  id,
  name,
  state,
  effect,
  stands,
  modelKnows,
  attempt,
  cites,
}: CallVerdict): CallReport {
  const at = attempt === undefined ? {} : { attempt };
  return { id, name, state, effect, stands, modelKnows, ...at, cites };
}

function findingReport({ id, code, severity, callId, summary, cites }: Finding): FindingReport {
  return { id, code, severity, ...(callId === undefined ? {} : { callId }), summary, cites };
}

/**
 * The report in pieces, so that a long history is never one text in memory.
 *
 * @example for (const piece of reportPieces(inspection)) write(piece);
 */
export function* reportPieces({ sessions, troubles }: Inspection): Generator<string> {
  yield '{"schema":1,"sessions":[';
  for (const [at, session] of sessions.entries()) {
    const { calls: _, ...rest } = sessionReport({ ...session, verdict: { ...session.verdict, calls: [] } });
    yield `${at === 0 ? "" : ","}${JSON.stringify(rest).slice(0, -1)},"calls":[`;
    for (const [index, call] of session.verdict.calls.entries()) {
      yield `${index === 0 ? "" : ","}${JSON.stringify(callReport(call))}`;
    }
    yield "]}";
  }
  yield `],"troubles":${JSON.stringify(troubles)}}\n`;
}

/**
 * 0: nothing to decide · 1: a person decides · 3: something could not be read, so that the answer may lack something;
 * that comes before 1.
 */
export function exitCodeOf({ sessions, troubles }: Inspection): 0 | 1 | 3 {
  if (troubles.length > 0 || sessions.some(isUnreadable)) return 3;
  return sessions.some(needsDecision) ? 1 : 0;
}

/** Does a source of the session stand there and cannot be read? */
export function isUnreadable({ evidence }: InspectedSession): boolean {
  return evidence.sources.some(({ status }) => status === "unreadable");
}

/** An open question: what blocks, or a call of an interrupted run whose outcome nobody knows. */
export function needsDecision({ verdict }: InspectedSession): boolean {
  const { action, sends } = verdict.recovery;
  return action === "ask" || (action === "resume" && sends.some(({ as }) => as === "unknown"));
}
