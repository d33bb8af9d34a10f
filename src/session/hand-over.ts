/**
 * What a resumed agent gets: the prompt with the hand-over, and the store that it will read.
 *
 * Always: made from a complete cut taken now, so that doing it again after a crash gives the same outcome.
 * Never: an agent whose earlier work is known to exist is started as if there were none, unless a person says so.
 */

import type { StoreRepair } from "../agent/contract.ts";
import { handOver as inWords } from "../agent/resume-hand-over.ts";
import { crc32 } from "../journal/index.ts";
import type { Evidence } from "../model/evidence.ts";
import type { Verdict } from "../model/verdict.ts";
import { adapterOf, type Context, readWhole } from "./context.ts";
import { promptBytes, promptBytesMax } from "./dispatch.ts";
import { refuseWhileToolRuns } from "./orphans.ts";
import type { HandOverRecord } from "./records.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { recordedSends } from "./sends.ts";
import { settle } from "./settle.ts";
import { latestRun, type SessionState } from "./state.ts";

export interface HandOverOrder {
  /** What the person asks for now; a resume may leave it out. */
  readonly ask?: string;
  /** True: the interrupted run goes on. False: a new run begins. */
  readonly resumesRun: boolean;
  /** A person has seen what blocks, and goes on. */
  readonly acknowledge: boolean;
}

export interface Prepared {
  readonly ask: string;
  readonly prompt: string;
  readonly resumes?: string;
  readonly handOver?: HandOverRecord;
  readonly repairs: readonly StoreRepair[];
}

const defaultAsk = "Continue where you left off.";
const snapshotBytesMax = 64 * 1024 * 1024;

/** To be called under the session's lock, with no agent alive. */
export async function prepareHandOver(
  context: Context,
  session: SessionState,
  order: HandOverOrder,
): Promise<Prepared | { readonly refusal: Refusal }> {
  const { evidence, verdict } = await settle(context, session);
  const tool = refuseWhileToolRuns(context, session, evidence, order);
  if (tool !== undefined) return { refusal: tool };
  if (verdict.recovery.action === "ask" && !order.acknowledge) return { refusal: needsDecision(verdict) };
  const agentSessionId = session.agentSessionId;
  const started = new Set(evidence.attempts.filter((one) => one.started !== "no").map((one) => one.attempt));
  const owed = order.resumesRun ? owedAsk(session, evidence) : undefined;
  if (agentSessionId === undefined) return freshStart(context, session, order, { verdict, owed });
  const ask = inParagraphs(owed === undefined ? [order.ask ?? defaultAsk] : [owed, order.ask]);
  const adapter = adapterOf(session);
  // One that is spoken with begins a conversation of its own each time: of what it did before it knows nothing.
  const clean =
    adapter.converse === undefined &&
    latestRun(session)?.state === "completed" &&
    verdict.findings.every((one) => one.severity === "info");
  if (clean) return { ask, prompt: ask, resumes: agentSessionId, repairs: [] };
  const { snapshot } = adapter.storePaths(session.cwd, agentSessionId);
  const snapshotText = snapshot === undefined ? undefined : await readText(context, snapshot);
  const handOverId = context.world.ids.next();
  const handOver = adapter.handOver({
    verdict,
    prompt: ask,
    earlierPrompts: session.attempts
      .filter((one) => started.has(one.attempt))
      .map((one) => ({ attempt: one.attempt, text: one.ask, given: one.prompt })),
    handOverId,
    sources: evidence.sources,
    ...(snapshotText === undefined ? {} : { snapshotText }),
    agentSessionId,
    cwd: session.cwd,
    nowMs: context.world.clock.now(),
  });
  if (promptBytes(handOver.prompt) > promptBytesMax)
    return { refusal: tooLong(promptBytes(handOver.prompt)) };
  const repairs = handOver.repairs.map(({ path, bytes, why }) => ({ path, crc: crc32(bytes), why }));
  return {
    ask,
    prompt: handOver.prompt,
    resumes: agentSessionId,
    handOver: { id: handOverId, ...recordedSends(handOver.sends), repairs },
    repairs: handOver.repairs,
  };
}

/**
 * What a person asked in this run and no agent was given, with what was owed before it. An agent of which nobody can say
 * whether it was started was given it where a source holds it; else it is asked again: of work on it nothing is left.
 */
function owedAsk(session: SessionState, { attempts, sources }: Evidence): string | undefined {
  const run = latestRun(session);
  if (run === undefined) return undefined;
  const last = session.attempts.findLast(({ runId }) => runId === run.id);
  if (last === undefined) return run.prompt;
  const started = attempts.find(({ attempt }) => attempt === last.attempt)?.started ?? "no";
  const isHeld = () =>
    sources.some(({ facts }) =>
      facts.some(({ body }) => body.kind === "prompt" && body.text.includes(last.ask)),
    );
  const wasGiven = started === "yes" || (started === "unknown" && isHeld());
  return wasGiven ? undefined : last.ask;
}

/** Each text once, in order; one that stands in another is not said again. */
function inParagraphs(texts: readonly (string | undefined)[]): string {
  const all = [...new Set(texts.filter((text) => text !== undefined))];
  const stands = (text: string, within: string) => `\n\n${within}\n\n`.includes(`\n\n${text}\n\n`);
  return all.filter((text) => !all.some((other) => other !== text && stands(text, other))).join("\n\n");
}

/**
 * The agent never said who it is, or that is lost: there is no conversation to go on with. What a person went on from in
 * spite of that is told in words.
 */
function freshStart(
  context: Context,
  session: SessionState,
  order: HandOverOrder,
  { verdict, owed }: { readonly verdict: Verdict; readonly owed: string | undefined },
): Prepared | { readonly refusal: Refusal } {
  if (verdict.calls.length > 0 && !order.acknowledge) {
    const message = `The agent's own session id is lost, so it would start without knowing its ${verdict.calls.length} earlier calls.`;
    return { refusal: refusal("agent-session-unknown", message) };
  }
  const original = latestRun(session)?.prompt;
  const prompt = inParagraphs(order.resumesRun ? [original, owed, order.ask] : [order.ask]);
  // What was asked for before and now, together: one that no agent can be given must not be owed from now on.
  if (verdict.calls.length === 0)
    return promptBytes(prompt) > promptBytesMax
      ? { refusal: tooLong(promptBytes(prompt)) }
      : { ask: prompt, prompt, repairs: [] };
  const id = context.world.ids.next();
  const told = inWords({ verdict, prompt, earlierPrompts: [], handOverId: id, sources: [], sent: [] });
  if (promptBytes(told.prompt) > promptBytesMax) return { refusal: tooLong(promptBytes(told.prompt)) };
  const handOver = { id, ...recordedSends(told.sends), repairs: [] };
  return { ask: prompt, prompt: told.prompt, handOver, repairs: [] };
}

function needsDecision(verdict: Verdict): Refusal {
  const findings = verdict.findings.filter((one) => one.severity === "blocks").map((one) => one.id);
  return refusal("needs-decision", verdict.recovery.why, { findings, recovery: verdict.recovery });
}

function tooLong(bytes: number): Refusal {
  const message = `The hand-over with this prompt has ${bytes} bytes; an agent can be given ${promptBytesMax}.`;
  return refusal("hand-over-too-long", message);
}

async function readText(context: Context, path: string): Promise<string | undefined> {
  const bytes = await readWhole(context, path);
  if (bytes === undefined || bytes.length > snapshotBytesMax) return undefined;
  return new TextDecoder().decode(bytes);
}
