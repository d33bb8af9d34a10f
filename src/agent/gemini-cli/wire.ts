/**
 * Gemini CLI's stdout with `-o stream-json`: one JSON object a line.
 *
 * It has a call before it runs, which the session file has only when the call is over. A result is shown as a person
 * sees it: for a shell its output, for other tools often nothing; then the text is not known and `cut`.
 */
import { citeValue } from "../../model/cite.ts";
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { decodeJsonLine, needId, optional, reasonOf, textOr } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

/** One line without its newline. */
export function decodeLine(line: string): readonly FactBody[] {
  return decodeJsonLine(line, (type, value) => {
    switch (type) {
      case "init": {
        const agentSessionId = citeValue(needId(value.session_id, "its session id"));
        return [{ kind: "session", agentSessionId, ...optional("model", value.model) }];
      }
      case "message":
        return value.role === "assistant"
          ? [{ kind: "text", text: textOr(value.content, "") }]
          : [{ kind: "prompt", text: textOr(value.content, "") }];
      case "tool_use": {
        const callId = needId(value.tool_id, "its tool id");
        const name = needId(value.tool_name, "the tool's name");
        return [{ kind: "call", callId, name, input: value.parameters ?? null }];
      }
      case "tool_result":
        return [resultOf(value)];
      case "result":
        return value.status === "success"
          ? [{ kind: "turn-end", outcome: "completed" }]
          : [{ kind: "turn-end", outcome: "failed", ...reasonOf(value.error ?? value.status) }];
      // An error can be a warning.
      case "error":
        return [];
      default:
        return undefined;
    }
  });
}

function resultOf(value: RecordValue): FactBody {
  const callId = needId(value.tool_id, "its tool id");
  const isError = value.status !== "success";
  const message = isRecord(value.error) ? value.error.message : undefined;
  const shown = value.output ?? message;
  return { kind: "result", callId, content: textOr(shown, ""), isError, cut: typeof shown !== "string" };
}
