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
import { latestRun, type ProjectState, type RunRecordState, type SessionState } from "../session/state.ts";
import { type Answer, answer, refuse, refusedBy } from "./answer.ts";

export interface Submit {
  readonly prompt: string;
  readonly agent: string;
  readonly model?: string;
  readonly key?: string;
  /** A person has seen what blocks, and goes on. */
  readonly acknowledge: boolean;
}

/** A new session with its first run. */
export function submitSession(context: Context, project: ProjectState, submit: Submit): Promise<Answer> {
  return once(context, project.id, submit, () => startSession(context, project, submit));
}

/** A further run of a session, with a hand-over when the last one did not end cleanly. */
export function submitRun(context: Context, session: SessionState, submit: Submit): Promise<Answer> {
  return once(context, session.id, submit, () =>
    exclusively(context, session.id, () => startRun(context, session, submit)),
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
  if (underWay !== undefined) return underWay as Promise<Answer>;
  const known = findByKey(context, scope, submit.key);
  if (known !== undefined) return knownRun(known.session, known.run, submit);
  const mine = work().finally(() => context.submits.delete(name));
  context.submits.set(name, mine);
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
    return refuse(
      409,
      "key-reused",
      "This Idempotency-Key was used with another prompt. Use a new key for a new prompt.",
    );
  }
  return accepted(
    200,
    session.id,
    run.id,
    session.attempts.findLast((one) => one.runId === run.id)?.attempt ?? 0,
  );
}

function accepted(status: number, session: string, run: string, attempt: number): Answer {
  return answer(status, { session, run, attempt });
}

async function startSession(context: Context, project: ProjectState, submit: Submit): Promise<Answer> {
  const { recorder, world } = context;
  if (!Object.hasOwn(adapters, submit.agent)) return unknownAgent(submit.agent);
  const executable = await findAgent(context, submit.agent);
  if (executable === undefined) return agentMissing(submit.agent);
  const place = await world.files.stat(project.path);
  if (place?.kind !== "folder") {
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

async function startRun(context: Context, session: SessionState, submit: Submit): Promise<Answer> {
  const live = await refuseWhileLive(context, session);
  if (live !== undefined) return refusedBy(session.id, live);
  const executable = await findAgent(context, session.agent);
  if (executable === undefined) return agentMissing(session.agent);
  const handOver = await prepareHandOver(context, session, {
    ask: submit.prompt,
    resumesRun: false,
    acknowledge: submit.acknowledge,
  });
  if ("refusal" in handOver) return refusedBy(session.id, handOver.refusal);
  const runId = context.world.ids.next();
  const attempt = await nextAttempt(context, session);
  const order: DispatchOrder = { runId, attempt, executable, ...handOver };
  await Promise.all([
    context.recorder.record("run", {
      sessionId: session.id,
      runId,
      prompt: submit.prompt,
      ...keyOf(submit),
      atMs: context.world.clock.now(),
    }),
    recordDispatch(context, session.id, order),
  ]);
  const failed = await startDispatched(context, session, order);
  return failed === undefined
    ? accepted(201, session.id, runId, attempt)
    : notStarted(failed, session.id, runId);
}

/** Starts the interrupted run of a session again, with a hand-over. */
export function resumeRun(
  context: Context,
  session: SessionState,
  request: { readonly prompt?: string; readonly acknowledge: boolean },
): Promise<Answer> {
  return exclusively(context, session.id, async () => {
    const wrong = request.prompt === undefined ? undefined : checkPrompt(request.prompt);
    if (wrong !== undefined) return wrong;
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
    const order: DispatchOrder = { runId: run.id, attempt, executable, ...handOver };
    await recordDispatch(context, session.id, order);
    delete lifeOf(context, session.id).verdict;
    const failed = await startDispatched(context, session, order);
    return failed === undefined
      ? accepted(202, session.id, run.id, attempt)
      : notStarted(failed, session.id, run.id);
  });
}

function keyOf(submit: Submit): { readonly key?: string } {
  return submit.key === undefined ? {} : { key: submit.key };
}

function unknownAgent(agent: string): Answer {
  const known = Object.keys(adapters).join(", ");
  return refuse(400, "unknown-agent", `There is no agent "${agent}". Known agents: ${known}.`);
}

function agentMissing(agent: string): Answer {
  const message = `The agent "${agent}" is not on the server's PATH. Install it, or start the server with --agent-path.`;
  return refuse(503, "agent-missing", message);
}

function notStarted(why: string, session: string, run: string): Answer {
  const message = `${why} The run is on record as interrupted; resume it with POST /api/sessions/${session}/resume.`;
  return refuse(503, "agent-not-started", message, { session, run });
}
