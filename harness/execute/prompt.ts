/**
 * Prompts to the orchestrator: submitted, resumed, and found again when their answer was lost.
 *
 * Always: a session is known by the id that the orchestrator gave it, in an answer, in the stream that answers a
 * prompt, or in its list beside the prompt's own words; every refusal and every lost answer is on record.
 */
import { againMark, askMark } from "../agent/asked.ts";
import type { ObservedSession, Refusable } from "../subject/contract.ts";
import { agentOf } from "./agent-files.ts";
import type { AgentRun } from "./agents.ts";
import { type Execution, limits, observedOf } from "./execution.ts";
import { within } from "./server.ts";

/**
 * Waits for an agent of the session to say hello, beyond those there were. A prompt whose stream has ended will start
 * none any more.
 */
async function helloAfter(run: Execution, session: number, count: number): Promise<boolean> {
  const hello = run.agents.when(() => agentsOf(run, session).length > count, limits.agentMs);
  if (run.subject.follow === undefined) return hello;
  const since = run.recorder.entries.findLastIndex(
    (entry) => entry.kind === "connect" && entry.session === session && entry.client === 0,
  );
  const ended = run.recorder.until(
    (entry) => entry.kind === "disconnected" && entry.session === session && entry.client === 0,
    limits.agentMs,
    since,
  );
  return Promise.race([hello, ended.then(() => agentsOf(run, session).length > count)]);
}

/**
 * Submits the session's current turn; true when the orchestrator accepted it, or an agent was started for it.
 *
 * @param before of a repeated submit: what the orchestrator said just before it.
 */
export async function submitTurn(
  run: Execution,
  session: number,
  before: readonly ObservedSession[] = [],
): Promise<boolean> {
  const progress = run.sessions[session];
  if (progress === undefined) return false;
  const { turn } = progress;
  const words = turn === 0 ? "Please do the planned work." : "Please do the next part.";
  const prompt = `${words} ${askMark(session, turn)}`;
  const key = `${run.environment.runId}-s${session}t${turn}`;
  const count = agentsOf(run, session).length;
  run.recorder.record({ kind: "submit", session, turn, key, prompt });
  const answered = settled(run, "submit", session, send(run, session, prompt, key), (id) => {
    progress.id = id;
    run.recorder.record({ kind: "submitted", session, turn, key, id });
    run.clients.connect(session, id);
  });
  progress.answered = answered;
  // Where the agent's own first words name the session, the answer waits for them.
  if (run.subject.follow !== undefined) {
    await Promise.race([answered, helloAfter(run, session, count)]);
    if (agentsOf(run, session).length <= count) {
      if (!(await within(run.machine, answered, limits.answerMs, "the answer to a prompt"))) return false;
      await helloAfter(run, session, count);
    }
    const agent = agentsOf(run, session)[count];
    if (agent !== undefined) await untilNamed(run, agent);
    return true;
  }
  const accepted = await answered;
  if (accepted && !(await isOldNews(run, session, before))) await helloAfter(run, session, count);
  return accepted;
}

/**
 * Was the answer to a repeated submit that the session is there, as it was before? Then nothing was started by it, and
 * no agent is to be waited for.
 */
async function isOldNews(
  run: Execution,
  session: number,
  before: readonly ObservedSession[],
): Promise<boolean> {
  const isStanding = (said: ObservedSession | undefined) => said?.live === "no";
  if (!isStanding(observedOf(run, before, session))) return false;
  const { sessions } = await run.subject.observe(run.context);
  return isStanding(observedOf(run, sessions, session));
}

