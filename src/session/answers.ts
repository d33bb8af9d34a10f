/**
 * A copy of every answer to an agent, beside its spool: the end of a journal can be missing without a trace, and a yes in
 * it would then look as if it had never been given.
 *
 * Always: on the disk before the agent hears of the answer, if the disk takes it; put on record again, in its old place,
 * before anything else is said of the session.
 * Never: it is believed against the journal, which has the answer before its copy is made.
 */
import { adapters } from "../agent/index.ts";
import { crc32, replaceAtomically } from "../journal/index.ts";
import { IoError } from "../model/ports.ts";
import { attemptFolder, type Context, readWhole } from "./context.ts";
import { type AnyRecord, readRecord } from "./records.ts";
import type { Approval, AttemptState, SessionState } from "./state.ts";

const idBytesMax = 40;
const namePattern = /^answer-[0-9a-f]{2,100}$/;

/** Names are the agent's: only what they are made of becomes a path, and of a long one its beginning with a checksum. */
function nameOf(requestId: string): string {
  const bytes = new TextEncoder().encode(requestId);
  const hex = [...bytes.subarray(0, idBytesMax)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const rest = bytes.length > idBytesMax ? crc32(bytes).toString(16).padStart(8, "0") : "";
  return `answer-${hex === "" ? "00" : hex}${rest}`;
}

/** Keeps an answer that is on record. A disk that does not take it keeps no agent waiting: the journal has it. */
export async function keepAnswer(
  context: Context,
  session: SessionState,
  { attempt }: AttemptState,
  { cite: _, ...answer }: Approval,
): Promise<void> {
  const { files } = context.world;
  const path = `${attemptFolder(context, session.id, attempt)}/${nameOf(answer.requestId)}`;
  const fact = session.facts.find(
    ({ type, at, body }) =>
      type === "approval" && at.attempt === attempt && body.requestId === answer.requestId,
  );
  if (fact === undefined) return;
  const data = { sessionId: session.id, attempt, ...answer, at: fact.at };
  try {
    if ((await files.stat(path)) !== undefined) return;
    await replaceAtomically(files, path, new TextEncoder().encode(`${JSON.stringify(data)}\n`));
  } catch (thrown) {
    if (!(thrown instanceof IoError)) throw thrown;
    context.report(`An answer to session ${session.id} is in the journal alone: ${thrown.message}.`);
  }
}

/** Takes answers into the record again that the journal has lost. @returns whether there were any. @throws IoError. */
export async function restoreAnswers(context: Context, session: SessionState): Promise<boolean> {
  if (!isSpokenWith(session)) return false;
  let isRestored = false;
  for (const attempt of session.attempts)
    isRestored = (await restoreOf(context, session, attempt)) || isRestored;
  return isRestored;
}

/** Of an agent that only another version knows nothing can be told. */
function isSpokenWith({ agent }: SessionState): boolean {
  return Object.hasOwn(adapters, agent) && adapters[agent]?.converse !== undefined;
}

async function restoreOf(context: Context, session: SessionState, attempt: AttemptState): Promise<boolean> {
  const { files } = context.world;
  const folder = attemptFolder(context, session.id, attempt.attempt);
  const names = (files.listNow === undefined ? await files.list(folder) : files.listNow(folder)) ?? [];
  const known = new Set((attempt.approvals ?? []).map(({ requestId }) => nameOf(requestId)));
  let isRestored = false;
  for (const name of names.filter((one) => namePattern.test(one) && !known.has(one))) {
    const path = `${folder}/${name}`;
    const answer = parseAnswer(await readWhole(context, path));
    if (answer?.data.sessionId !== session.id || answer.data.attempt !== attempt.attempt) continue;
    const { recorder } = context;
    await recorder.record("approval", answer.data);
    if (attempt.restoredFrom === undefined)
      await recorder.record("restored", { sessionId: session.id, attempt: attempt.attempt, path });
    isRestored = true;
  }
  return isRestored;
}

function parseAnswer(bytes: Uint8Array | undefined): Extract<AnyRecord, { type: "approval" }> | undefined {
  try {
    const record = readRecord("approval", JSON.parse(new TextDecoder().decode(bytes)));
    return record?.type === "approval" ? record : undefined;
  } catch {
    // No JSON: nobody was told of it by us.
    return undefined;
  }
}
