/**
 * Parts as opencode writes them, in its database and on its stdout: what each says.
 *
 * A tool's part is one record that is written again as the call goes on: pending, running, completed or error.
 * Always: total but for {@link Misshapen}; kinds that are not known are named and pass through.
 * Never: a part that opencode itself marked as interrupted is taken for the tool's answer.
 */
import type { FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { needId, needRecord, textOr, unknownType } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

const silent = new Set([
  "step-start",
  "snapshot",
  "patch",
  "file",
  "agent",
  "subtask",
  "retry",
  "compaction",
]);

/** What the part of an answer says. */
export function partBodies(part: RecordValue): FactBody[] {
  const type = textOr(part.type, "");
  switch (type) {
    case "text":
      return [{ kind: "text", text: textOr(part.text, "") }];
    case "reasoning":
      return [{ kind: "reasoning", text: textOr(part.text, "") }];
    case "tool":
      return toolBodies(part);
    case "step-finish":
      return stepEnd(part);
    default:
      return silent.has(type) ? [] : [unknownType(`part ${type}`)];
  }
}

function toolBodies(part: RecordValue): FactBody[] {
  const callId = needId(part.callID, "its call id");
  const state = needRecord(part.state, "its state");
  const call: FactBody = {
    kind: "call",
    callId,
    name: needId(part.tool, "the tool's name"),
    input: state.input ?? null,
  };
  if (state.status === "completed") {
    const content = textOr(state.output, "");
    const cut = isRecord(state.metadata) && state.metadata.truncated === true;
    return [call, { kind: "result", callId, content, isError: false, cut }];
  }
  if (state.status !== "error" || isInterrupted(state)) return [call];
  return [call, { kind: "result", callId, content: textOr(state.error, ""), isError: true, cut: false }];
}

/** Did opencode itself put this error there when it was stopped? */
export function isInterrupted({ metadata }: RecordValue): boolean {
  return isRecord(metadata) && metadata.interrupted === true;
}

function stepEnd({ reason }: RecordValue): FactBody[] {
  if (typeof reason !== "string" || reason === "tool-calls" || reason === "unknown") return [];
  return [{ kind: "turn-end", outcome: reason === "error" ? "failed" : "completed", reason }];
}
