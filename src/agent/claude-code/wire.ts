/**
 * Claude Code's stdout with `--output-format stream-json --verbose`: one JSON object a line.
 *
 * Its ids are those of the session file (`toolu_…`). It says more than the file: killed between a tool's result and
 * the next answer of the model, the file lacks the result, and versions from 2.1.330 on can lack the call too.
 */
import { citeValue } from "../../model/cite.ts";
import type { FactBody } from "../../model/fact.ts";
import { decodeJsonLine, needRecord, reasonOf, textOr, unknownType } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import { assistantBodies, sessionBody, userBodies } from "./message.ts";

/** Types that are known and say nothing that is needed here. */
const silent = new Set([
  "stream_event",
  "rate_limit_event",
  "tool_progress",
  "tool_use_summary",
  "auth_status",
  "keep_alive",
  "control_request",
  "control_response",
  "control_cancel_request",
]);

/** One line without its newline. */
export function decodeLine(line: string): readonly FactBody[] {
  return decodeJsonLine(line, (type, value) => {
    if (silent.has(type)) return [];
    switch (type) {
      case "system":
        return systemBodies(value);
      case "assistant":
        return assistantBodies(needRecord(value.message, "its message"), isOfSubAgent(value));
      case "user":
        return userBodies(needRecord(value.message, "its message"), isOfSubAgent(value)).filter(
          // Besides results, the stream has texts that Claude Code puts in by itself; only echoes are the person's.
          ({ kind }) => kind !== "prompt" || value.isReplay === true,
        );
      case "result":
        return [endOf(value)];
      default:
        return undefined;
    }
  });
}

function isOfSubAgent({ parent_tool_use_id }: RecordValue): boolean {
  return typeof parent_tool_use_id === "string";
}

function systemBodies(value: RecordValue): FactBody[] {
  const { subtype, session_id, claude_code_version, model } = value;
  if (subtype === "init" && typeof session_id === "string") {
    return [sessionBody(citeValue(session_id), claude_code_version, model)];
  }
  const isKnown = typeof subtype === "string" && /^(status|compact_boundary|hook_|task_|api_)/.test(subtype);
  return isKnown ? [] : [unknownType(`system ${textOr(subtype, "")}`)];
}

function endOf({ subtype, is_error, result, errors }: RecordValue): FactBody {
  if (subtype === "success" && is_error !== true) return { kind: "turn-end", outcome: "completed" };
  const reason = subtype === "success" ? result : (errors ?? subtype);
  return { kind: "turn-end", outcome: "failed", ...reasonOf(reason) };
}
