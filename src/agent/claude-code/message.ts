/**
 * Messages as Claude Code writes them, on its stdout and in its session file: what each block says.
 *
 * Always: total but for {@link Misshapen}; blocks that are not known are named and pass through.
 */
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { listOf, needId, optional, textOfBlocks, textOr, unknownType } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

/** Texts that Claude Code itself puts in the person's place when somebody stops it. */
const interruptMarks = new Set([
  "[Request interrupted by user]",
  "[Request interrupted by user for tool use]",
]);

const silentBlocks = new Set(["image", "document", "redacted_thinking", "fallback"]);

/** Blocks of a message; a plain text is one block. */
export function blocksOf({ content }: RecordValue): readonly RecordValue[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  const blocks = listOf(content);
  return blocks.every(isRecord) ? blocks : blocks.filter(isRecord);
}

/** What an assistant message says. Of a sub-agent (`isSide`) only what it did counts. */
export function assistantBodies(message: RecordValue, isSide: boolean): FactBody[] {
  const bodies: FactBody[] = [];
  for (const block of blocksOf(message)) {
    const { type } = block;
    if (type === "tool_use") {
      const callId = needId(block.id, "the id of a tool use");
      const name = needId(block.name, "the tool's name");
      bodies.push({ kind: "call", callId, name, input: block.input ?? null });
    } else if (type === "text") {
      if (!isSide) bodies.push({ kind: "text", text: textOr(block.text, "") });
    } else if (type === "thinking") {
      if (!isSide) bodies.push({ kind: "reasoning", text: textOr(block.thinking, "") });
    } else bodies.push(...other(block));
  }
  return bodies;
}

/** What a user message says: results, and the person's words as one prompt. */
export function userBodies(message: RecordValue, isSide: boolean): FactBody[] {
  const texts: string[] = [];
  const bodies: FactBody[] = [];
  for (const block of blocksOf(message)) {
    if (block.type === "text") texts.push(textOr(block.text, ""));
    else if (block.type === "tool_result") {
      const callId = needId(block.tool_use_id, "the id of the tool use");
      const content = textOfBlocks(block.content);
      bodies.push({ kind: "result", callId, content, isError: block.is_error === true, cut: false });
    } else bodies.push(...other(block));
  }
  if (texts.length === 0 || isSide) return bodies;
  const text = texts.join("\n");
  if (interruptMarks.has(text)) return [...bodies, { kind: "turn-end", outcome: "cancelled", reason: text }];
  return [...bodies, { kind: "prompt", text }];
}

function other({ type }: RecordValue): FactBody[] {
  const name = textOr(type, "");
  return silentBlocks.has(name) ? [] : [unknownType(`block ${name}`)];
}

/** The session that a line names, with the version that wrote it. */
export function sessionBody(agentSessionId: string, version: unknown, model: unknown): FactBody {
  return { kind: "session", agentSessionId, ...optional("version", version), ...optional("model", model) };
}
