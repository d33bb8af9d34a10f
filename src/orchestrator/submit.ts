/**
 * Submitting a prompt: a new session, or a further run of one.
 *
 * Always: acknowledged means that run and dispatch are on the disk. The same idempotency key gives the same run,
 * also when the first answer was lost in a crash.
 */
import { adapters } from "../agent/index.ts";
import { type Context, exclusively, lifeOf } from "../session/context.ts";
import {
  type DispatchOrder,
  findAgent,
  nextAttempt,
  promptBytes,
  promptBytesMax,
  recordDispatch,
  startDispatched,
} from "../session/dispatch.ts";
import { prepareHandOver } from "../session/hand-over.ts";
import { refuseWhileLive } from "../session/live.ts";
import {
  type AttemptState,
  isTerminal,
  latestRun,
  type ProjectState,
  type RunRecordState,
  type SessionState,
} from "../session/state.ts";
import { type Answer, refuse, refusedBy } from "./answer.ts";
import { isFolder } from "./project.ts";
import { enqueue, queuedAnswer, queuedByKey, startQueued } from "./queue.ts";
import { accepted, agentMissing, keyOf, notStarted, startRun } from "./start-run.ts";

export interface Submit {
  readonly prompt: string;
  readonly agent: string;
  readonly model?: string;
  readonly key?: string;
  /** A person has seen what blocks, and goes on. */
  readonly acknowledge: boolean;
  /** Wait for the run that is under way instead of being refused. */
  readonly queue: boolean;
}

/** A new session with its first run. */
export function submitSession(context: Context, project: ProjectState, submit: Submit): Promise<Answer> {
  return once(context, project.id, submit, () => startSession(context, project, submit));
}

/** A further run of a session, with a hand-over when the last one did not end cleanly. */
export function submitRun(context: Context, session: SessionState, submit: Submit): Promise<Answer> {
  return once(context, session.id, submit, () =>
    exclusively(context, session.id, async () => {
      const run = latestRun(session);
      const isBusy = session.queue.length > 0 || (run !== undefined && !isTerminal(run.state));
      if (!submit.queue || !isBusy) return startRun(context, session, submit);
      const queued = await enqueue(context, session, submit);
      // Nobody works whose end would begin the next: what kept that from beginning may be gone.
      await startQueued(context, session);
      return queued;
    }),
  );
}

/** Lets only the first of equal submits do the work. */
async function once(
  context: Context,
  scope: string,
  submit: Submit,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const wrong = checkPrompt(submit.prompt);
  if (wrong !== undefined) return wrong;
  if (submit.key === undefined) return work();
  const name = `${scope} ${submit.key}`;
  const underWay = context.submits.get(name);
  // Only this function puts anything there.
  if (underWay !== undefined)
    return underWay.prompt === submit.prompt ? (underWay.answer as Promise<Answer>) : keyReused();
  const known = findByKey(context, scope, submit.key);
  if (known !== undefined) return knownRun(known.session, known.run, submit);
  const session = context.state.sessions.get(scope);
  const waiting = session === undefined ? undefined : queuedByKey(session, submit.key);
  if (session !== undefined && waiting !== undefined)
    return waiting.prompt === submit.prompt ? queuedAnswer(session, waiting.id) : keyReused();
  const back = session?.withdrawn?.find((one) => one.key === submit.key);
  if (back !== undefined) return back.prompt === submit.prompt ? withdrawn() : keyReused();
  const mine = work().finally(() => context.submits.delete(name));
  context.submits.set(name, { prompt: submit.prompt, answer: mine });
  return mine;
}

function checkPrompt(prompt: string): Answer | undefined {
  if (prompt.trim() === "" || prompt.includes("\0")) {
    return refuse(400, "bad-prompt", "The prompt is empty or holds a NUL character. Send a text.");
  }
  const bytes = promptBytes(prompt);
  if (bytes <= promptBytesMax) return undefined;
  const message = `The prompt has ${bytes} bytes; an agent can be given ${promptBytesMax}. Put the rest into a file of the project and name it.`;
  return refuse(413, "prompt-too-long", message);
}

function findByKey(context: Context, scope: string, key: string) {
  for (const session of context.state.sessions.values()) {
    if (session.projectId !== scope && session.id !== scope) continue;
    const run = session.runs.find(
      (one, index) => one.key === key && (index === 0) === (session.projectId === scope),
    );
    if (run !== undefined) return { session, run };
  }
  return undefined;
}

