/**
 * An ACP agent's words on stdout, protocol version 1: JSON-RPC, one message a line. Written from the protocol's schema.
 *
 * Always: a call keeps its id from its first line to its last; the answer to `session/prompt` is the end of the turn.
 */

type Line = Readonly<Record<string, unknown>>;

export type RequestId = number | string;

/** What a client is asked in a turn, by its kind. */
export const allowOption = { optionId: "allow", name: "Allow once", kind: "allow_once" } as const;
export const rejectOption = { optionId: "reject", name: "Reject", kind: "reject_once" } as const;

export function answerOf(id: RequestId, result: object): object {
  return { jsonrpc: "2.0", id, result };
}

export function refusalOf(id: RequestId, code: number, message: string): object {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

export function updateOf(sessionId: string, update: object): object {
  return { jsonrpc: "2.0", method: "session/update", params: { sessionId, update } };
}

/** The messages of one turn, which is the answer to the request `promptId`. */
export function turnSay(sessionId: string, promptId: RequestId): (line: Line) => readonly object[] {
  const update = (value: object) => [updateOf(sessionId, value)];
  return (line) => {
    switch (line.type) {
      case "run.started":
        return update({ sessionUpdate: "available_commands_update", availableCommands: [] });
      case "assistant.text":
        return update(textUpdate("agent_message_chunk", line.text));
      case "tool.call":
        return update({ sessionUpdate: "tool_call", ...callOf(line) });
      case "tool.ask": {
        const params = { sessionId, toolCall: callOf(line), options: [allowOption, rejectOption] };
        return [{ jsonrpc: "2.0", id: line.requestId, method: "session/request_permission", params }];
      }
      case "tool.result": {
        const content = [{ type: "content", content: { type: "text", text: line.content } }];
        const status = line.isError === true ? "failed" : "completed";
        return update({ sessionUpdate: "tool_call_update", toolCallId: line.id, status, content });
      }
      default:
        return [answerOf(promptId, { stopReason: "end_turn" })];
    }
  };
}

export function textUpdate(sessionUpdate: string, text: unknown): object {
  return { sessionUpdate, content: { type: "text", text } };
}

function callOf({ id, name, input }: Line): object {
  return { toolCallId: id, title: name, kind: "execute", status: "pending", rawInput: input };
}
