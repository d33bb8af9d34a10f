/**
 * The events of a turn as Codex has them: no snapshot, a call's record before its line, a result's line before its
 * record, and a record of the turn's end.
 *
 * Always: the names are those of `../steps.ts`, so that a plan means the same place in every agent; only the order
 * differs, and what this agent does not do is left out. Order taken from a trace of the real one, version 0.169.0.
 */
import type { AgentEvent, NumberedReply } from "../steps.ts";

/** A new thread's file is begun with its first turn. */
export function startEvents(resumed: boolean): AgentEvent[] {
  return [
    ...(resumed ? [] : [{ event: "session/log", kind: "log", about: "session" } as const]),
    { event: "user/log", kind: "log", about: "user" },
    { event: "start/out", kind: "out", about: "start" },
  ];
}

/** One reply and those of its calls that are made. Nothing lags behind: what was logged is logged. */
export function replyEvents(
  { number, reply }: NumberedReply,
  acting: readonly number[],
): { events: AgentEvent[]; unlogged: readonly number[] } {
  if (acting.length === 0) return { events: [], unlogged: [] };
  const text: AgentEvent[] =
    reply.text === undefined
      ? []
      : [
          { event: `text:${number}/out`, kind: "out", about: "text" },
          { event: `reply:${number}/log`, kind: "log", about: "reply" },
        ];
  const announce = (call: number): AgentEvent[] => [
    { event: `call:${call}/log`, kind: "log", about: "call", call },
    { event: `call:${call}/out`, kind: "out", about: "call", call },
  ];
  const execute = (call: number): AgentEvent[] => [
    { event: `effect:${call}`, kind: "effect", about: "effect", call },
    { event: `result:${call}/out`, kind: "out", about: "result", call },
    { event: `result:${call}/log`, kind: "log", about: "result", call },
  ];
  const calls = reply.parallel
    ? [...acting.flatMap(announce), ...acting.flatMap(execute)]
    : acting.flatMap((call) => [...announce(call), ...execute(call)]);
  return { events: [...text, ...calls], unlogged: [] };
}

/** `exit` ends the turn; the process goes on. */
export function endEvents(): AgentEvent[] {
  return [
    { event: "final/out", kind: "out", about: "final" },
    { event: "final/log", kind: "log", about: "final" },
    { event: "end/log", kind: "log", about: "end" },
    { event: "end/out", kind: "out", about: "end" },
    { event: "exit", kind: "exit", about: "exit" },
  ];
}
