/**
 * What the records add up to. The same fold runs at start-up and live.
 *
 * Always: the state is a function of the records alone, in their order; a record of an unknown session changes
 * nothing (its session record may be lost, which the journal's damage says).
 * Never: nothing here reads a file, and no record is refused.
 */
import type { Cite } from "../model/cite.ts";
import { emptyCovers, extendCovers, extendToByte } from "./covers.ts";
import { indexOfPlace, laterPlace, placeIn } from "./place.ts";
import type { AnyRecord, Place, RecordData } from "./records.ts";
import { SessionTable } from "./session-table.ts";
import type {
  AttemptState,
  ProjectState,
  QueuedPrompt,
  RunRecordState,
  SessionState,
  StreamFact,
} from "./state-types.ts";

export type {
  Approval,
  AttemptState,
  ProjectState,
  QueuedPrompt,
  RunRecordState,
  SessionState,
  StreamFact,
} from "./state-types.ts";

export interface State {
  readonly projects: Map<string, ProjectState>;
  readonly sessions: SessionTable;
  /** Segments up to this generation that are empty have hidden nothing that is still to be found. */
  searchedTo: number;
}

export function emptyState(): State {
  return { projects: new Map(), sessions: new SessionTable(), searchedTo: 0 };
}

/** Run states in which nothing more is to come. */
export function isTerminal(runState: string): boolean {
  return runState === "completed" || runState === "failed" || runState === "cancelled";
}

/** Something of it has no end on record. */
export function isOpen({ runs, attempts, queue }: SessionState): boolean {
  return (
    runs.at(-1)?.state === "live" || queue.length > 0 || attempts.some(({ ended }) => ended === undefined)
  );
}

/** The run that was submitted last. */
export function latestRun(session: SessionState): RunRecordState | undefined {
  return session.runs.at(-1);
}

export function latestAttempt(session: SessionState): AttemptState | undefined {
  return session.attempts.at(-1);
}

/** Of a record that this version does not know: where it stands is taken, and nothing of ours is put there. */
export function passBy(state: State, { sessionId, at }: Readonly<Record<string, unknown>>): void {
  const session = typeof sessionId === "string" ? state.sessions.get(sessionId) : undefined;
  const passedAt = laterPlace(session?.passedAt, placeIn(at));
  if (session !== undefined && passedAt !== undefined) session.passedAt = passedAt;
}

/** Where the last thing of ours stands in the session's stream. */
export function lastPlace({ facts, passedAt }: SessionState): Place | undefined {
  return laterPlace(facts.at(-1)?.at, passedAt);
}

/** Folds one record in. `cite` says where it stands. */
export function fold(state: State, record: AnyRecord, cite: Cite): void {
  if (record.type === "project") {
    const { id, name, path } = record.data;
    state.projects.set(id, { id, name, path });
    return;
  }
  if (record.type === "session") {
    if (!state.sessions.has(record.data.sessionId)) {
      state.sessions.set(record.data.sessionId, newSession(record.data, cite));
    }
    return;
  }
  if (record.type === "searched") {
    state.searchedTo = Math.max(state.searchedTo, record.data.generation);
    return;
  }
  if (record.type === "life") return;
  const session = state.sessions.get(record.data.sessionId);
  if (session === undefined) return;
  if (cite.path !== undefined) session.segments.add(cite.path);
  foldSession(session, record, cite);
}

function newSession(data: RecordData["session"], cite: Cite): SessionState {
  return {
    id: data.sessionId,
    projectId: data.projectId,
    agent: data.agent,
    cwd: data.cwd,
    epoch: data.epoch,
    atMs: data.atMs,
    ...(data.model === undefined ? {} : { model: data.model }),
    ...(data.name === undefined ? {} : { name: data.name }),
    ...(data.about === undefined ? {} : { about: data.about }),
    runs: [],
    attempts: [],
    findings: new Map(),
    decisions: [],
    queue: [],
    facts: [],
    segments: new Set(cite.path === undefined ? [] : [cite.path]),
  };
}

