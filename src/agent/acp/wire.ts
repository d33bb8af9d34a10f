/**
 * One line of an ACP agent's stdout as facts. Requests of ours have fixed numbers, so that a line can be understood by
 * itself; see {@link requestIds}.
 *
 * The types are those of the protocol's official library; what comes in is not believed to be of them.
 */
import type { SessionUpdate, StopReason, ToolCallStatus } from "@agentclientprotocol/sdk";
import { citeValue } from "../../model/cite.ts";
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import {
  decodeRecord,
  idCharsMax,
  lineCharsMax,
  listOf,
  Misshapen,
  needId,
  needRecord,
  parse,
  textOr,
  unreadable,
} from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

/** Numbers of our three requests; an attempt makes each once. */
export const requestIds = { initialize: 1, session: 2, prompt: 3 } as const;

type UpdateName = SessionUpdate["sessionUpdate"];
const silent: readonly UpdateName[] = [
  "user_message_chunk",
  "plan",
  "available_commands_update",
  "current_mode_update",
  "config_option_update",
  "session_info_update",
  "usage_update",
];
const completed: StopReason = "end_turn";
const [done, failed]: readonly ToolCallStatus[] = ["completed", "failed"];

/** One line without its newline; never throws. */
export function decodeLine(line: string): readonly FactBody[] {
  const message = messageOf(line);
  if (message === undefined) return line.trim() === "" ? [] : [unreadable("not a JSON-RPC message")];
  const { method } = message;
  if (typeof method === "string") return decodeRecord(method, () => said(method, message));
  return decodeRecord("answer", () => answered(message));
}

/** A JSON-RPC message; undefined for what is none. */
export function messageOf(line: string): RecordValue | undefined {
  if (line.length > lineCharsMax) return undefined;
  const value = parse(line);
  return isRecord(value) && value.jsonrpc === "2.0" ? value : undefined;
}

function said(method: string, message: RecordValue): readonly FactBody[] | undefined {
  if (method === "session/update")
    return updated(needRecord(needRecord(message.params, "its params").update, "its update"));
  if (method !== "session/request_permission") return undefined;
  const ask = askOf(message);
  if (ask === undefined) throw new Misshapen("what it asks");
  return [{ kind: "permission", ...ask }];
}

function updated(update: RecordValue): readonly FactBody[] | undefined {
  const name = update.sessionUpdate as UpdateName;
  switch (name) {
    case "agent_message_chunk":
      return [{ kind: "text", text: textIn(update.content) }];
    case "agent_thought_chunk":
      return [{ kind: "reasoning", text: textIn(update.content) }];
    case "tool_call":
      return [{ kind: "call", ...callOf(update) }, ...resultOf(update)];
    case "tool_call_update":
      return resultOf(update);
    default:
      return silent.includes(name) ? [] : undefined;
  }
}

function answered({ id, result, error }: RecordValue): readonly FactBody[] | undefined {
  if (isRecord(error)) {
    const reason = citeValue(textOr(error.message, "an error without a message"));
    return [{ kind: "turn-end", outcome: "failed", reason }];
  }
  if (id === requestIds.session) {
    const agentSessionId = needId(needRecord(result, "its result").sessionId, "its session");
    return [{ kind: "session", agentSessionId }];
  }
  if (id !== requestIds.prompt) return [];
  const reason = textOr(needRecord(result, "its result").stopReason, "");
  if (reason === completed) return [{ kind: "turn-end", outcome: "completed" }];
  const outcome = reason === "cancelled" ? "cancelled" : "failed";
  return [{ kind: "turn-end", outcome, reason: citeValue(reason) }];
}

/** What a request for permission asks; undefined for one that cannot be answered. */
export function askOf({ id, params }: RecordValue) {
  if (!isRecord(params) || !isRecord(params.toolCall)) return undefined;
  if (typeof id !== "number" && (typeof id !== "string" || id.length > idCharsMax)) return undefined;
  const options = listOf(params.options).flatMap((option) => {
    if (!isRecord(option) || typeof option.optionId !== "string" || option.optionId.length > idCharsMax)
      return [];
    return [
      {
        optionId: option.optionId,
        name: citeValue(textOr(option.name, option.optionId)),
        allows: textOr(option.kind, "").startsWith("allow"),
      },
    ];
  });
  // A number and a text are two ids: JSON keeps them apart.
  return { requestId: JSON.stringify(id), options, ...callOf(params.toolCall) };
}

function callOf(call: RecordValue) {
  const callId = needId(call.toolCallId, "its call");
  const name = citeValue(textOr(call.title, textOr(call.kind, "tool")));
  return { callId, name, input: call.rawInput ?? {} };
}

function resultOf(call: RecordValue): readonly FactBody[] {
  if (call.status !== done && call.status !== failed) return [];
  const texts = listOf(call.content).map((item) => (isRecord(item) ? textIn(item.content) : ""));
  const raw = call.rawOutput === undefined ? "" : JSON.stringify(call.rawOutput);
  const content = texts.some((text) => text !== "") ? texts.join("") : raw;
  const callId = needId(call.toolCallId, "its call");
  return [{ kind: "result", callId, content, isError: call.status === failed, cut: false }];
}

function textIn(content: unknown): string {
  return isRecord(content) ? textOr(content.text, "") : "";
}
