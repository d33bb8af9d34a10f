/** The import over real processes: what a host is told, over the deaths of its server. */
import { EventEmitter } from "node:events";
import { readFile, rm, truncate } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type {
  AgentChild,
  HeldAgent,
  Hold,
  HoldEntry,
  SpawnAnswer,
  SpawnOptions,
} from "../../src/hold/index.ts";
import { makeRig, type Rig } from "./rig.ts";

const thread = "0b5b0d8e-6f0a-4c9c-9d53-0f6a1f1f0c11";
const started = { type: "run.started", sessionId: thread, model: "m" };
const call = (id: string) => ({ type: "tool.call", id, name: "run_command", input: { command: id } });
const result = (id: string) => ({
  type: "tool.result",
  id,
  name: "run_command",
  content: `did ${id}`,
  isError: false,
});
const completed = { type: "run.completed" };

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.close());

function start(hold: Hold, options: Partial<SpawnOptions> = {}): Promise<SpawnAnswer> {
  return hold.spawn(
    rig.agent,
    ({ prompt, resume }) => ["chat", prompt, ...(resume === undefined ? [] : ["--resume", resume])],
    { session: "mine", prompt: "please do it", cwd: rig.workspace, ...options },
  );
}

async function childOf(answer: Promise<SpawnAnswer>): Promise<AgentChild> {
  const given = await answer;
  if ("refusal" in given) throw new Error(given.refusal.message);
  return given.child;
}

/** Resolves with the next `count` lines of an agent's stdout. */
function lines(child: AgentChild, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      if (text.split("\n").length > count) resolve(text.split("\n").slice(0, count));
    });
  });
}

const closed = (child: AgentChild): Promise<number | null> =>
  new Promise((resolve) => child.once("close", resolve));

const types = (said: readonly string[]): string[] => said.map((line) => JSON.parse(line).type);

const said = (entries: readonly HoldEntry[]): string[] =>
  entries.flatMap((entry) => (entry.kind === "line" ? [JSON.parse(entry.text).type] : []));

it("gives what node's spawn gives: data, exit, close, stderr", async () => {
  const hold = await rig.open();
  const child = await childOf(start(hold, { about: { title: "T" } }));
  const errors = new Promise((resolve) => child.stderr.once("data", (bytes) => resolve(String(bytes))));
  const two = lines(child, 2);
  await rig.say(started, completed);
  expect(types(await two)).toEqual(["run.started", "run.completed"]);
  expect(await errors).toBe("to stderr\n");
  expect(hold.child("mine")).toBe(child);
  await rig.finish();
  expect(await closed(child)).toBe(0);
  // Who it is comes on record beside what it says: only at its end it is there for certain.
  expect(child.pid).toBeGreaterThan(1);
  expect(child.exitCode).toBe(0);
  expect(hold.child("mine")).toBeUndefined();
  expect(hold.session("mine")).toMatchObject({ state: "completed", live: false, about: { title: "T" } });
  expect(hold.session(thread)?.id).toBe("mine");
  expect((await hold.history("mine")).map(({ kind }) => kind)).toEqual([
    "prompt",
    "line",
    "line",
    "exited",
    ...(await hold.history("mine")).slice(4).map(({ kind }) => kind),
  ]);
});

it("delivers only what is on record already", async () => {
  const hold = await rig.open();
  const child = await childOf(start(hold));
  const inHistory = new Promise<string[]>((resolve) => {
    child.stdout.once("data", () => resolve(hold.history("mine").then(said)));
  });
  await rig.say(started);
  expect(await inHistory).toEqual(["run.started"]);
});

