/**
 * The events of an attempt, by name and in order: what the agent parks before, what a fault waits for.
 *
 * Always: pure; the fake agent performs exactly the lists made here. Replies and calls are numbered from 1
 * through the turn in script order, whatever is skipped, so that a name means the same call in every attempt.
 *
 * Names: `snapshot:0/write session/log user/log start/out` · `reply:R/log text:R/out` ·
 * `call:C/out policy:C/log call:C/log effect:C result:C/log result:C/out` ·
 * `final/log final/out snapshot:1/write end/out exit` · a resume without a readable snapshot: `failed/out exit` ·
 * `ask:C/out` where an agent asks for permission first · `tool:C` before the effect that a process of its own leaves.
 */
import type { Call, PlanSession, Reply, Script } from "../plan/plan.ts";

export type StoreLag = PlanSession["storeLag"];

/** What the agent does at this event; together with `kind` it names one primitive. */
export type EventSubject =
  | "snapshot"
  | "session"
  | "user"
  | "start"
  | "reply"
  | "text"
  | "call"
  | "policy"
  | "ask"
  | "tool"
  | "effect"
  | "result"
  | "final"
  | "end"
  | "failed"
  | "exit";

export interface AgentEvent {
  /** Stable name, also the gate's. */
  readonly event: string;
  readonly kind: "out" | "log" | "snapshot" | "tool" | "effect" | "exit";
  readonly about: EventSubject;
  /** Number of the call in the turn, from 1. */
  readonly call?: number;
}

export interface NumberedCall {
  readonly number: number;
  readonly call: Call;
}

export interface NumberedReply {
  readonly number: number;
  readonly reply: Reply;
  readonly calls: readonly NumberedCall[];
}

/** The script's replies and calls with their numbers. */
export function numberReplies(script: Script): NumberedReply[] {
  let callNumber = 0;
  return script.replies.map((reply, index) => ({
    number: index + 1,
    reply,
    calls: reply.calls.map((call) => {
      callNumber += 1;
      return { number: callNumber, call };
    }),
  }));
}

/** From the start of the process to the moment the model is asked. */
export function startEvents(resumed: boolean): AgentEvent[] {
  const created: AgentEvent[] = [
    { event: "snapshot:0/write", kind: "snapshot", about: "snapshot" },
    { event: "session/log", kind: "log", about: "session" },
  ];
  return [
    ...(resumed ? [] : created),
    { event: "user/log", kind: "log", about: "user" },
    { event: "start/out", kind: "out", about: "start" },
  ];
}

/**
 * One reply and its calls. `acting`: numbers of the calls that are made (the others leave no trace);
 * none: no events. `unlogged`: results of earlier replies that are logged only now (`log-behind`).
 */
export function replyEvents(
  numbered: NumberedReply,
  acting: readonly number[],
  storeLag: StoreLag,
  unlogged: readonly number[],
): { events: AgentEvent[]; unlogged: readonly number[] } {
  if (acting.length === 0) return { events: [], unlogged };
  const { number, reply } = numbered;
  const tools = new Set(numbered.calls.flatMap((one) => (one.call.tool === true ? [one.number] : [])));
  const execute = (call: number) => executeEvents(call, storeLag, tools.has(call));
  const events: AgentEvent[] = [
    ...unlogged.map(resultLog),
    { event: `reply:${number}/log`, kind: "log", about: "reply" },
  ];
  if (reply.text !== undefined) events.push({ event: `text:${number}/out`, kind: "out", about: "text" });
  if (reply.parallel) {
    events.push(...acting.flatMap(announce), ...acting.flatMap(execute));
  } else {
    events.push(...acting.flatMap((call) => [...announce(call), ...execute(call)]));
  }
  return { events, unlogged: storeLag === "ada" ? [] : [...acting] };
}

/** The last reply and the end of the process. */
export function endEvents(unlogged: readonly number[]): AgentEvent[] {
  return [
    ...unlogged.map(resultLog),
    { event: "final/log", kind: "log", about: "final" },
    { event: "final/out", kind: "out", about: "final" },
    { event: "snapshot:1/write", kind: "snapshot", about: "snapshot" },
    { event: "end/out", kind: "out", about: "end" },
    { event: "exit", kind: "exit", about: "exit" },
  ];
}

/** A resume whose snapshot is missing or unreadable. */
export function failedResumeEvents(): AgentEvent[] {
  return [
    { event: "failed/out", kind: "out", about: "failed" },
    { event: "exit", kind: "exit", about: "exit" },
  ];
}

/**
 * Everything that an attempt does whose model knows of none of the turn's steps, as in a first attempt.
 *
 * @example
 * expandScript(script, "ada", { resumed: false }).map(({ event }) => event)
 * // ["snapshot:0/write", "session/log", "user/log", "start/out", "reply:1/log", "call:1/out", …, "exit"]
 */
export function expandScript(
  script: Script,
  storeLag: StoreLag,
  options: { readonly resumed: boolean },
): AgentEvent[] {
  const events = startEvents(options.resumed);
  let unlogged: readonly number[] = [];
  for (const numbered of numberReplies(script)) {
    const acting = numbered.calls.map(({ number }) => number);
    const part = replyEvents(numbered, acting, storeLag, unlogged);
    events.push(...part.events);
    unlogged = part.unlogged;
  }
  return [...events, ...endEvents(unlogged)];
}

function announce(call: number): AgentEvent[] {
  return [
    { event: `call:${call}/out`, kind: "out", about: "call", call },
    { event: `policy:${call}/log`, kind: "log", about: "policy", call },
    { event: `call:${call}/log`, kind: "log", about: "call", call },
  ];
}

function executeEvents(call: number, storeLag: StoreLag, isTool: boolean): AgentEvent[] {
  const tool: AgentEvent[] = isTool ? [{ event: `tool:${call}`, kind: "tool", about: "tool", call }] : [];
  return [
    ...tool,
    { event: `effect:${call}`, kind: "effect", about: "effect", call },
    ...(storeLag === "ada" ? [resultLog(call)] : []),
    { event: `result:${call}/out`, kind: "out", about: "result", call },
  ];
}

function resultLog(call: number): AgentEvent {
  return { event: `result:${call}/log`, kind: "log", about: "result", call };
}
