/**
 * The fake agent as one that speaks ACP, spoken with by the protocol's own client: what it says, what it asks, what it
 * keeps for a session that is loaded, and what ends a turn.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import {
  type ClientContext,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { afterEach, beforeEach, expect, it } from "vitest";
import { effectsFileName } from "../../harness/ledger.ts";
import { passTo, Served } from "./served.ts";
import { scriptOf, tokensOf } from "./stage.ts";

const methodsOf = methods.agent;
let served: Served;
beforeEach(async () => {
  served = await Served.open("acp", scriptOf({}, {}));
});
afterEach(() => served.close());

/** An agent process with a client that knows the protocol; `allows` answers what is asked. */
async function start(allows: (callId: string) => boolean = () => true) {
  const { child, stdin, stdout } = await served.start();
  const updates: SessionUpdate[] = [];
  const asked: string[] = [];
  const app = client({ name: "test" })
    .onNotification(methods.client.session.update, ({ params }) => void updates.push(params.update))
    .onRequest(methods.client.session.requestPermission, ({ params }) => {
      const { toolCallId } = params.toolCall;
      asked.push(toolCallId);
      const kind = allows(toolCallId) ? "allow_once" : "reject_once";
      const optionId = params.options.find((option) => option.kind === kind)?.optionId ?? "";
      return { outcome: { outcome: "selected", optionId } };
    });
  const stream = ndJsonStream(Writable.toWeb(stdin), Readable.toWeb(stdout) as ReadableStream<Uint8Array>);
  const connection = app.connect(stream);
  const server: ClientContext = connection.agent;
  const { agentCapabilities } = await server.request(methodsOf.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: {},
  });
  expect(agentCapabilities).toMatchObject({ loadSession: true });
  return { child, server, updates, asked };
}

function prompted(server: ClientContext, sessionId: string) {
  const prompt = [{ type: "text" as const, text: "Do it. [turn s0t0]" }];
  return served.turnOf(() => server.request(methodsOf.session.prompt, { sessionId, prompt }));
}

const newSession = async (server: ClientContext) =>
  (await server.request(methodsOf.session.new, { cwd: served.folder, mcpServers: [] })).sessionId;

const kindsOf = (updates: readonly SessionUpdate[]) =>
  updates.map(({ sessionUpdate }) => sessionUpdate).filter((kind) => kind !== "available_commands_update");
const effects = async () =>
  (await readFile(join(served.folder, effectsFileName), "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "");

it("a turn - to its end - is told in updates and answered, and the process stays for the next", async () => {
  const { server, updates } = await start();
  const sessionId = await newSession(server);
  const { agent, answer } = await prompted(server, sessionId);
  expect(agent.hello).toMatchObject({ sessionId, prompt: "Do it. [turn s0t0]" });
  agent.runOn();
  expect(await answer).toEqual({ stopReason: "end_turn" });
  await agent.gone;
  const call = ["tool_call", "tool_call_update"];
  expect(kindsOf(updates)).toEqual([...call, ...call, "agent_message_chunk"]);
  expect(updates[1]).toMatchObject({ title: "run_command", status: "pending" });
  expect(updates[2]).toMatchObject({ status: "completed" });
  expect((await served.ledger(agent)).some(({ kind }) => kind === "store")).toBe(false);
  const next = await prompted(server, sessionId);
  expect(next.agent.hello).toMatchObject({ resume: sessionId, pid: agent.hello.pid });
});

it("a call that asks - waits for the answer - and is made when it is allowed, and not when it is not", async () => {
  served.script = scriptOf({ asks: true }, { asks: true });
  const seen: string[] = [];
  const { server, updates, asked } = await start((callId) => seen.push(callId) === 1);
  const { agent, answer } = await prompted(server, await newSession(server));
  await passTo(agent, "ask:1/out");
  expect([asked, await effects()]).toEqual([[], []]);
  agent.runOn();
  expect(await answer).toEqual({ stopReason: "end_turn" });
  expect(asked).toHaveLength(2);
  expect(await effects()).toEqual([tokensOf(served.script)[0]?.effectToken]);
  const ends = updates.flatMap((update) =>
    update.sessionUpdate === "tool_call_update" ? [[update.toolCallId, update.status]] : [],
  );
  expect(ends).toEqual([
    [asked[0], "completed"],
    [asked[1], "failed"],
  ]);
});

it("a session of an agent that was killed - loaded by another process - is told again, and its model knows it", async () => {
  const first = await start();
  const sessionId = await newSession(first.server);
  const { agent, answer } = await prompted(first.server, sessionId);
  answer.catch(() => undefined);
  await passTo(agent, "call:2/out");
  first.child.kill("SIGKILL");
  await agent.gone;
  const second = await start();
  await second.server.request(methodsOf.session.load, { sessionId, cwd: served.folder, mcpServers: [] });
  expect(kindsOf(second.updates)).toEqual(["user_message_chunk", "tool_call", "tool_call_update"]);
  const resumed = await prompted(second.server, sessionId);
  await passTo(resumed.agent, "call:2/out");
  const model = (await served.ledger(resumed.agent)).find(({ kind }) => kind === "model-input");
  expect(model).toMatchObject({ knows: { s0t0c0: "known", s0t0c1: "nothing" } });
  const unknown = second.server.request(methodsOf.session.load, {
    sessionId: "a/../b",
    cwd: served.folder,
    mcpServers: [],
  });
  await expect(unknown).rejects.toThrow("no such session");
});

it("a turn that is cancelled - goes no further than where it stands - and says so", async () => {
  const { server, updates } = await start();
  const sessionId = await newSession(server);
  const { agent, answer } = await prompted(server, sessionId);
  await passTo(agent, "effect:1");
  await server.notify(methodsOf.session.cancel, { sessionId });
  // In order: what is answered came after it.
  await newSession(server);
  agent.runOn();
  expect(await answer).toEqual({ stopReason: "cancelled" });
  expect([kindsOf(updates), await effects()]).toEqual([["tool_call"], []]);
});

it("its input is closed - while a turn is parked - it ends, and the turn is not said to have ended well", async () => {
  const { child, server } = await start();
  const { agent, answer } = await prompted(server, await newSession(server));
  answer.catch(() => undefined);
  await passTo(agent, "effect:1");
  const exited = new Promise((resolve) => child.on("exit", resolve));
  child.stdin?.end();
  expect(await exited).toBe(0);
  await agent.gone;
  expect((await served.ledger(agent)).at(-1)).toMatchObject({ kind: "exit", code: 1 });
});
