/**
 * Messages as pi writes them, on its stdout and in its session file: what each says.
 *
 * Always: total but for {@link Misshapen}.
 * Never: a call in an answer that broke off is a call: pi runs none of them.
 */
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { listOf, needId, reasonOf, textOfBlocks, textOr, unknownType } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

/** Messages that stand for something else than speech. */
const silent = new Set(["bashExecution", "custom", "branchSummary", "compactionSummary"]);

/** What a message says, the end of its turn included. */
export function messageBodies(message: RecordValue): FactBody[] {
  const role = textOr(message.role, "");
  switch (role) {
    case "user":
      return [{ kind: "prompt", text: textOfBlocks(message.content) }];
    case "assistant":
      return withEnd(blockBodies(message), message);
    case "toolResult":
      return [resultOf(message.toolCallId, message, message.isError)];
    default:
      return silent.has(role) ? [] : [unknownType(`message ${role}`)];
  }
}

/** A tool's answer. */
export function resultOf(id: unknown, { content }: RecordValue, isError: unknown): FactBody {
  const callId = needId(id, "the call's id");
  return { kind: "result", callId, content: textOfBlocks(content), isError: isError === true, cut: false };
}

/** Did this answer of the model break off? */
export function isBrokenOff({ stopReason }: RecordValue): boolean {
  return stopReason === "error" || stopReason === "aborted";
}

export function blocksOf({ content }: RecordValue): readonly RecordValue[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  const blocks = listOf(content);
  return blocks.every(isRecord) ? blocks : blocks.filter(isRecord);
}

function blockBodies(message: RecordValue): FactBody[] {
  const bodies: FactBody[] = [];
  for (const block of blocksOf(message)) {
    const { type } = block;
    if (type === "text") bodies.push({ kind: "text", text: textOr(block.text, "") });
    else if (type === "thinking") bodies.push({ kind: "reasoning", text: textOr(block.thinking, "") });
    else if (type !== "toolCall") bodies.push(unknownType(`block ${textOr(type, "")}`));
    else if (!isBrokenOff(message)) {
      const callId = needId(block.id, "the call's id");
      const name = needId(block.name, "the tool's name");
      bodies.push({ kind: "call", callId, name, input: block.arguments ?? null });
    }
  }
  return bodies;
}

function withEnd(bodies: FactBody[], message: RecordValue): FactBody[] {
  const end = endOf(message);
  return end.length === 0 ? bodies : [...bodies, ...end];
}

/** The stop reason is the only record of a turn's end. */
export function endOf({ stopReason, errorMessage }: RecordValue): FactBody[] {
  if (stopReason === "stop" || stopReason === "length") {
    return [{ kind: "turn-end", outcome: "completed", reason: stopReason }];
  }
  if (stopReason === "aborted") {
    return [{ kind: "turn-end", outcome: "cancelled", ...reasonOf(errorMessage) }];
  }
  return stopReason === "error" ? [{ kind: "turn-end", outcome: "failed", ...reasonOf(errorMessage) }] : [];
}
