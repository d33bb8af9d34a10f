/**
 * A copy of what an attempt rests on, beside its spool: project, session, run, dispatch.
 *
 * The journal is the record; this is for the day on which the journal's own bytes are damaged. Then a run that was
 * acknowledged is found by its folder, taken into the record again, and its spool is read from the start: positions
 * are made of bytes, so clients keep their cursors.
 * Never: it is not read while the journal knows the attempt and its run.
 */
import { IoError } from "../model/ports.ts";
import { restoreAnswers } from "./answers.ts";
import { attemptFolder, type Context, readWhole, sessionFolder } from "./context.ts";
import { type AnyRecord, readRecord } from "./records.ts";
import type { AttemptState, SessionState } from "./state.ts";

const fileName = "about.json";
const idPattern = /^[0-9a-f]{16}$/;
const numberPattern = /^[1-9]\d{0,8}$/;

/** Writes the copy; the folder is new. @throws IoError. */
export async function writeAbout(
  context: Context,
  session: SessionState,
  attempt: AttemptState,
): Promise<void> {
  const { files } = context.world;
  const folder = attemptFolder(context, session.id, attempt.attempt);
  const file = await files.createExclusive(`${folder}/${fileName}`);
  if (file === undefined) return;
  await file.append(new TextEncoder().encode(`${JSON.stringify(aboutOf(context, session, attempt))}\n`));
  await file.sync();
  await file.close();
  await files.syncFolder(folder);
}

function aboutOf(context: Context, session: SessionState, attempt: AttemptState): readonly unknown[] {
  const project = context.state.projects.get(session.projectId);
  const run = session.runs.find((one) => one.id === attempt.runId);
  const fact = session.facts.find((one) => one.type === "prompt" && one.at.attempt === attempt.attempt);
  const { runId, prompt, ask, bootId, over, key, namespace, resumes, handOver } = attempt;
  const { projectId, agent, cwd, epoch, model, name, about, atMs } = session;
  const sessionId = session.id;
  return [
    ...(project === undefined ? [] : [{ type: "project", data: { ...project, atMs } }]),
    { type: "session", data: { sessionId, projectId, agent, cwd, epoch, model, name, about, atMs } },
    {
      type: "run",
      data: { sessionId, runId, prompt: run?.prompt, key: run?.key, queueId: run?.queueId, atMs },
    },
    {
      type: "dispatch",
      data: {
        sessionId,
        runId,
        attempt: attempt.attempt,
        prompt,
        ask,
        bootId,
        key,
        namespace,
        over,
        resumes,
        handOver,
        at: fact?.at,
        atMs,
      },
    },
  ];
}

/**
 * Takes attempts that are on the disk and not on record into the record again, and runs of which only an attempt is.
 *
 * @param names what is in the folder of all sessions, in any order.
 * @param among the known sessions to look into: the end of a journal can be missing without a trace. All of them,
 * without it.
 * @param emptyTo generation of the newest segment that is empty: all of them are looked into for it once.
 * @returns the sessions concerned.
 */
export async function restoreLost(
  context: Context,
  names: readonly string[],
  among?: readonly string[],
  emptyTo = 0,
): Promise<readonly string[]> {
  const restored: string[] = [];
  let isComplete = among === undefined;
  const ids = among === undefined ? [...names] : [...context.state.sessions.unknown(names), ...among];
  for (const id of ids.sort()) {
    try {
      if (await restoreSession(context, id)) restored.push(id);
    } catch (thrown) {
      if (!(thrown instanceof IoError)) throw thrown;
      isComplete = false;
      context.report(
        `Whether session ${id} is whole cannot be told: ${thrown.message}. The others are not affected.`,
      );
    }
  }
  // Else every start would look into all of them, for a life that was killed before it wrote anything.
  if (isComplete && emptyTo > context.state.searchedTo)
    await context.recorder.record("searched", { generation: emptyTo, atMs: context.world.clock.now() });
  return [...new Set(restored)];
}

/** As {@link restoreLost}, of one session. @returns whether there was anything. @throws IoError. */
export async function restoreSession(context: Context, id: string): Promise<boolean> {
  if (!idPattern.test(id)) return false;
  const { files } = context.world;
  const session = context.state.sessions.get(id);
  const attempts = `${sessionFolder(context, id)}/attempts`;
  const numbers = (files.listNow === undefined ? await files.list(attempts) : files.listNow(attempts)) ?? [];
  const lost = numbers
    .filter((name) => numberPattern.test(name))
    .map(Number)
    .filter((attempt) => session === undefined || isLost(session, attempt))
    .sort((left, right) => left - right);
  let isRestored = false;
  for (const attempt of lost) isRestored = (await restoreAttempt(context, id, attempt)) || isRestored;
  const known = context.state.sessions.get(id);
  return (known !== undefined && (await restoreAnswers(context, known))) || isRestored;
}

function isLost({ attempts, runs }: SessionState, attempt: number): boolean {
  const known = attempts.find((one) => one.attempt === attempt);
  return known === undefined || runs.some((run) => run.id === known.runId && run.isLost === true);
}

async function restoreAttempt(context: Context, sessionId: string, attempt: number): Promise<boolean> {
  const path = `${attemptFolder(context, sessionId, attempt)}/${fileName}`;
  const bytes = await readWhole(context, path);
  const records = (bytes === undefined ? [] : parseAbout(bytes)).filter((one) => isOf(one, sessionId));
  const dispatch = records.find((one) => one.type === "dispatch");
  if (dispatch?.data.sessionId !== sessionId || dispatch.data.attempt !== attempt) return false;
  const isNew = !isKnown(context, dispatch);
  const lost = records.filter((record) => !isKnown(context, record));
  for (const record of lost) await context.recorder.record(record.type, record.data);
  if (isNew) await context.recorder.record("restored", { sessionId, attempt, path });
  return lost.length > 0;
}

/** Of what a copy is made of, and of no other session. */
function isOf({ type, data }: AnyRecord, sessionId: string): boolean {
  if (type === "project") return true;
  return (type === "session" || type === "run" || type === "dispatch") && data.sessionId === sessionId;
}

function isKnown(context: Context, record: AnyRecord): boolean {
  const { projects, sessions } = context.state;
  if (record.type === "project") return projects.has(record.data.id);
  if (record.type === "session") return sessions.has(record.data.sessionId);
  if (record.type !== "run" && record.type !== "dispatch") return false;
  const session = sessions.get(record.data.sessionId);
  if (session === undefined) return false;
  const { type, data } = record;
  return type === "run"
    ? session.runs.some((run) => run.id === data.runId && run.isLost !== true)
    : session.attempts.some(({ attempt }) => attempt === data.attempt);
}

function parseAbout(bytes: Uint8Array): AnyRecord[] {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(parsed)) return [];
    return parsed.flatMap((one: { readonly type?: unknown; readonly data?: unknown }) => {
      if (typeof one?.type !== "string" || typeof one.data !== "object" || one.data === null) return [];
      return readRecord(one.type, one.data as Readonly<Record<string, unknown>>) ?? [];
    });
  } catch {
    // Torn in the crash in which it was made: then the journal is all there is.
    return [];
  }
}