it("takes a living agent back where its stdout was, and refuses a second one", async () => {
  const before = await rig.open();
  const first = await childOf(start(before));
  const seen = lines(first, 2);
  await rig.say(started, call("c1"));
  await seen;
  // No orderly end: the next hold takes the record over from this one.
  const hold = await rig.open();
  const [recovered] = hold.recovered;
  expect(recovered?.session).toMatchObject({ id: "mine", state: "live", live: true, over: "spool" });
  expect(said(await hold.history("mine", recovered?.position))).toEqual(["run.started", "tool.call"]);
  const child = recovered?.child;
  if (child === undefined) throw new Error("nobody was taken back");
  expect(child).toMatchObject({ adopted: true, session: "mine", pid: first.pid });
  expect(await start(hold)).toMatchObject({ refusal: { code: "agent-alive", status: 409 } });
  const again = hold.adopt("mine");
  if (again === undefined) throw new Error("nobody lives");
  const whole = lines(again, 3);
  const rest = lines(child, 1);
  await rig.say(result("c1"));
  expect(types(await rest)).toEqual(["tool.result"]);
  expect(types(await whole)).toEqual(["run.started", "tool.call", "tool.result"]);
  await rig.finish();
  expect(await closed(child)).toBe(0);
  expect(await rig.starts()).toHaveLength(1);
});

it("marks what was cut, says what is unknown, and hands over on resume", async () => {
  const before = await rig.open();
  const seen = lines(await childOf(start(before)), 4);
  await rig.say(started, call("c1"), result("c1"), call("c2"));
  await seen;
  await before.close();
  await rig.kill();
  const hold = await rig.open();
  expect(hold.recovered).toMatchObject([
    { session: { id: "mine", state: "interrupted-indeterminate", live: false } },
  ]);
  expect(hold.recovered[0]?.child).toBeUndefined();
  const look = await hold.look("mine");
  expect(look?.calls.map(({ id, effect }) => [id, effect])).toEqual([
    ["c1", "done"],
    ["c2", "unknown"],
  ]);
  expect(look?.findings.map(({ code }) => code)).toContain("dangling-call");
  const answer = await start(hold, { prompt: "go on", acknowledge: true });
  expect(answer).toMatchObject({ session: { state: "live" }, repeated: false });
  await rig.say(started);
  const text = (await rig.starts()).join("\n");
  expect(text).toContain("c2 run_command");
  expect(text.endsWith(`go on --resume ${thread}`)).toBe(true);
  const snapshot = await readFile(`${rig.workspace}/.coding-agent/sessions/${thread}.json`, "utf8");
  expect(snapshot).toContain("did c1");
});

it("starts one agent for one key, in this life and the next", async () => {
  const before = await rig.open();
  const twice = await Promise.all([start(before, { key: "k" }), start(before, { key: "k" })]);
  expect(twice.map((one) => "repeated" in one && one.repeated)).toEqual([false, true]);
  while ((await rig.starts()).length < 1);
  const hold = await rig.open();
  expect(await start(hold, { key: "k" })).toMatchObject({ repeated: true, session: { id: "mine" } });
  expect(await start(hold, { key: "k", prompt: "other" })).toMatchObject({
    refusal: { code: "key-reused" },
  });
  expect(await rig.starts()).toHaveLength(1);
});

it("does not know a session whose spawn the crash cut before its run was on record", async () => {
  const before = await rig.open();
  const child = await childOf(start(before, { key: "k" }));
  const gone = closed(child);
  await rig.finish();
  await gone;
  await before.close();
  const folder = path.join(rig.workspace, "..", "hold");
  const segment = path.join(folder, "journal", "00000001.journal");
  const record = await readFile(segment, "utf8");
  // Half of the run's record stays, as of a group that was being written.
  await truncate(segment, record.indexOf('\t"run"\t') + 20);
  await rm(path.join(folder, "sessions"), { recursive: true });
  const hold = await rig.open();
  expect(hold.sessions()).toEqual([]);
  expect(hold.session("mine")).toBeUndefined();
  expect(await start(hold, { key: "k" })).toMatchObject({ repeated: false });
});

it("puts a kill by the host on record", async () => {
  const hold = await rig.open();
  const child = await childOf(start(hold));
  const seen = lines(child, 1);
  await rig.say(started);
  await seen;
  expect(child.kill()).toBe(true);
  await closed(child);
  expect(hold.session("mine")).toMatchObject({ state: "cancelled" });
  expect(child.kill()).toBe(false);
});

