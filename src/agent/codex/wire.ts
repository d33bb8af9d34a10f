/**
 * Codex's stdout with `codex exec --json`: one JSON object a line.
 *
 * Its items have ids of their own (`item_1`), which the rollout does not know: see `match.ts`. A patch is told when
 * it is over, start and end in one, so that a stream that was cut has no call without a name.
 */
import { citeValue } from "../../model/cite.ts";
import type { FactBody } from "../../model/fact.ts";
import {
  decodeJsonLine,
  needId,
  needRecord,
  reasonOf,
  textOfBlocks,
  textOr,
  unknownType,
} from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

/** One line without its newline. */
export function decodeLine(line: string): readonly FactBody[] {
  return decodeJsonLine(line, (type, value) => {
    switch (type) {
      case "thread.started":
        return [{ kind: "session", agentSessionId: citeValue(needId(value.thread_id, "its thread id")) }];
      case "item.started":
        return started(needRecord(value.item, "its item"));
      case "item.completed":
        return completed(needRecord(value.item, "its item"));
      case "turn.completed":
        return [{ kind: "turn-end", outcome: "completed" }];
      case "turn.failed":
        return [{ kind: "turn-end", outcome: "failed", ...reasonOf(value.error) }];
      // An error can be one that is tried again.
      case "turn.started":
      case "item.updated":
      case "error":
        return [];
      default:
        return undefined;
    }
  });
}

function started(item: RecordValue): FactBody[] {
  const { type } = item;
  return type === "command_execution" || type === "mcp_tool_call" ? [callOf(type, item)] : [];
}

function callOf(type: string, item: RecordValue): FactBody {
  const callId = needId(item.id, "the item's id");
  if (type === "mcp_tool_call") {
    const name = `${textOr(item.server, "")}.${textOr(item.tool, "")}`;
    return { kind: "call", callId, name: name.slice(0, 512), input: item.arguments ?? null };
  }
  const input =
    type === "file_change" ? { changes: item.changes ?? null } : { command: item.command ?? null };
  return { kind: "call", callId, name: type, input };
}

function completed(item: RecordValue): FactBody[] {
  const type = textOr(item.type, "");
  switch (type) {
    case "command_execution":
      return [resultOf(item, textOr(item.aggregated_output, ""), isCommandError(item))];
    case "file_change":
      return [callOf(type, item), { ...resultOf(item, "", item.status === "failed"), cut: true }];
    case "mcp_tool_call": {
      const content = isNothing(item.error) ? contentOf(item.result) : contentOf(item.error);
      return [resultOf(item, content, item.status === "failed" || !isNothing(item.error))];
    }
    case "agent_message":
      return [{ kind: "text", text: textOr(item.text, "") }];
    case "reasoning":
      return [{ kind: "reasoning", text: textOr(item.text, "") }];
    case "error":
    case "todo_list":
    case "web_search":
      return [];
    default:
      return [unknownType(`item ${type}`)];
  }
}

function resultOf(item: RecordValue, content: string, isError: boolean): FactBody & { kind: "result" } {
  return { kind: "result", callId: needId(item.id, "the item's id"), content, isError, cut: false };
}

/** Without an exit code the command did not come to an end of its own. */
function isCommandError({ exit_code: code, status }: RecordValue): boolean {
  return status === "failed" || status === "declined" || code !== 0;
}

function contentOf(value: unknown): string {
  if (typeof value === "string") return value;
  const content =
    typeof value === "object" && value !== null && "content" in value ? value.content : undefined;
  return content === undefined ? (JSON.stringify(value) ?? "") : textOfBlocks(content);
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}
