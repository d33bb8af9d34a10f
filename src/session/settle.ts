/**
 * Brings a session's record up to what can be known: cut → verdict → findings and run state on record.
 *
 * Always: a finding is raised once by its id and stays on record; one that a later complete cut no longer shows is
 * marked resolved. Doing it twice, or again after a crash at any point, adds nothing.
 * Never: a terminal state that is on record is taken back.
 */
import { crc32, replaceAtomically } from "../journal/index.ts";
import type { Evidence } from "../model/evidence.ts";
import { IoError } from "../model/ports.ts";
import type { Verdict } from "../model/verdict.ts";
import { reconcile } from "../reconcile/index.ts";
import { type Context, exclusively, lifeOf, sessionFolder } from "./context.ts";
import { discoverAgentSession } from "./discover.ts";
import { gatherEvidence } from "./evidence.ts";
import { lookForLateWrites } from "./late.ts";
import { judge, watchOrphans } from "./orphans.ts";
import {
  type AttemptState,
  isTerminal,
  latestAttempt,
  latestRun,
  type RunRecordState,
  type SessionState,
} from "./state.ts";

/** Judges a session whose agent is gone on a complete cut, and records what is new. To be called under its lock. */
export async function settle(
  context: Context,
  session: SessionState,
): Promise<{ readonly evidence: Evidence; readonly verdict: Verdict }> {
  await discoverAgentSession(context, session);
  if (!lifeOf(context, session.id).reconciling) await lookForLateWrites(context);
  const { evidence, verdict } = await judge(context, session, await gatherEvidence(context, session, "gone"));
  const run = latestRun(session);
  const open = run !== undefined && !isTerminal(run.state);
  const news = newsOf(session, verdict);
  const recorded: Promise<unknown>[] = [];
  if (open && (news.raised.length > 0 || run.state === "live"))
    await storeCutIfPossible(context, session, evidence);
  for (const finding of news.raised) {
    recorded.push(context.recorder.fact(session, "finding", { sessionId: session.id, finding }));
  }
  for (const findingId of news.resolved) {
    recorded.push(context.recorder.fact(session, "finding-resolved", { sessionId: session.id, findingId }));
  }
  const end = open ? endOf(session, verdict) : undefined;
  if (run !== undefined && end !== undefined && end.state !== run.state) {
    recorded.push(
      context.recorder.fact(session, "run-ended", {
        sessionId: session.id,
        runId: run.id,
        attempt: latestAttempt(session)?.attempt ?? 0,
        ...end,
      }),
    );
  }
  for (const { run: earlier, attempt, end: lost } of lostEnds(session, verdict)) {
    const at = { sessionId: session.id, runId: earlier.id, attempt: attempt.attempt };
    recorded.push(context.recorder.factOf(session, attempt, "run-ended", { ...at, ...lost }));
  }
  await Promise.all(recorded);
  lifeOf(context, session.id).verdict = verdict;
  watchOrphans(context, session, verdict, () => settleBehindTools(context, session));
  return { evidence, verdict };
}

/** When no tool runs any more that was left. Whoever has gone on meanwhile is settled when it ends. */
async function settleBehindTools(context: Context, session: SessionState): Promise<void> {
  if (latestAttempt(session)?.ended === undefined) return;
  await settle(context, session);
  await context.onIdle(session);
}

/**
 * Records what is wrong with our own files while the agent of an adopted run goes on; its snapshot is not
 * read, since it is being written. Nothing is resolved by what was not looked at.
 */
async function noteWhileLive(context: Context, session: SessionState): Promise<void> {
  const evidence = await gatherEvidence(context, session, "living");
  const { raised } = newsOf(session, reconcile(evidence));
  await Promise.all(
    raised.map((finding) => context.recorder.fact(session, "finding", { sessionId: session.id, finding })),
  );
}

/**
 * The first look at a session that was taken back: before anything is said about it, or once the server is ready.
 * Whoever comes while it is under way waits for it.
 */
