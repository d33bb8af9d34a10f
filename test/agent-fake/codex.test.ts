/** The fake agent as Codex: the app-server's protocol, what it keeps, and what a resumed model is told. */
import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AgentConnection } from "../../harness/agent/agent-connection.ts";
import { parseCodexLine } from "../../harness/agent/codex/command-line.ts";
import { execSay } from "../../harness/agent/codex/wire.ts";
import { resultContent } from "../../harness/agent/result.ts";
import { readAgentLog } from "../../harness/oracle/readers.ts";
import { passTo, Served } from "./served.ts";
import { plainCall, scriptOf, tokensOf } from "./stage.ts";

interface Message {
  readonly id?: number;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the wire holds
  readonly [field: string]: any;
}

const script = scriptOf({ resultChars: 3_000 }, {});
let served: Served;
beforeEach(async () => {
  served = await Served.open("codex", script);
});
afterEach(() => served.close());

/** A started app-server: requests, and every message it has sent. */
async function start() {
  const { child, stdin, stdout } = await served.start("app-server", "--listen", "stdio://");
  const seen: Message[] = [];
  const waiting = new Set<() => void>();
  let rest = "";
  stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    seen.push(...lines.map((line) => JSON.parse(line)));
    for (const wake of waiting) wake();
  });
  const until = (matches: (message: Message) => boolean): Promise<Message> =>
    new Promise((resolve) => {
      const look = () => {
        const found = seen.find(matches);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  let requests = 0;
  const call = (method: string, params: object) => {
    requests += 1;
    const id = requests;
    stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return until((message) => message.id === id);
  };
  return { child, seen, until, call };
}

async function turn(server: Awaited<ReturnType<typeof start>>, threadId: string): Promise<AgentConnection> {
  const input = [{ type: "text", text: "Do it. [turn s0t0]" }];
  const { agent, answer } = await served.turnOf(() =>
    server.call("turn/start", { threadId, cwd: served.folder, input }),
  );
  await answer;
  return agent;
}

async function newThread(server: Awaited<ReturnType<typeof start>>): Promise<string> {
  await server.call("initialize", {});
  return (await server.call("thread/start", {}))["result"].thread.id;
}

async function knows(agent: AgentConnection): Promise<unknown> {
  const entries = await served.ledger(agent);
  return entries.flatMap((entry) => (entry.kind === "model-input" ? [entry.knows] : []))[0];
}

it("a turn - to its end - speaks the app-server's notifications under the call's own id, and the process stays", async () => {
  const server = await start();
  const thread = await newThread(server);
  const agent = await turn(server, thread);
  expect(agent.hello).toMatchObject({ sessionId: thread, served: true });
  agent.runOn();
  await server.until(({ method }) => method === "turn/completed");
  await agent.gone;
  const items = server.seen.flatMap(({ method, params }) =>
    params?.item === undefined ? [] : [[method, params.item]],
  );
  expect(items.map(([method, { type }]) => `${method} ${type}`)).toEqual([
    "item/started commandExecution",
    "item/completed commandExecution",
    "item/started commandExecution",
    "item/completed commandExecution",
    "item/started agentMessage",
    "item/completed agentMessage",
  ]);
  expect(items[1]?.[1]).toMatchObject({ id: items[0]?.[1].id, exitCode: 0, status: "completed" });
  const second = await turn(server, thread);
  expect(second.hello).toMatchObject({ resume: thread, pid: agent.hello.pid });
  await passTo(second, "exit");
  expect(await knows(second)).toEqual({ s0t0c0: "known", s0t0c1: "known" });
});

it("killed after a result was printed and before it was stored - resumed by another process - told that it was not done", async () => {
  const first = await start();
  const thread = await newThread(first);
  const agent = await turn(first, thread);
  await passTo(agent, "result:2/log");
  first.child.kill("SIGKILL");
  await agent.gone;
  const second = await start();
  await second.call("initialize", {});
  await second.call("thread/resume", { threadId: thread });
  const resumed = await turn(second, thread);
  await passTo(resumed, "call:2/log");
  expect(await knows(resumed)).toEqual({ s0t0c0: "known", s0t0c1: "told-not-done" });
});

it("its input is closed - while a turn is parked - it ends at once, and the turn is not said to have ended well", async () => {
  const server = await start();
  const agent = await turn(server, await newThread(server));
  await passTo(agent, "effect:1");
  const exited = new Promise((resolve) => server.child.on("exit", resolve));
  server.child.stdin?.end();
  expect(await exited).toBe(0);
  await agent.gone;
  expect((await served.ledger(agent)).at(-1)).toMatchObject({ kind: "exit", code: 1 });
});

it("a thread that has no file - resumed - is refused, as the real one does", async () => {
  const server = await start();
  await server.call("initialize", {});
  const answer = await server.call("thread/resume", { threadId: "0000" });
  expect(answer["error"].message).toBe("no rollout found for thread id 0000");
});

it("the oracle reads the file - torn in its last line too - in the words that it has for Ada's log", async () => {
  const server = await start();
  const thread = await newThread(server);
  const agent = await turn(server, thread);
  agent.runOn();
  await agent.gone;
  const files = (await readdir(join(served.folder, ".codex"), { recursive: true })).filter((name) =>
    name.endsWith(".jsonl"),
  );
  const file = join(served.folder, ".codex", files[0] ?? "");
  const read = async () =>
    readAgentLog({ role: "agent-log", path: file, content: await readFile(file, "utf8") });
  const log = await read();
  expect(log?.lastTurnEnded).toBe(true);
  expect(log?.prompts).toEqual(["Do it. [turn s0t0]"]);
  const calls = script.replies.flatMap((reply) => reply.calls);
  const results = tokensOf(script).map((tokens, at) => resultContent(calls[at] ?? plainCall, tokens));
  expect([...(log?.results.values() ?? [])].map(({ content }) => content)).toEqual(results);
  await truncate(file, (await readFile(file)).length - 3);
  expect((await read())?.lastTurnEnded).toBe(false);
});

it("exec - counts its items instead of naming the call", () => {
  const say = execSay("t1");
  const started = say({ type: "tool.call", id: "call_a", input: { command: "make" } });
  expect(started).toMatchObject([
    { type: "item.started", item: { id: "item_0", command: "/bin/bash -lc 'make'" } },
  ]);
  const done = say({ type: "tool.result", id: "call_a", content: "made", isError: false });
  expect(done).toMatchObject([
    { type: "item.completed", item: { id: "item_0", exit_code: 0, aggregated_output: "made" } },
  ]);
  expect(say({ type: "assistant.text", text: "Done." })).toMatchObject([{ item: { id: "item_1" } }]);
});

it("the command line - as orchestrators write it - is understood, and anything else refused", () => {
  const flags = ["--json", "--full-auto", "--skip-git-repo-check", "--model", "m"];
  expect(parseCodexLine(["exec", ...flags, "do it"])).toEqual({ kind: "exec", prompt: "do it" });
  const resumed = ["exec", ...flags, "resume", "--", "id", "--go"];
  expect(parseCodexLine(resumed)).toEqual({ kind: "exec", prompt: "--go", resume: "id" });
  expect(parseCodexLine(["app-server", "--listen", "stdio://", "--enable", "x"])).toEqual({
    kind: "app-server",
  });
  expect(parseCodexLine(["exec", "do it"])).toMatchObject({ kind: "wrong" });
  expect(parseCodexLine(["login"])).toMatchObject({ kind: "wrong" });
});