type SessionRecord = Exclude<AnyRecord, { type: "life" | "project" | "searched" | "session" }>;

function foldSession(session: SessionState, record: SessionRecord, cite: Cite): void {
  switch (record.type) {
    case "run":
      foldRun(session, record.data);
      break;
    case "queued": {
      const { queueId: id, prompt, key, atMs } = record.data;
      if (session.queue.some((one) => one.id === id)) break;
      session.queue.push({ id, prompt, ...(key === undefined ? {} : { key }), atMs });
      break;
    }
    case "unqueued": {
      const taken = unqueue(session, record.data.queueId);
      if (taken !== undefined) session.withdrawn = [...(session.withdrawn ?? []), taken];
      break;
    }
    case "dispatch":
      foldDispatch(session, record.data, cite);
      break;
    case "agent":
    case "agent-session":
    case "cover":
    case "shift":
    case "ended":
    case "limit":
    case "said":
    case "approval":
    case "restored":
      foldAttempt(session, record, cite);
      break;
    case "run-ended":
      foldRunEnded(session, record.data);
      break;
    case "cancel": {
      const run = session.runs.find((one) => one.id === record.data.runId);
      if (run !== undefined) run.cancelled = { cite, why: record.data.why };
      show(session, record.data.at, "cancel", {
        runId: record.data.runId,
        who: record.data.who,
        why: record.data.why,
      });
      break;
    }
    case "swept": {
      const { ended, left } = record.data;
      show(session, record.data.at, "swept", { ended, left });
      break;
    }
    case "finding":
      session.findings.set(record.data.finding.id, { finding: record.data.finding, resolved: false });
      show(session, record.data.at, "finding", { finding: record.data.finding });
      break;
    case "finding-resolved": {
      const known = session.findings.get(record.data.findingId);
      if (known !== undefined) known.resolved = true;
      show(session, record.data.at, "finding-resolved", { findingId: record.data.findingId });
      break;
    }
    case "decision": {
      const { callId, attempt, outcome, who, why, atMs } = record.data;
      const when = atMs === undefined ? {} : { atMs };
      session.decisions.push({ callId, attempt, outcome, who, ...when, cite });
      show(session, record.data.at, "decision", {
        callId,
        outcome,
        who,
        ...(why === undefined ? {} : { why }),
      });
      break;
    }
    case "about":
      session.about = record.data.about;
      return;
    case "cut":
      return;
  }
}

function unqueue({ queue }: SessionState, queueId: string | undefined): QueuedPrompt | undefined {
  const index = queue.findIndex((one) => one.id === queueId);
  return index === -1 ? undefined : queue.splice(index, 1)[0];
}

function foldRun(session: SessionState, data: RecordData["run"]): void {
  unqueue(session, data.queueId);
  const { prompt, key, queueId } = data;
  const said = {
    prompt,
    ...(key === undefined ? {} : { key }),
    ...(queueId === undefined ? {} : { queueId }),
  };
  const known = session.runs.find((run) => run.id === data.runId);
  if (known === undefined) session.runs.push({ id: data.runId, ...said, state: "live", reason: "" });
  else if (known.isLost) {
    Object.assign(known, said);
    delete known.isLost;
  }
}

