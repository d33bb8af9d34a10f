/**
 * Lines of a Codex rollout: what each says, and what of it is sent again on resume.
 *
 * A command's end stands there twice: as an event with its output, and as the answer that the model gets. Killed
 * between the two, the event alone proves that the command came to its end.
 * Always: total; types that are not known are named and pass through.
 */
import { citeValue } from "../../model/cite.ts";
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import {
  listOf,
  needId,
  needRecord,
  optional,
  parse,
  reasonOf,
  textOfBlocks,
  textOr,
  unknownType,
} from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import { isStandIn, outputOf } from "./output.ts";

const silentItems = new Set([
  "reasoning",
  "web_search_call",
  "ghost_snapshot",
  "compaction",
  "compaction_summary",
  "compaction_trigger",
  "tool_search_call",
  "tool_search_output",
  "image_generation_call",
]);
const silentEvents = new Set([
  "thread_settings_applied",
  "token_count",
  "user_message",
  "agent_message",
  "agent_reasoning",
  "agent_reasoning_raw_content",
  "agent_reasoning_section_break",
  "entered_review_mode",
  "exited_review_mode",
  "context_compacted",
  "thread_rolled_back",
  "thread_name_updated",
  "undo_completed",
  "exec_command_begin",
  "exec_command_end",
  "patch_apply_begin",
  "patch_apply_end",
  "mcp_tool_call_begin",
  "mcp_tool_call_end",
  "web_search_end",
  "view_image_tool_call",
  "item_started",
  "error",
  "warning",
  "stream_error",
  "background_event",
  "turn_diff",
  "plan_update",
]);

/** Calls that come to the model as such, with the key of their input. */
const callTypes: Readonly<Record<string, "arguments" | "input" | "action">> = {
  function_call: "arguments",
  custom_tool_call: "input",
  local_shell_call: "action",
};
const answerTypes = new Set(["function_call_output", "custom_tool_call_output", "local_shell_call_output"]);

/** What one line says. The session itself is told by the reader, which knows what was asked for. */
export function rolloutBodies(type: string, payload: RecordValue): readonly FactBody[] | undefined {
  switch (type) {
    case "response_item":
      return itemBodies(payload);
    case "event_msg":
      return eventBodies(payload);
    case "session_meta":
    case "turn_context":
    case "world_state":
    case "compacted":
    case "token_usage_record":
      return [];
    default:
      return undefined;
  }
}

export function sessionOf({ id, session_id, cli_version }: RecordValue): FactBody {
  const agentSessionId = citeValue(textOr(id, textOr(session_id, "")));
  return { kind: "session", agentSessionId, ...optional("version", cli_version) };
}

function itemBodies(item: RecordValue): FactBody[] {
  const type = textOr(item.type, "");
  const inputKey = callTypes[type];
  if (inputKey !== undefined) {
    const callId = callIdOf(item) ?? needId(undefined, "its call id");
    const name = needId(item.name ?? type, "the tool's name");
    return [{ kind: "call", callId, name, input: inputOf(item[inputKey]) }];
  }
  if (answerTypes.has(type)) {
    const callId = needId(item.call_id, "its call id");
    return isStandIn(item.output) ? [] : [{ kind: "result", callId, ...outputOf(item.output) }];
  }
  if (type === "message") return messageBodies(item);
  return silentItems.has(type) ? [] : [unknownType(`response_item ${type}`)];
}

/** `arguments` is a text that holds JSON. */
function inputOf(value: unknown): unknown {
  return typeof value === "string" ? (parse(value) ?? value) : (value ?? null);
}

function messageBodies(item: RecordValue): FactBody[] {
  const text = textOfBlocks(item.content);
  if (item.role === "assistant") return [{ kind: "text", text }];
  return item.role === "user" && isOfPerson(item, text) ? [{ kind: "prompt", text }] : [];
}

/** Codex puts texts of its own into the person's place. Newer files say so; older ones are known by their first tag. */
function isOfPerson(item: RecordValue, text: string): boolean {
  const extra = item.internal_chat_message_metadata_passthrough;
  const kinds = isRecord(extra) ? listOf(extra.content_item_kinds) : [];
  if (kinds.length > 0) return kinds.some((kind) => typeof kind === "string" && kind.startsWith("user."));
  return !/^\s*<(?:environment_context|user_instructions|permissions instructions|skills_instructions|turn_aborted|subagent_notification|user_shell_command|collaboration_mode)\b/.test(
    text,
  );
}

function eventBodies(event: RecordValue): FactBody[] {
  const type = textOr(event.type, "");
  switch (type) {
    case "task_complete":
    case "turn_complete":
      return [{ kind: "turn-end", outcome: "completed" }];
    case "turn_aborted":
      return [{ kind: "turn-end", outcome: "cancelled", ...reasonOf(event.reason) }];
    case "task_started":
    case "turn_started":
      return [];
    case "item_completed":
      return commandEnd(needRecord(event.item, "its item"));
    default:
      return silentEvents.has(type) ? [] : [unknownType(`event_msg ${type}`)];
  }
}

function commandEnd(item: RecordValue): FactBody[] {
  if (item.type !== "CommandExecution" || typeof item.exit_code !== "number") return [];
  const callId = needId(item.id, "the item's id");
  const content = textOr(item.aggregated_output, "");
  return [{ kind: "result", callId, content, isError: item.exit_code !== 0, cut: false }];
}

/** What one line adds to the history that is sent. */
export type HistoryItem =
  | { readonly kind: "text"; readonly role: "user" | "assistant" }
  | { readonly kind: "call" | "answer" | "stand-in"; readonly callId: string };

/** The history that a line adds or, with `replaces`, puts in the place of all before it. */
export function historyOf(
  type: string,
  payload: RecordValue,
): { readonly replaces: boolean; readonly items: readonly HistoryItem[] } {
  if (type === "response_item") return { replaces: false, items: historyItem(payload) };
  if (type !== "compacted") return { replaces: false, items: [] };
  if (!Array.isArray(payload.replacement_history)) {
    return { replaces: true, items: [{ kind: "text", role: "user" }] };
  }
  const items = payload.replacement_history.flatMap((item) => (isRecord(item) ? historyItem(item) : []));
  return { replaces: true, items };
}

function historyItem(item: RecordValue): HistoryItem[] {
  const type = textOr(item.type, "");
  if (type === "message") {
    return item.role === "user" || item.role === "assistant" ? [{ kind: "text", role: item.role }] : [];
  }
  const callId = callIdOf(item);
  if (callId === undefined) return [];
  if (callTypes[type] !== undefined) return [{ kind: "call", callId }];
  if (!answerTypes.has(type)) return [];
  return [{ kind: isStandIn(item.output) ? "stand-in" : "answer", callId }];
}

function callIdOf({ call_id, id, type }: RecordValue): string | undefined {
  if (typeof call_id === "string") return call_id;
  return type === "local_shell_call" && typeof id === "string" ? id : undefined;
}
