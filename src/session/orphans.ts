/**
 * Tools that live on without their agent.
 *
 * Always: while one of them runs, the open calls that it may belong to are running, neither done nor to be repeated;
 * when the last is gone the session is judged again. A look at the workspace before that would not be final.
 * Never: a tool is ended because it is an orphan; that takes a person's stop.
 */
import { citeValue } from "../model/cite.ts";
import { commandLine } from "../model/command-line.ts";
import type { Evidence, ToolEvidence } from "../model/evidence.ts";
import { isRecord } from "../model/json.ts";
import type { Kin } from "../model/ports.ts";
import type { CallVerdict, Verdict } from "../model/verdict.ts";
import { reconcile } from "../reconcile/index.ts";
import { describe } from "../supervise/index.ts";
import { toolsOf } from "./agent-life.ts";
import { type Context, exclusively, lifeOf } from "./context.ts";
import { LifeOver } from "./recorder.ts";
import { type Refusal, refusal } from "./refusal.ts";
import type { AttemptState, SessionState } from "./state.ts";

/** A tool's process is no child of ours: the system tells nobody of its end. */
const pollMs = 500;

export interface Judgement {
  readonly evidence: Evidence;
  readonly verdict: Verdict;
}

/** Judges a cut; where it leaves calls of ended attempts open, together with the tools that still run. */
export async function judge(context: Context, session: SessionState, cut: Evidence): Promise<Judgement> {
  const verdict = reconcile(cut);
  const tools: ToolEvidence[] = [];
  for (const attempt of session.attempts) {
    if (attempt.ended === undefined || attempt.ended.started === "no") continue;
    const open = verdict.calls.filter(
      (call) => call.attempt === attempt.attempt && (call.effect === "unknown" || call.effect === "partly"),
    );
    if (open.length === 0) continue;
    const running = await toolsOf(context, session, attempt);
    tools.push(...running.flatMap((tool) => evidenceOf(tool, open, attempt)));
  }
  if (tools.length === 0) return { evidence: cut, verdict };
  const evidence = { ...cut, tools };
  return { evidence, verdict: reconcile(evidence) };
}

/** The call whose command the tool runs; where that is not to be seen, each that it could be. */
function evidenceOf(tool: Kin, open: readonly CallVerdict[], { attempt }: AttemptState): ToolEvidence[] {
  const named = open.filter(({ input }) => runs(tool, input));
  const value = citeValue(`${describe(tool.identity)}: ${commandLine(tool.args)}`);
  return (named.length > 0 ? named : open).map(({ id }) => ({
    callId: id,
    attempt,
    cite: { source: "P", attempt, value },
  }));
}

function runs({ args }: Kin, input: unknown): boolean {
  const command = isRecord(input) ? input.command : undefined;
  return typeof command === "string" && command.trim() !== "" && args.includes(command);
}

/**
 * Nothing is gone on with while a tool of an open call runs: what the call comes to is not known, and nobody can have
 * seen it. A person who has waited as long as we do may go on beside it.
 */
export function refuseWhileToolRuns(
  context: Context,
  session: SessionState,
  { tools = [] }: Evidence,
  { acknowledge }: { readonly acknowledge: boolean },
): Refusal | undefined {
  if (tools.length === 0) return undefined;
  if (acknowledge && lifeOf(context, session.id).orphansOutlasted === true) return undefined;
  const running = [...new Set(tools.map(({ cite }) => cite.value))];
  const calls = [...new Set(tools.map(({ callId }) => callId))];
  const message = `A tool of this session runs without its agent, and what it comes to is not known: ${running.join("; ")}.`;
  return refusal("tool-alive", message, { tools: running, calls });
}

/**
 * Calls `onGone` under the session's lock when no tool of its open calls runs any more; once, and not after `limitMs`
 * of waiting: then the finding stays until somebody looks again.
 */
export function watchOrphans(
  context: Context,
  session: SessionState,
  verdict: Verdict,
  onGone: () => Promise<unknown>,
): void {
  const life = lifeOf(context, session.id);
  const isWaiting = verdict.calls.some(({ marks }) => marks.includes("orphan"));
  if (!isWaiting || life.orphanWatch !== undefined) return;
  const attempts = session.attempts.filter(({ attempt }) =>
    verdict.calls.some((call) => call.attempt === attempt && call.marks.includes("orphan")),
  );
  let looksLeft = Math.ceil(context.config.orphanWaitMs / pollMs);
  const look = async (): Promise<void> => {
    const running = await Promise.all(attempts.map((attempt) => toolsOf(context, session, attempt)));
    if (context.closing || life.orphanWatch === undefined) return;
    if (running.some((tools) => tools.length > 0)) return wait();
    delete life.orphanWatch;
    delete life.orphansOutlasted;
    await exclusively(context, session.id, onGone);
  };
  const wait = (): void => {
    looksLeft -= 1;
    if (looksLeft < 0) {
      delete life.orphanWatch;
      life.orphansOutlasted = true;
      context.report(
        `A tool of session ${session.id} still runs without its agent after ${context.config.orphanWaitMs} ms. Look at the session, or stop it.`,
      );
      return;
    }
    life.orphanWatch = context.world.clock.after(pollMs, () => {
      look().catch((thrown: unknown) => {
        delete life.orphanWatch;
        if (!(thrown instanceof LifeOver))
          context.report(`The tools of session ${session.id} cannot be watched: ${String(thrown)}.`);
      });
    });
  };
  wait();
}
