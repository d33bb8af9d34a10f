/**
 * What an ACP agent asks is bounded, however long it works and whatever it sends.
 */
import { expect, it } from "vitest";
import { Conversation } from "../../../src/agent/acp/conversation.ts";

const asks = (id: unknown, method = "session/request_permission") => {
  const options = [{ optionId: "yes", name: "Yes", kind: "allow_once" }];
  const params = { sessionId: "s", toolCall: { toolCallId: `c${id}` }, options };
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
};

it("an agent is listened to beyond a thousand requests; the latest are kept", () => {
  const conversation = new Conversation({ cwd: "/work", prompt: "do it" });
  for (let id = 1; id <= 1_500; id += 1) conversation.hear(asks(id));
  expect([conversation.asks.length, conversation.asks.at(-1)?.requestId]).toEqual([1_000, "1500"]);
  for (let id = 2_001; id <= 3_500; id += 1) conversation.hear(asks(id, "fs/read_text_file"));
  expect(conversation.due.map(({ key }) => key).slice(0, 2)).toEqual(["initialize", "reply 2501"]);
  expect([conversation.due.length, conversation.due.at(-1)?.key]).toEqual([1_001, "reply 3500"]);
});

it("a request by no number and no short text is none that can be answered", () => {
  const conversation = new Conversation({ cwd: "/work", prompt: "do it" });
  for (const id of ['"'.repeat(513), { deep: 1 }, [1], true])
    for (const method of ["session/request_permission", "fs/read_text_file"])
      conversation.hear(asks(id, method));
  expect([conversation.asks, conversation.due.map(({ key }) => key)]).toEqual([[], ["initialize"]]);
});
