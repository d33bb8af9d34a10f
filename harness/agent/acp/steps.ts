/**
 * The events of a turn as an agent that speaks ACP has them: what it says and does. Its store is its own affair, and
 * nobody else reads it; and its turn's end is not its process's.
 *
 * Always: the names are those of `../steps.ts`, so that a plan means the same place in every agent; what this agent
 * does not do is left out. A call that asks for permission first has `ask:C/out` between its line and its effect.
 */
import type { AgentEvent, NumberedReply } from "../steps.ts";

export function startEvents(): AgentEvent[] {
  return [{ event: "start/out", kind: "out", about: "start" }];
}

export function replyEvents(
  { number, reply, calls }: NumberedReply,
  acting: readonly number[],
): { events: AgentEvent[]; unlogged: readonly number[] } {
  if (acting.length === 0) return { events: [], unlogged: [] };
  const text: AgentEvent[] =
    reply.text === undefined ? [] : [{ event: `text:${number}/out`, kind: "out", about: "text" }];
  const asking = new Set(calls.flatMap((one) => (one.call.asks === true ? [one.number] : [])));
  const announce = (call: number): AgentEvent[] => [
    { event: `call:${call}/out`, kind: "out", about: "call", call },
  ];
  const ask = (call: number): AgentEvent => ({ event: `ask:${call}/out`, kind: "out", about: "ask", call });
  const execute = (call: number): AgentEvent[] => [
    ...(asking.has(call) ? [ask(call)] : []),
    { event: `effect:${call}`, kind: "effect", about: "effect", call },
    { event: `result:${call}/out`, kind: "out", about: "result", call },
  ];
  const events = reply.parallel
    ? [...acting.flatMap(announce), ...acting.flatMap(execute)]
    : acting.flatMap((call) => [...announce(call), ...execute(call)]);
  return { events: [...text, ...events], unlogged: [] };
}

export function endEvents(): AgentEvent[] {
  return [
    { event: "final/out", kind: "out", about: "final" },
    { event: "end/out", kind: "out", about: "end" },
  ];
}
