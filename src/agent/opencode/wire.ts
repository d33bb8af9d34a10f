/**
 * opencode's stdout with `opencode run --format json`: one JSON object a line, with the part as it is stored.
 *
 * A call is told only when it is over, call and result in one: a stream that was cut says nothing of a call that ran.
 */
import { citeValue } from "../../model/cite.ts";
import type { FactBody } from "../../model/fact.ts";
import { decodeJsonLine, needRecord, reasonOf } from "../resume-decode.ts";
import { partBodies } from "./part.ts";

/** One line without its newline. */
export function decodeLine(line: string): readonly FactBody[] {
  return decodeJsonLine(line, (type, value) => {
    switch (type) {
      case "step_start":
        return typeof value.sessionID === "string"
          ? [{ kind: "session", agentSessionId: citeValue(value.sessionID) }]
          : [];
      case "tool_use":
      case "text":
      case "reasoning":
      case "step_finish":
        return partBodies(needRecord(value.part, "its part"));
      case "error":
        return [{ kind: "turn-end", outcome: "failed", ...reasonOf(value.error) }];
      default:
        return undefined;
    }
  });
}
