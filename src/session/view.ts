/**
 * What is said about sessions: plain data for the API and the page.
 *
 * Always: a living session's calls are judged from its spools, and those of earlier attempts from the agent's log as
 * well; an ended one's from its last complete cut.
 */
import type { Verdict } from "../model/verdict.ts";
import { reconcile } from "../reconcile/index.ts";
import { attemptPaths } from "../supervise/index.ts";
import { openAsks } from "./approve.ts";
import { adapterOf, attemptFolder, type Context, exclusively, lifeOf } from "./context.ts";
import { gatherEvidence } from "./evidence.ts";
import { takeBackLost } from "./recover.ts";
import { noteAdopted, settle } from "./settle.ts";
import { isTerminal, latestAttempt, latestRun, type SessionState } from "./state.ts";
import { type Decode, decodeLine, type StreamEvent, StreamReader } from "./stream.ts";

/** State of a session in one word. */
export function stateOf(context: Context, session: SessionState): string {
  const life = lifeOf(context, session.id);
  if (life.reconciling) return "reconciling";
  if (life.trouble !== undefined) return "unreadable";
  return latestRun(session)?.state ?? "empty";
}

/** One line of the list. */
export function summaryOf(context: Context, session: SessionState) {
  const open = [...session.findings.values()].filter((one) => !one.resolved);
  return {
    id: session.id,
    project: session.projectId,
    agent: session.agent,
    state: stateOf(context, session),
    prompt: session.runs[0]?.prompt.slice(0, 200) ?? "",
    attempts: session.attempts.length,
    findings: open.map((one) => ({ code: one.finding.code, severity: one.finding.severity })),
    createdMs: session.atMs,
  };
}

/**
 * Everything about one session.
 *
 * @param check look at all sources again, also when that was done in this life.
 */
export async function detailOf(context: Context, session: SessionState, check: boolean) {
  const verdict = await verdictOf(context, session, check);
  const history = await historyOf(context, session);
  const run = latestRun(session);
  const done = run === undefined || isTerminal(run.state);
  return {
    ...summaryOf(context, session),
    cwd: session.cwd,
    agentSessionId: session.agentSessionId ?? null,
    run: run === undefined ? null : { id: run.id, state: stateOf(context, session), reason: run.reason },
    runs: session.runs.map(({ id, prompt, state, reason }) => ({ id, prompt, state, reason })),
    attempts: session.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      run: attempt.runId,
      state: verdict.attempts.find((one) => one.attempt === attempt.attempt)?.state ?? "unknown",
      ask: attempt.ask,
      pid: attempt.identity?.pid ?? null,
      startTime: attempt.identity?.startTime ?? null,
      exitCode: attempt.ended?.exitCode ?? null,
      handOver: attempt.handOver ?? null,
    })),
    calls: verdict.calls,
    history,
    findings: [...session.findings.values()].map((one) => ({ ...one.finding, resolved: one.resolved })),
    decisions: session.decisions,
    approvals: session.attempts.flatMap(({ attempt, approvals = [] }) =>
      approvals.map(({ cite: _, ...one }) => ({ attempt, ...one })),
    ),
    asks: openAsks(context, session),
    queue: session.queue,
    recovery: done ? { action: "none", why: run?.reason ?? "", sends: [] } : verdict.recovery,
  };
}

/** The verdict on a session: of its last complete cut, or of a new one when it lives or `check` asks for it. */
export async function verdictOf(context: Context, session: SessionState, check: boolean): Promise<Verdict> {
  const life = lifeOf(context, session.id);
  if (life.unnoted === true) await noteAdopted(context, session);
  const ended = latestAttempt(session)?.ended !== undefined && life.follower === undefined;
  if (!ended) return reconcile(await gatherEvidence(context, session, "living"));
  if (life.verdict !== undefined && !check) return life.verdict;
  return exclusively(context, session.id, async () => {
    await takeBackLost(context, session);
    // A resume may have come first.
    const still = latestAttempt(session)?.ended !== undefined;
    return still
      ? (await settle(context, session)).verdict
      : reconcile(await gatherEvidence(context, session, "living"));
  });
}

async function historyOf(context: Context, session: SessionState): Promise<StreamEvent[]> {
  const reader = readStream(context, session);
  const events: StreamEvent[] = [];
  try {
    for (let next = await reader.next(); next.length > 0; next = await reader.next())
      for (const event of next) events.push(event);
    return events;
  } finally {
    await reader.close();
  }
}

/**
 * A reader of the session's stream.
 *
 * @param decode what is made of a line; what its agent's adapter reads in it by default.
 */
export function readStream(
  context: Context,
  session: SessionState,
  after?: ConstructorParameters<typeof StreamReader>[0]["after"],
  decode: Decode = (line) => decodeLine(adapterOf(session), line),
): StreamReader {
  return new StreamReader({
    files: context.world.files,
    decode,
    session,
    spoolPath: (attempt) => attemptPaths(attemptFolder(context, session.id, attempt)).spool,
    after,
  });
}