it("follows: what was, then what comes, until it is told to stop", async () => {
  const hold = await rig.open();
  await childOf(start(hold));
  await rig.say(started);
  const gone = new AbortController();
  const seen: string[] = [];
  for await (const entry of hold.follow("mine", { until: gone.signal })) {
    seen.push(entry.kind);
    if (seen.length === 2) await rig.say(completed);
    if (seen.length === 3) gone.abort();
  }
  expect(seen).toEqual(["prompt", "line", "line"]);
});

it("follows until a response closes, and not at all one that has closed", async () => {
  const hold = await rig.open();
  await childOf(start(hold));
  // A request of node has a field that signals have as well.
  const response = Object.assign(new EventEmitter(), { closed: false, aborted: false });
  const seen: string[] = [];
  for await (const entry of hold.follow("mine", { until: response })) {
    seen.push(entry.kind);
    // Nothing more comes: only the closing ends it.
    setImmediate(() => response.emit("close"));
  }
  expect(seen).toEqual(["prompt"]);
  expect(response.listenerCount("close")).toBe(0);
  response.closed = true;
  for await (const entry of hold.follow("mine", { until: response })) seen.push(entry.kind);
  expect(seen).toEqual(["prompt"]);
});

it("tells one place of every agent, started or taken back, once", async () => {
  const told: [string, boolean, string | undefined][] = [];
  const onAgent = ({ session, child, prompt }: HeldAgent): void => {
    told.push([session.id, child.adopted, prompt]);
  };
  const before = await rig.open({ onAgent });
  const answer = await start(before, { key: "k" });
  expect(await start(before, { key: "k" })).toMatchObject({ repeated: true });
  expect(await start(before)).toHaveProperty("refusal");
  expect(told).toEqual([["mine", false, "please do it"]]);
  if ("refusal" in answer) throw new Error(answer.refusal.message);
  // One that has not begun when the next life looks is never begun, and nobody is taken back.
  while ((await rig.starts()).length < 1);
  const hold = await rig.open({ onAgent });
  expect(told.slice(1)).toEqual([["mine", true, undefined]]);
  expect(await start(hold, { key: "k" })).toMatchObject({ repeated: true });
  expect(told).toHaveLength(2);
  await rig.kill();
  await closed(await childOf(start(hold, { key: "k" })));
  await rig.open({ onAgent });
  expect(told).toHaveLength(2);
});

it("says in one sentence what cannot be started", async () => {
  const hold = await rig.open();
  expect(await hold.spawn("/no/such/agent", [], { prompt: "x" })).toMatchObject({
    refusal: { code: "agent-missing", message: expect.stringContaining("/no/such/agent") },
  });
  expect(await start(hold, { prompt: " " })).toMatchObject({ refusal: { code: "bad-prompt" } });
  expect(await start(hold, { cwd: "/no/such/folder" })).toMatchObject({ refusal: { code: "cwd-missing" } });
  await expect(start(hold, { agent: "hal" })).rejects.toThrow(/no agent "hal"/);
  expect(hold.sessions()).toEqual([]);
});

it("over pipes of the host: recorded, then shown; seen after the host's death, and not taken for free", async () => {
  const host = rig.host("test/hold/piping-host.ts");
  expect(await host.said()).toEqual({ isTold: true });
  await rig.say(started);
  expect(await host.said()).toMatchObject({
    history: expect.arrayContaining(["line"]),
    session: { over: "pipes", live: true },
  });
  await host.kill();
  const hold = await rig.open();
  expect(hold.recovered).toMatchObject([{ session: { state: "live", over: "pipes" } }]);
  expect(said(await hold.history("mine"))).toEqual(["run.started"]);
  expect(await start(hold)).toMatchObject({ refusal: { code: "agent-alive" } });
  const taken = hold.recovered[0]?.child;
  if (taken === undefined) throw new Error("it is not seen");
  await rig.kill();
  expect(await closed(taken)).toBeNull();
  expect(hold.session("mine")).toMatchObject({ state: "interrupted", live: false });
});