function knownRun(session: SessionState, run: RunRecordState, submit: Submit): Answer {
  if (run.prompt !== submit.prompt) {
    return keyReused();
  }
  return accepted(
    200,
    session.id,
    run.id,
    session.attempts.findLast((one) => one.runId === run.id)?.attempt ?? 0,
  );
}

function keyReused(): Answer {
  const message = "This Idempotency-Key was used with another prompt. Use a new key for a new prompt.";
  return refuse(409, "key-reused", message);
}

function withdrawn(): Answer {
  const message =
    "The prompt of this Idempotency-Key was taken back while it waited. Use a new key to send it again.";
  return refuse(409, "withdrawn", message);
}

async function startSession(context: Context, project: ProjectState, submit: Submit): Promise<Answer> {
  const { recorder, world } = context;
  if (!Object.hasOwn(adapters, submit.agent)) return unknownAgent(submit.agent);
  const executable = await findAgent(context, submit.agent);
  if (executable === undefined) return agentMissing(submit.agent);
  if (!(await isFolder(context, project.path))) {
    return refuse(
      409,
      "project-gone",
      `The project's folder ${project.path} is not there. Restore it or make a new project.`,
    );
  }
  const sessionId = world.ids.next();
  const runId = world.ids.next();
  const atMs = world.clock.now();
  const order: DispatchOrder = {
    runId,
    attempt: 1,
    ask: submit.prompt,
    prompt: submit.prompt,
    repairs: [],
    executable,
  };
  return exclusively(context, sessionId, async () => {
    await Promise.all([
      recorder.record("session", {
        sessionId,
        projectId: project.id,
        agent: submit.agent,
        cwd: project.path,
        epoch: world.ids.next(),
        ...(submit.model === undefined ? {} : { model: submit.model }),
        atMs,
      }),
      recorder.record("run", { sessionId, runId, prompt: submit.prompt, ...keyOf(submit), atMs }),
      recordDispatch(context, sessionId, order),
    ]);
    const session = context.state.sessions.get(sessionId);
    const failed =
      session === undefined ? "Its record is missing." : await startDispatched(context, session, order);
    return failed === undefined ? accepted(201, sessionId, runId, 1) : notStarted(failed, sessionId, runId);
  });
}

/** The same resume again: the same attempt, also when the first answer was lost in a crash. */
function resumedBefore(session: SessionState, before: AttemptState, prompt: string | undefined): Answer {
  const isOther = prompt !== undefined && !before.ask.includes(prompt);
  return isOther ? keyReused() : accepted(202, session.id, before.runId, before.attempt);
}

/** Starts the interrupted run of a session again, with a hand-over. */
export function resumeRun(
  context: Context,
  session: SessionState,
  request: { readonly prompt?: string; readonly acknowledge: boolean; readonly key?: string },
): Promise<Answer> {
  return exclusively(context, session.id, async () => {
    const wrong = request.prompt === undefined ? undefined : checkPrompt(request.prompt);
    if (wrong !== undefined) return wrong;
    // One that was never started is no answer to a resume: it is made again.
    const before = session.attempts.find(
      ({ key, ended }) => key !== undefined && key === request.key && ended?.started !== "no",
    );
    if (before !== undefined) return resumedBefore(session, before, request.prompt);
    const live = await refuseWhileLive(context, session);
    if (live !== undefined) return refusedBy(session.id, live);
    const run = latestRun(session);
    if (run === undefined || ["completed", "failed", "cancelled"].includes(run.state)) {
      const message = `The last run of this session is ${run?.state ?? "missing"}; there is nothing to resume. Submit a new prompt to POST /api/sessions/${session.id}/runs.`;
      return refuse(409, "nothing-to-resume", message);
    }
    const executable = await findAgent(context, session.agent);
    if (executable === undefined) return agentMissing(session.agent);
    const ask = request.prompt === undefined ? {} : { ask: request.prompt };
    const handOver = await prepareHandOver(context, session, {
      ...ask,
      resumesRun: true,
      acknowledge: request.acknowledge,
    });
    if ("refusal" in handOver) return refusedBy(session.id, handOver.refusal);
    const attempt = await nextAttempt(context, session);
    const order: DispatchOrder = { runId: run.id, attempt, executable, ...handOver, ...keyOf(request) };
    await recordDispatch(context, session.id, order);
    delete lifeOf(context, session.id).verdict;
    const failed = await startDispatched(context, session, order);
    return failed === undefined
      ? accepted(202, session.id, run.id, attempt)
      : notStarted(failed, session.id, run.id);
  });
}

function unknownAgent(agent: string): Answer {
  const known = Object.keys(adapters).join(", ");
  return refuse(400, "unknown-agent", `There is no agent "${agent}". Known agents: ${known}.`);
}
