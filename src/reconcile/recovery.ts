/**
 * The state of the run, and what is safe to do now.
 *
 * Always: a proven end stands, whatever else is wrong; without one, a finding that blocks means that a person
 * decides. An agent that may be alive is never doubled.
 */
import type { CallSend, CallVerdict, Finding, Recovery, RunState } from "../model/verdict.ts";
import type { Case } from "./case.ts";
import { turnState } from "./case.ts";

/** State of the latest run. */
export function runState(one: Case, calls: readonly CallVerdict[], findings: readonly Finding[]): RunState {
  const { latest, attempts, evidence } = one;
  if (latest?.state === "live") return latest.evidence.liveness === "alive" ? "live" : "live-unowned";
  if (evidence.stranger?.certain === true) return "live-unowned";
  const ended = endedState(one);
  if (ended !== undefined) return ended;
  if (evidence.stranger !== undefined) return "live-unowned";
  if (findings.some(({ code }) => code === "budget-exhausted")) return "exhausted";
  // A tool that runs without its agent contradicts nobody: what it comes to is not known yet.
  if (findings.some(({ severity, code }) => severity === "blocks" && code !== "orphan-tool"))
    return "diverged";
  const isDumb = attempts.length === 0 && one.turns.length === 0;
  if (isDumb && evidence.sources.some(({ status }) => status === "unreadable")) return "unreadable";
  const isUncertain = calls.some(
    ({ effect, state, marks }) => (isOpen(effect) && state !== "superseded") || marks.includes("orphan"),
  );
  return isUncertain ? "interrupted-indeterminate" : "interrupted";
}

/** An owed prompt (a last attempt whose agent was never started) reopens what had ended before it. */
function endedState({ attempts, latest, turns, ...one }: Case): RunState | undefined {
  const last = attempts.at(-1);
  if (last?.state === "never-started") return last.evidence.cancelled === undefined ? undefined : "cancelled";
  const turn = turns.at(-1);
  const state =
    latest?.state ?? (turn === undefined ? undefined : turnState({ ...one, attempts, latest, turns }, turn));
  return state === "completed" || state === "failed" || state === "cancelled" ? state : undefined;
}

function isOpen(effect: CallVerdict["effect"]): boolean {
  return effect === "unknown" || effect === "partly";
}

/**
 * What to do, and how each call is put to a resumed agent.
 *
 * @param mayLack says of a call whether its own record may be lost: then a result without it is no stray one.
 */
export function recoveryOf(
  run: RunState,
  calls: readonly CallVerdict[],
  findings: readonly Finding[],
  mayLack: (call: CallVerdict) => boolean,
): Recovery {
  const sends = sendsOf(calls, mayLack);
  const block = findings.find(({ severity, code }) => {
    return severity === "blocks" && (!isEnded(run) || code === "unexpected-live");
  });
  if (block !== undefined) return { action: "ask", why: block.summary, sends };
  if (run === "live") return { action: "adopt", why: "The agent is alive: take it back.", sends };
  if (run === "live-unowned") {
    const why = "Whether the agent is alive cannot be told here: make sure that it is gone before a resume.";
    return { action: "ask", why, sends };
  }
  if (isEnded(run)) return { action: "none", why: `The run is over: ${run}.`, sends };
  if (run === "unreadable") return { action: "ask", why: "Nothing of this session can be read.", sends };
  return { action: "resume", why: whyResume(sends), sends };
}

function isEnded(run: RunState): boolean {
  return run === "completed" || run === "failed" || run === "cancelled";
}

function whyResume(sends: readonly CallSend[]): string {
  const unknown = sends.filter(({ as }) => as === "unknown").length;
  const done = sends.filter(({ as }) => as === "result").length;
  return `The run was interrupted: ${done} finished and ${unknown} uncertain calls to hand over.`;
}

function sendsOf(calls: readonly CallVerdict[], mayLack: (call: CallVerdict) => boolean): CallSend[] {
  const places = calls.map(({ turn, id }) => `${turn} ${id}`);
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const place of places) (seen.has(place) ? twice : seen).add(place);
  return calls.map((call, index) => {
    const isAmbiguous = twice.has(places[index] ?? "");
    const as = isAmbiguous ? "unknown" : sendAs(call, mayLack);
    return { callId: call.id, as, ...(call.turn === undefined ? {} : { turn: call.turn }) };
  });
}

/**
 * A stray result is not sent; a call that was issued again speaks through the later one. One whose tool runs on without
 * its agent comes to nobody knows what.
 */
function sendAs(call: CallVerdict, mayLack: (call: CallVerdict) => boolean): CallSend["as"] {
  const { effect, state, marks } = call;
  if (state === "unpaired-result" && !mayLack(call)) return "nothing";
  if (effect === "done" || effect === "failed") return "result";
  const isUnknown = isOpen(effect) || (effect === "running" && marks.includes("orphan"));
  return isUnknown && state !== "superseded" ? "unknown" : "nothing";
}
