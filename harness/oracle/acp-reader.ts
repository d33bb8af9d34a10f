/**
 * The oracle's own reader of what an ACP agent says: each message in the words that Ada has for it.
 *
 * Always: tolerant. A line that is no such message stays as it is; one that says nothing of the work says nothing.
 */
import { objectOf } from "./lines.ts";

type Value = Readonly<Record<string, unknown>>;

export function inAdasWords(value: Value): Value {
  if (value.jsonrpc !== "2.0") return value;
  const result = objectOf(value.result);
  // The answers to `session/new` and to `session/prompt`.
  if (typeof result?.sessionId === "string") return { type: "run.started", sessionId: result.sessionId };
  if (typeof result?.stopReason === "string") return { type: "run.completed" };
  const update = value.method === "session/update" ? objectOf(objectOf(value.params)?.update) : undefined;
  const id = update?.toolCallId;
  switch (update?.sessionUpdate) {
    case "agent_message_chunk":
      return { type: "assistant.text", text: textOf(update.content) };
    case "tool_call":
      return { type: "tool.call", id, name: update.title, input: update.rawInput };
    case "tool_call_update": {
      if (update.status !== "completed" && update.status !== "failed") return {};
      const parts = Array.isArray(update.content)
        ? update.content.map((part) => objectOf(part)?.content)
        : [];
      const content = parts.map(textOf).join("");
      return { type: "tool.result", id, content, isError: update.status === "failed" };
    }
    default:
      return {};
  }
}

function textOf(content: unknown): string {
  const { text } = objectOf(content) ?? {};
  return typeof text === "string" ? text : "";
}
