/**
 * pi's stdout with `--mode json`: one JSON object a line.
 *
 * A call is taken from the message that names it, as the session file has it; a result from the end of the tool,
 * which comes before the message with the result.
 */
import { citeValue } from "../../model/cite.ts";
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { decodeJsonLine, listOf, needId, needRecord } from "../resume-decode.ts";
import { endOf, messageBodies, resultOf } from "./message.ts";

const silent = new Set([
  "agent_start",
  "turn_start",
  "turn_end",
  "message_start",
  "message_update",
  "tool_execution_start",
  "tool_execution_update",
  "queue_update",
  "compaction_start",
  "compaction_end",
  "auto_compaction_start",
  "auto_compaction_end",
  "auto_retry_start",
  "auto_retry_end",
  "session_info_changed",
]);

/** One line without its newline. */
export function decodeLine(line: string): readonly FactBody[] {
  return decodeJsonLine(line, (type, value) => {
    if (silent.has(type)) return [];
    switch (type) {
      case "session":
        return [{ kind: "session", agentSessionId: citeValue(needId(value.id, "its id")) }];
      case "message_end": {
        // The end of the agent is said by the agent, the tool's answer by the tool.
        const bodies = messageBodies(needRecord(value.message, "its message"));
        return bodies.filter(({ kind }) => kind !== "turn-end" && kind !== "result");
      }
      case "tool_execution_end":
        return [resultOf(value.toolCallId, needRecord(value.result, "its result"), value.isError)];
      case "agent_end":
        return endOfAgent(listOf(value.messages));
      default:
        return undefined;
    }
  });
}

function endOfAgent(messages: readonly unknown[]): readonly FactBody[] {
  const last = messages.findLast((message) => isRecord(message) && message.role === "assistant");
  const end = isRecord(last) ? endOf(last) : [];
  return end.length > 0 ? end : [{ kind: "turn-end", outcome: "completed" }];
}