export function noteAdopted(context: Context, session: SessionState): Promise<void> {
  return exclusively(context, session.id, async () => {
    const life = lifeOf(context, session.id);
    if (life.unnoted !== true) return;
    try {
      // Where nobody follows any more it was settled, which is to look at more.
      if (life.follower !== undefined) await noteWhileLive(context, session);
    } catch (thrown) {
      if (!(thrown instanceof IoError)) throw thrown;
      context.report(`Session ${session.id} cannot be read: ${thrown.message}. The others are not affected.`);
      life.trouble = thrown.message;
    }
    delete life.unnoted;
  });
}

/** What a verdict says that is not on record. */
function newsOf(session: SessionState, verdict: Verdict) {
  const now = new Set(verdict.findings.map((finding) => finding.id));
  const raised = verdict.findings.filter((finding) => session.findings.get(finding.id)?.resolved !== false);
  const resolved = [...session.findings]
    .filter(([id, known]) => !known.resolved && !now.has(id))
    .map(([id]) => id);
  return { raised, resolved };
}

/** What the latest run came to. */
function endOf(session: SessionState, verdict: Verdict): End {
  const attempt = latestAttempt(session);
  const run = latestRun(session);
  // A crash may cut a submit between its records: then the run has no attempt, and the last one is another's.
  if (run !== undefined && attempt !== undefined && attempt.runId !== run.id)
    return ourEnd(run, undefined, "never-started") ?? neverStarted;
  const ours = ourEnd(run, attempt, verdict.run.state);
  if (ours !== undefined) return ours;
  if (attempt?.ended?.started === "no") return neverStarted;
  return { state: verdict.run.state, reason: verdict.recovery.why };
}

interface End {
  readonly state: string;
  readonly reason: string;
}

const neverStarted: End = { state: "interrupted", reason: "Its agent was never started." };

/** Our own reasons come before what the sources look like. */
function ourEnd(run: RunRecordState | undefined, attempt: AttemptState | undefined, seen: string) {
  if (attempt?.limit !== undefined) return { state: "failed", reason: attempt.limit };
  if (run?.cancelled === undefined || seen === "completed") return undefined;
  const why = run.cancelled.why === "stop" ? "It was stopped by a person." : "It was given up by a person.";
  return { state: "cancelled", reason: why };
}

/** Runs that are over, since another one was begun behind them, and whose end the journal has lost. */
function lostEnds({ runs, attempts }: SessionState, verdict: Verdict) {
  return runs.slice(0, -1).flatMap((run) => {
    const attempt = attempts.findLast(({ runId }) => runId === run.id);
    const seen = verdict.attempts.find((one) => one.attempt === attempt?.attempt)?.state;
    if (run.state !== "live" || attempt === undefined || seen === undefined || seen === "live") return [];
    const lost = { state: seen, reason: "The record of its end is lost; this is what is left of it." };
    const end = ourEnd(run, attempt, seen) ?? (seen === "never-started" ? neverStarted : lost);
    return [{ run, attempt, end }];
  });
}

/** A disk that is full keeps nobody from being told where the session stands. */
async function storeCutIfPossible(
  context: Context,
  session: SessionState,
  evidence: Evidence,
): Promise<void> {
  try {
    await storeCut(context, session, evidence);
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    context.report(
      `The evidence on session ${session.id} could not be stored: ${thrown.message}. Its verdict cannot be recomputed later.`,
    );
  }
}

/** Stores the evidence, so that the verdict can be recomputed; the record names it. */
async function storeCut(context: Context, session: SessionState, evidence: Evidence): Promise<void> {
  const { files } = context.world;
  const folder = `${sessionFolder(context, session.id)}/cuts`;
  await files.makeFolder(folder);
  await files.syncFolder(sessionFolder(context, session.id));
  const life = lifeOf(context, session.id);
  if (life.folderIsDurable !== true) {
    const { home } = context.config;
    await Promise.all([`${home}/sessions`, home].map((path) => files.syncFolder(path)));
    life.folderIsDurable = true;
  }
  const attempt = latestAttempt(session)?.attempt ?? 0;
  const bytes = new TextEncoder().encode(`${JSON.stringify(evidence)}\n`);
  const crc = crc32(bytes);
  const path = `${folder}/${attempt}-${crc.toString(16).padStart(8, "0")}.json`;
  await replaceAtomically(files, path, bytes);
  await context.recorder.record("cut", { sessionId: session.id, path, bytes: bytes.length, crc });
}
