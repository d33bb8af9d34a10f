/**
 * What tells one kind of agent from another: which events it has, in which order, and in which words it speaks.
 *
 * Always: the performer thinks in Ada's words; a dialect translates, and adds no event of its own.
 */
import type { RecordMark, Snapshot } from "./ada-store.ts";
import {
  type AgentEvent,
  endEvents,
  type NumberedReply,
  replyEvents,
  type StoreLag,
  startEvents,
} from "./steps.ts";

export interface Dialect {
  /** From the start of the turn to the moment the model is asked. */
  startEvents(resumed: boolean): readonly AgentEvent[];
  replyEvents(
    reply: NumberedReply,
    acting: readonly number[],
    storeLag: StoreLag,
    unlogged: readonly number[],
  ): { readonly events: readonly AgentEvent[]; readonly unlogged: readonly number[] };
  endEvents(unlogged: readonly number[]): readonly AgentEvent[];
  /** One line of Ada's stdout as the lines that this agent prints instead. */
  say(line: Readonly<Record<string, unknown>>): readonly object[];
}

/** Where an agent keeps its sessions; records come in Ada's words. */
export interface AgentStore {
  /** What a resumed agent's model is sent; undefined when there is nothing readable. */
  readSnapshot(): Snapshot | undefined;
  writeSnapshot(mark: RecordMark, snapshot: Snapshot): void;
  log(mark: RecordMark, type: string, data: Readonly<Record<string, unknown>>): void;
}

export const ada: Dialect = { startEvents, replyEvents, endEvents, say: (line) => [line] };
