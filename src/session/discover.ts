/**
 * Finds an agent's own session where no record names it: in its stdout, when the record is lost; in its store, when it
 * died before its stdout said which one it is.
 *
 * An agent that buffers its output may have logged calls, and done them, without a byte in the spool. Its store is
 * then the only witness; it is taken for this session's when it alone opens with the prompt that we started it with.
 * Always: found once, it is on record like a name that the agent said.
 * Never: two candidates, or a second session of ours that could claim the same, are not decided by guessing.
 */
import { attemptPaths } from "../supervise/index.ts";
import { adapterOf, attemptFolder, type Context, surroundingsOf } from "./context.ts";
import type { AttemptState, SessionState } from "./state.ts";
import { decodeLine } from "./stream.ts";
import { readUnits } from "./units.ts";

/** More unclaimed sessions than this in one project are not read through. */
const candidatesMax = 64;

/** To be called under the session's lock, with no agent of it alive. */
export async function discoverAgentSession(context: Context, session: SessionState): Promise<void> {
  await recallAgentSession(context, session);
  await searchStore(context, session);
}

/**
 * What is covered is not read for a name again, and the record of the name may be lost: the only one, or the newest,
 * of an attempt that began a conversation of its own.
 */
async function recallAgentSession(context: Context, session: SessionState): Promise<void> {
  if (session.agentSessionId !== undefined && context.journalDamage.size === 0) return;
  for (const attempt of session.attempts.toReversed()) {
    const agentSessionId = await nameIn(context, session, attempt);
    if (agentSessionId === undefined) continue;
    if (agentSessionId === session.agentSessionId) return;
    const at = { sessionId: session.id, attempt: attempt.attempt };
    await context.recorder.record("agent-session", { ...at, agentSessionId });
    return;
  }
}

/** The name that an attempt's stdout says, as far as it is on record. */
async function nameIn(
  context: Context,
  session: SessionState,
  { attempt, covers }: AttemptState,
): Promise<string | undefined> {
  const adapter = adapterOf(session);
  if (covers.ends.length === 0) return undefined;
  const { spool } = attemptPaths(attemptFolder(context, session.id, attempt));
  const file = await context.world.files.openRead(spool);
  try {
    for (let index = 0; file !== undefined && index < covers.ends.length; ) {
      const units = await readUnits(file, covers, index);
      index += units.length;
      for (const line of units.flatMap(({ lines }) => lines))
        for (const fact of decodeLine(adapter, line))
          if (fact.kind === "session" && adapter.isSessionId(fact.agentSessionId)) return fact.agentSessionId;
    }
    return undefined;
  } finally {
    await file?.close();
  }
}

async function searchStore(context: Context, session: SessionState): Promise<void> {
  const { store, isSessionId, readStore } = adapterOf(session);
  const attempt = session.attempts.findLast(({ ended }) => ended !== undefined && ended.started !== "no");
  if (session.agentSessionId !== undefined || store === undefined || attempt === undefined) return;
  const others = [...context.state.sessions.values()].filter((other) => other !== session);
  const rivals = others.filter(
    (other) =>
      other.cwd === session.cwd && other.agentSessionId === undefined && hasPrompt(other, attempt.prompt),
  );
  if (rivals.length > 0) return;
  const { files } = context.world;
  const claimed = new Set(others.map((other) => other.agentSessionId));
  const around = surroundingsOf(context);
  const found = (await store.locate(files, session.cwd, around)).filter(
    ({ id }) => isSessionId(id) && !claimed.has(id),
  );
  if (found.length > candidatesMax) return;
  const matching: string[] = [];
  for (const { id } of found) {
    const sources = await readStore(files, session.cwd, id, around);
    const opening = sources
      .find(({ source }) => source === "L")
      ?.facts.find(({ body }) => body.kind === "prompt");
    if (opening?.body.kind === "prompt" && opening.body.text === attempt.prompt) matching.push(id);
  }
  const [agentSessionId] = matching;
  if (agentSessionId === undefined || matching.length > 1) return;
  await context.recorder.record("agent-session", {
    sessionId: session.id,
    attempt: attempt.attempt,
    agentSessionId,
  });
}

function hasPrompt(session: SessionState, prompt: string): boolean {
  return session.attempts.some((attempt) => attempt.prompt === prompt);
}