function foldDispatch(session: SessionState, data: RecordData["dispatch"], cite: Cite): void {
  if (session.attempts.some((attempt) => attempt.attempt === data.attempt)) return;
  // One that is restored comes behind others that it was before.
  const at = session.attempts.findLastIndex(({ attempt }) => attempt < data.attempt) + 1;
  const isLatest = at === session.attempts.length;
  session.attempts.splice(at, 0, {
    attempt: data.attempt,
    runId: data.runId,
    prompt: data.prompt,
    ask: data.ask,
    bootId: data.bootId,
    ...(data.key === undefined ? {} : { key: data.key }),
    ...(data.namespace === undefined ? {} : { namespace: data.namespace }),
    ...(data.over === undefined ? {} : { over: data.over }),
    ...(data.resumes === undefined ? {} : { resumes: data.resumes }),
    ...(data.handOver === undefined ? {} : { handOver: data.handOver }),
    cite,
    covers: emptyCovers(),
  });
  // Whoever is resumed had said its name; that record may be lost.
  if (data.resumes !== undefined) session.agentSessionId ??= data.resumes;
  const run = session.runs.find((one) => one.id === data.runId);
  if (run === undefined)
    session.runs.push({ id: data.runId, prompt: data.ask, isLost: true, state: "live", reason: "" });
  else {
    if (isLatest) run.state = "live";
    if (isLatest) run.reason = "";
  }
  if (!isLatest) orderRuns(session);
  show(session, data.at, "prompt", {
    runId: data.runId,
    text: data.ask,
    ...(data.handOver === undefined ? {} : { handOver: data.handOver }),
  });
}

/** By their first attempts; one that has none waits for its own. */
function orderRuns({ runs, attempts }: SessionState): void {
  const first = ({ id }: RunRecordState) =>
    attempts.find(({ runId }) => runId === id)?.attempt ?? Number.MAX_SAFE_INTEGER;
  runs.sort((left, right) => first(left) - first(right));
}

type AttemptRecord = Extract<
  AnyRecord,
  {
    type:
      | "agent"
      | "agent-session"
      | "cover"
      | "shift"
      | "ended"
      | "limit"
      | "said"
      | "approval"
      | "restored";
  }
>;

function foldAttempt(session: SessionState, record: AttemptRecord, cite: Cite): void {
  const attempt = session.attempts.find((one) => one.attempt === record.data.attempt);
  if (attempt === undefined) return;
  switch (record.type) {
    case "agent":
      attempt.identity = record.data.identity;
      return;
    case "agent-session":
      session.agentSessionId = record.data.agentSessionId;
      return;
    case "cover":
      extendCovers(attempt.covers, record.data);
      break;
    case "restored":
      attempt.restoredFrom = record.data.path;
      return;
    case "shift":
      attempt.covers.shifts.push({ atByte: record.data.atByte, fileByte: record.data.fileByte });
      return;
    case "ended": {
      const { exitCode, started, seen, at, tailBytes } = record.data;
      attempt.ended = { exitCode, started, seen, cite };
      show(session, at, "exited", { exitCode, started, seen, tailBytes });
      break;
    }
    case "said":
      attempt.said ??= {};
      attempt.said[record.data.key] = record.data.when;
      return;
    case "approval": {
      const { requestId, callId, optionId, allows, who, atMs } = record.data;
      attempt.approvals ??= [];
      if (attempt.approvals.some((one) => one.requestId === requestId)) return;
      attempt.approvals.push({ requestId, callId, optionId, allows, who, atMs, cite });
      show(session, record.data.at, "approval", { requestId, callId, optionId, allows, who });
      break;
    }
    case "limit":
      attempt.limit = record.data.reason;
      show(session, record.data.at, "limit", { reason: record.data.reason });
      break;
  }
}

function foldRunEnded(session: SessionState, data: RecordData["run-ended"]): void {
  const run = session.runs.find((one) => one.id === data.runId);
  if (run !== undefined) {
    run.state = data.state;
    run.reason = data.reason;
  }
  show(session, data.at, "run-ended", { runId: data.runId, state: data.state, reason: data.reason });
}

function show({ attempts, facts }: SessionState, at: Place, type: string, body: StreamFact["body"]): void {
  facts.splice(indexOfPlace(facts, at), 0, { at, type, body });
  // What we said after these bytes, we said of bytes that were on record.
  const attempt = attempts.findLast((one) => one.attempt === at.attempt);
  if (attempt !== undefined) extendToByte(attempt.covers, at.byte);
}