/** Asks to go on with a session that was interrupted; true when the orchestrator accepted it. */
export async function resumeSession(run: Execution, session: number, id: string): Promise<boolean> {
  const turn = run.sessions[session]?.turn ?? 0;
  const prompt = `Please go on where you were interrupted. ${againMark(session, turn)}`;
  const key = `${run.environment.runId}-s${session}t${turn}-again`;
  const count = agentsOf(run, session).length;
  run.recorder.record({ kind: "resume", session, prompt });
  const sent: Promise<Refusable<object>> =
    run.subject.follow === undefined
      ? run.subject.resume(run.context, id, prompt)
      : send(run, session, prompt, key);
  const accepted = await settled(run, "resume", session, sent, () => {
    run.recorder.record({ kind: "resumed", session });
    run.clients.connect(session, id);
  });
  if (accepted) await helloAfter(run, session, count);
  return accepted;
}

/**
 * A submit got no answer and the server is another by now. The user sends it again, which under the same key is the
 * same submit; where the answer is a stream and there is no key, the user looks for the prompt in the list first.
 * True when there is something new to wait for.
 */
export async function recoverSubmit(
  run: Execution,
  session: number,
  observed: readonly ObservedSession[],
): Promise<boolean> {
  const progress = run.sessions[session];
  if (progress === undefined || progress.id !== undefined) return false;
  const found = run.subject.follow === undefined ? undefined : ownSession(run, session, observed);
  if (found === undefined) return submitTurn(run, session, observed);
  progress.id = found;
  run.recorder.record({ kind: "found", session, id: found });
  run.clients.connect(session, found);
  return true;
}

/** The session that shows the prompt; or the only one that nobody knows, where nobody else waits for an answer. */
function ownSession(
  run: Execution,
  session: number,
  observed: readonly ObservedSession[],
): string | undefined {
  const known = new Set(run.sessions.map(({ id }) => id));
  const strangers = observed.filter(({ id }) => !known.has(id));
  const marker = askMark(session, 0);
  const shows = strangers.find(({ history }) =>
    history.some(({ type, text }) => type === "prompt" && text?.includes(marker) === true),
  );
  const [only, ...others] = strangers;
  const isAlone = others.length === 0 && run.sessions.filter(({ id }) => id === undefined).length === 1;
  return shows?.id ?? (isAlone ? only?.id : undefined);
}

/**
 * Waits until the session has a name, where one is due: its agent has told it, or had one before it began.
 * Without it a fault would meet sometimes a named session and sometimes one without.
 */
export async function untilNamed(run: Execution, agent: AgentRun): Promise<void> {
  const progress = run.sessions[agent.session];
  if (progress?.answered === undefined || progress.id !== undefined) return;
  const isTold =
    agent.served ||
    (await run.agents.ledger(agent)).some(
      (entry) => entry.kind === "out" && entry.type === "start" && entry.phase === "done",
    );
  if (!isTold) return;
  await within(run.machine, progress.answered, limits.shownMs, "the session's name").catch(() => undefined);
}

function agentsOf(run: Execution, session: number): readonly AgentRun[] {
  return run.agents.runs.filter((agent) => agent.session === session);
}

function send(
  run: Execution,
  session: number,
  prompt: string,
  key: string,
): Promise<Refusable<{ readonly session: string }>> {
  const { subject, context, clients } = run;
  const id = run.sessions[session]?.id;
  const request = { prompt, key, agent: agentOf(run, session), ...(id === undefined ? {} : { session: id }) };
  if (subject.follow === undefined) return subject.submit(context, request);
  const { follow } = subject;
  return clients.follow(session, (open) => follow.call(subject, open, request));
}

/** Takes the answer to a prompt, and records it when it is none. Never rejects. */
async function settled<Answer extends object>(
  run: Execution,
  what: "submit" | "resume",
  session: number,
  sent: Promise<Refusable<Answer>>,
  accept: (id: string) => void,
): Promise<boolean> {
  try {
    const answer = await sent;
    if (!answer.ok) {
      const { status, message } = answer;
      run.recorder.record({ kind: "refused", what, session, status, message });
      return false;
    }
    accept("session" in answer && typeof answer.session === "string" ? answer.session : "");
    return true;
  } catch (error) {
    run.recorder.record({ kind: "unanswered", what, session, why: String(error) });
    return false;
  }
}
