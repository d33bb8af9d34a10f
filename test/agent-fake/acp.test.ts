/**
 * The fake agent as one that speaks ACP, spoken with by the protocol's own client: what it says, what it asks, what it
 * keeps for a session that is loaded, and what ends a turn.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import {
  type ClientContext,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { dir } from "tmp-promise";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AgentConnection } from "../../harness/agent/agent-connection.ts";
import { GateServer } from "../../harness/agent/gate-server.ts";
import { bundleOnce } from "../../harness/launch/bundle.ts";
import { writeLauncher } from "../../harness/launch/launcher.ts";
import { effectsFileName, parseLedger } from "../../harness/ledger.ts";
import type { Script } from "../../harness/plan/plan.ts";
import { scriptOf, tokensOf } from "./stage.ts";

const methodsOf = methods.agent;
let script: Script;
let folder = "";
let cleanup: () => Promise<void>;
let gates: GateServer;
let agents: AgentConnection[] = [];
let children: ChildProcess[] = [];
let cameAgent: () => void = () => undefined;

beforeEach(async () => {
  ({ path: folder, cleanup } = await dir({ unsafeCleanup: true, prefix: "holdfast-acp-" }));
  script = scriptOf({}, {});
  gates = new GateServer();
  agents = [];
  gates.onAgent((agent) => {
    agents.push(agent);
    agent.sendScript({
      session: 0,
      attempt: agents.length,
      turn: 0,
      agentSessionId: agent.hello.sessionId ?? "none",
      storeLag: "ada",
      script,
      tokens: tokensOf(script),
      ledgerPath: join(folder, `${agent.hello.nonce}.jsonl`),
      mode: "lockstep",
    });
    cameAgent();
  });
  await gates.listen(join(folder, "gate"));
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  await gates.close();
  await cleanup();
});

/** An agent process with a client that knows the protocol; `allows` answers what is asked. */
async function start(allows: (callId: string) => boolean = () => true) {
  const { agent } = await bundleOnce(
    { agent: fileURLToPath(new URL("../../harness/agent/main.ts", import.meta.url)) },
    join(folder, "bundle"),
  );
  const launch = {
    dir: join(folder, "bin"),
    name: "acp",
    home: folder,
    agentBundle: agent,
    socketPath: join(folder, "gate"),
    runId: "t",
  };
  const { agentPath } = await writeLauncher(launch);
  const child = spawn(agentPath, [], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
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
  if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
  const stream = ndJsonStream(
    Writable.toWeb(child.stdin),
    Readable.toWeb(child.stdout) as ReadableStream<Uint8Array>,
  );
  const connection = app.connect(stream);
  const server: ClientContext = connection.agent;
  const { agentCapabilities } = await server.request(methodsOf.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: {},
  });
  expect(agentCapabilities).toMatchObject({ loadSession: true });
  return { child, server, updates, asked };
}

async function prompted(server: ClientContext, sessionId: string) {
  const count = agents.length;
  const came = new Promise<void>((resolve) => (cameAgent = resolve));
  const prompt = [{ type: "text" as const, text: "Do it. [turn s0t0]" }];
  const answer = server.request(methodsOf.session.prompt, { sessionId, prompt });
  await came;
  const agent = agents[count];
  if (agent === undefined) throw new Error("no turn said hello");
  return { agent, answer };
}

const newSession = async (server: ClientContext) =>
  (await server.request(methodsOf.session.new, { cwd: folder, mcpServers: [] })).sessionId;

async function passTo(agent: AgentConnection, event: string): Promise<void> {
  for (;;) {
    const at = await agent.nextPark();
    if (at === "gone" || at.event === event) return;
    agent.release();
  }
}

const ledgerOf = async (agent: AgentConnection) =>
  parseLedger(await readFile(join(folder, `${agent.hello.nonce}.jsonl`), "utf8"));
const kindsOf = (updates: readonly SessionUpdate[]) =>
  updates.map(({ sessionUpdate }) => sessionUpdate).filter((kind) => kind !== "available_commands_update");
const effects = async () =>
  (await readFile(join(folder, effectsFileName), "utf8").catch(() => ""))
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
  expect((await ledgerOf(agent)).some(({ kind }) => kind === "store")).toBe(false);
  const next = await prompted(server, sessionId);
  expect(next.agent.hello).toMatchObject({ resume: sessionId, pid: agent.hello.pid });
});

it("a call that asks - waits for the answer - and is made when it is allowed, and not when it is not", async () => {
  script = scriptOf({ asks: true }, { asks: true });
  const seen: string[] = [];
  const { server, updates, asked } = await start((callId) => seen.push(callId) === 1);
  const { agent, answer } = await prompted(server, await newSession(server));
  await passTo(agent, "ask:1/out");
  expect([asked, await effects()]).toEqual([[], []]);
  agent.runOn();
  expect(await answer).toEqual({ stopReason: "end_turn" });
  expect(asked).toHaveLength(2);
  expect(await effects()).toEqual([tokensOf(script)[0]?.effectToken]);
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
  await second.server.request(methodsOf.session.load, { sessionId, cwd: folder, mcpServers: [] });
  expect(kindsOf(second.updates)).toEqual(["user_message_chunk", "tool_call", "tool_call_update"]);
  const resumed = await prompted(second.server, sessionId);
  await passTo(resumed.agent, "call:2/out");
  const model = (await ledgerOf(resumed.agent)).find(({ kind }) => kind === "model-input");
  expect(model).toMatchObject({ knows: { s0t0c0: "known", s0t0c1: "nothing" } });
  const unknown = second.server.request(methodsOf.session.load, {
    sessionId: "a/../b",
    cwd: folder,
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
  expect((await ledgerOf(agent)).at(-1)).toMatchObject({ kind: "exit", code: 1 });
});
