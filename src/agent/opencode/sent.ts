/**
 * What opencode sends to its model when it resumes a session, from messages and parts.
 *
 * A call that is pending or running gets an answer that says "interrupted", whatever became of it; so does one that
 * was stopped. An answer without parts is left out, and what a compaction sums up is not sent again.
 * Always: pure.
 */
import { isRecord } from "../../model/json.ts";
import type { RecordValue } from "../resume-log.ts";
import type { Sent } from "../resume-types.ts";
import { isInterrupted } from "./part.ts";

/** A message with its parts, as they stand in the database. */
export interface StoredMessage {
  readonly id: string;
  readonly data: RecordValue;
  readonly parts: readonly RecordValue[];
}

export function sentOnResume(messages: readonly StoredMessage[]): Sent[] {
  const history = sinceCompaction(messages).flatMap(({ data, parts }): Sent[] => {
    if (data.role === "user") return parts.filter(isSaid).map(() => ({ role: "user" }));
    if (data.role !== "assistant" || isFailed(data, parts)) return [];
    return parts.flatMap((part): Sent[] => {
      if (part.type === "text") return part.text === "" ? [] : [{ role: "assistant" }];
      return part.type === "tool" ? callOf(part) : [];
    });
  });
  return [...history, { role: "user" }];
}

function callOf({ callID, state }: RecordValue): Sent[] {
  if (typeof callID !== "string" || !isRecord(state)) return [];
  const isOver = state.status === "completed" || (state.status === "error" && !isInterrupted(state));
  const isCleared = isRecord(state.time) && state.time.compacted !== undefined;
  const answer = isOver && !isCleared ? "result" : "synthetic";
  return [
    { role: "assistant", callId: callID },
    { role: "tool", callId: callID, answer },
  ];
}

function isSaid({ type, text, ignored }: RecordValue): boolean {
  return type === "text" && text !== "" && ignored !== true;
}

/** An answer that broke off with an error is sent only if the person broke it off and something is in it. */
function isFailed({ error }: RecordValue, parts: readonly RecordValue[]): boolean {
  if (!isRecord(error)) return false;
  const hasContent = parts.some(({ type }) => type !== "step-start" && type !== "reasoning");
  return error.name !== "MessageAbortedError" || !hasContent;
}

/** From the last compaction that was finished on. */
function sinceCompaction(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  const summed = new Set(
    messages.flatMap(({ data }) =>
      data.role === "assistant" && data.summary === true && data.finish !== undefined ? [data.parentID] : [],
    ),
  );
  const from = messages.findLastIndex(
    ({ id, parts }) => summed.has(id) && parts.some(({ type }) => type === "compaction"),
  );
  return messages.slice(Math.max(0, from));
}
