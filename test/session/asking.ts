/** An ACP agent that asks whether it may make its one call: what it says, and what is on record of it then. */
import { begun, cover, type Draft, session } from "./drafts.ts";

const update = { sessionUpdate: "tool_call", toolCallId: "c1", title: "make", rawInput: { command: "make" } };
const options = [{ optionId: "yes", name: "Yes", kind: "allow_once" }];
export const lines = [
  { jsonrpc: "2.0", id: 1, result: {} },
  { jsonrpc: "2.0", id: 2, result: { sessionId: "s" } },
  { jsonrpc: "2.0", method: "session/update", params: { sessionId: "s", update } },
  {
    jsonrpc: "2.0",
    id: 7,
    method: "session/request_permission",
    params: { sessionId: "s", toolCall: { toolCallId: "c1" }, options },
  },
].map((one) => JSON.stringify(one));

export const opened: readonly Draft[] = [
  ...begun.slice(0, 1),
  session({ agent: "acp" }),
  ...begun.slice(2),
  cover(1, lines),
];
