#!/usr/bin/env node
// An agent that speaks ACP, made with the protocol's own library. What it does stands in its prompt, word by word:
// `say`, `ask` (permission for a call, then its effect), `work` (a call that asks nobody), `wait` (for the file `go`).
import { appendFileSync, existsSync, watch } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { agent, methods, ndJsonStream, PROTOCOL_VERSION } from "@agentclientprotocol/sdk";

let cwd = "";
let prompts = 0;
const note = (text) => appendFileSync(join(cwd, "notes"), `${text}\n`);

const app = agent({ name: "test" })
  .onRequest(methods.agent.initialize, () => ({ protocolVersion: PROTOCOL_VERSION, agentCapabilities: {} }))
  .onRequest(methods.agent.session.new, ({ params }) => {
    cwd = params.cwd;
    note("session");
    return { sessionId: "acp-session-1" };
  })
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    const { sessionId } = params;
    prompts += 1;
    note(`prompt ${prompts}`);
    const text = params.prompt.map((block) => block.text ?? "").join("");
    appendFileSync(join(cwd, "prompt"), text);
    const tell = (update) => client.notify(methods.client.session.update, { sessionId, update });
    for (const [index, word] of text.split("\n").at(-1).split(" ").entries()) {
      const toolCallId = `${word}-${index}`;
      const call = { toolCallId, title: word, rawInput: { command: word } };
      if (word === "say")
        await tell({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: "Hello." } });
      if (word === "wait") await appears("go");
      if (word === "work" || word === "ask")
        await tell({ sessionUpdate: "tool_call", status: "pending", ...call });
      let allowed = word === "work";
      if (word === "ask") {
        const { outcome } = await client.request(methods.client.session.requestPermission, {
          sessionId,
          toolCall: call,
          options: [
            { optionId: "yes", name: "Yes", kind: "allow_once" },
            { optionId: "no", name: "No", kind: "reject_once" },
          ],
        });
        allowed = outcome.optionId === "yes";
        note(`answer ${outcome.optionId}`);
      }
      if (word !== "work" && word !== "ask") continue;
      if (allowed) note(`effect ${toolCallId}`);
      const content = [{ type: "content", content: { type: "text", text: allowed ? "It is done." : "No." } }];
      await tell({
        sessionUpdate: "tool_call_update",
        toolCallId,
        status: allowed ? "completed" : "failed",
        content,
      });
    }
    return { stopReason: "end_turn" };
  });

function appears(name) {
  const isThere = () => existsSync(join(cwd, name));
  return new Promise((resolve) => {
    const watcher = watch(cwd, () => isThere() && done());
    const done = () => {
      watcher.close();
      resolve();
    };
    if (isThere()) done();
  });
}

app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
