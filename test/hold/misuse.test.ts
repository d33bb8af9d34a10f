/** Hosts that call the hold in ways that nobody meant: out of order, twice, late, with what is no text. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AgentChild, Hold, SpawnAnswer, SpawnOptions } from "../../src/hold/index.ts";
import { makeRig, type Rig } from "./rig.ts";

const thread = "0b5b0d8e-6f0a-4c9c-9d53-0f6a1f1f0c11";
const started = { type: "run.started", sessionId: thread, model: "m" };
const completed = { type: "run.completed" };

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.close());

function start(hold: Hold, options: Partial<SpawnOptions> = {}): Promise<SpawnAnswer> {
  return hold.spawn(rig.agent, ({ prompt }) => ["chat", prompt], {
    session: "mine",
    prompt: "please do it",
    cwd: rig.workspace,
    ...options,
  });
}

async function childOf(answer: Promise<SpawnAnswer>): Promise<AgentChild> {
  const given = await answer;
  if ("refusal" in given) throw new Error(given.refusal.message);
  return given.child;
}

const closed = (child: AgentChild): Promise<number | null> =>
  new Promise((resolve) => child.once("close", resolve));

async function finished(child: AgentChild): Promise<void> {
  const gone = closed(child);
  await rig.say(started, completed);
  await rig.finish();
  await gone;
}

it("one conversation of an agent is one session, by whatever name it is asked for", async () => {
  const hold = await rig.open();
  const two = await Promise.all([
    start(hold, { session: "mine", agentSession: thread }),
    start(hold, { session: "other", agentSession: thread }),
  ]);
  // Which of the two refusals it is, depends on how far the agent has come.
  expect(two).toMatchObject([{ session: { id: "mine" } }, { refusal: { message: expect.any(String) } }]);
  expect(
    await hold.spawn(rig.agent, [], { agentSession: thread, prompt: "again", cwd: rig.workspace }),
  ).toMatchObject({ refusal: { message: expect.any(String) } });
  expect(hold.sessions()).toHaveLength(1);
});

it("a key that was used on one session starts nothing silently on another", async () => {
  const hold = await rig.open();
  await finished(await childOf(start(hold, { key: "1" })));
  expect(await start(hold, { session: "other", key: "1" })).toMatchObject({
    refusal: { code: "key-reused", message: expect.stringContaining("mine") },
  });
  expect(await start(hold, { key: "1" })).toMatchObject({ repeated: true, session: { id: "mine" } });
});

it("a repeated key gives the agent that it started, not the one at work on a later prompt", async () => {
  const hold = await rig.open();
  await finished(await childOf(start(hold, { key: "1" })));
  const second = await childOf(start(hold, { key: "2", prompt: "and more" }));
  const first = await childOf(start(hold, { key: "1" }));
  expect(first).not.toBe(second);
  expect(await closed(first)).toBe(0);
  expect(hold.child("mine")).toBe(second);
  expect(await childOf(start(hold, { key: "2", prompt: "and more" }))).toBe(second);
});

it("over pipes: a child that is over when it is attached has ended, and another one is not taken", async () => {
  const hold = await rig.open();
  const begun = await hold.begin({ session: "mine", prompt: "please do it", cwd: rig.workspace });
  if ("refusal" in begun) throw new Error(begun.refusal.message);
  const agent = spawn("/bin/sh", ["-c", "exit 3"]);
  await once(agent, "close");
  const child = begun.attach(agent);
  expect(() => begun.attach(spawn("/bin/true"))).toThrow(/attached/);
  expect(await closed(child)).toBe(3);
  expect(hold.session("mine")).toMatchObject({ live: false });
});

it("over pipes: a child that could not be started has ended, when that was known before it was attached", async () => {
  const hold = await rig.open();
  const begun = await hold.begin({ session: "mine", prompt: "please do it", cwd: rig.workspace });
  if ("refusal" in begun) throw new Error(begun.refusal.message);
  const agent = spawn("/no/such/agent");
  await once(agent, "error").catch(() => {});
  expect(await closed(begun.attach(agent))).toBe(127);
});

it("over pipes: a stdout that the host closes ends what is read of it, and nothing else", async () => {
  const over: string[] = [];
  const hold = await rig.open({ onOver: (why) => over.push(why) });
  const begun = await hold.begin({ session: "mine", prompt: "please do it", cwd: rig.workspace });
  if ("refusal" in begun) throw new Error(begun.refusal.message);
  const agent = spawn("/bin/sh", ["-c", "read line"]);
  const child = begun.attach(agent);
  agent.stdout.destroy();
  agent.stdin.end();
  expect(await closed(child)).toBe(1);
  expect(over).toEqual([]);
});

it("what a client left out, or sent as no text, is refused in a sentence and harms nobody", async () => {
  const hold = await rig.open();
  const wrong = (options: object): Promise<SpawnAnswer> => start(hold, options);
  expect(await wrong({ prompt: undefined })).toMatchObject({ refusal: { code: "bad-prompt", status: 400 } });
  expect(await wrong({ prompt: { text: "x" } })).toMatchObject({ refusal: { code: "bad-prompt" } });
  for (const field of ["session", "key", "agentSession", "model"]) {
    for (const value of [null, 7, "x".repeat(201), "a\0b"]) {
      await expect(wrong({ [field]: value })).rejects.toMatchObject({ code: "bad-argument" });
    }
  }
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const about of [circle, 1n]) {
    await expect(wrong({ about })).rejects.toMatchObject({ code: "bad-argument" });
  }
  expect(hold.sessions()).toEqual([]);
});

it("a decision that could not be read back is not taken", async () => {
  const hold = await rig.open();
  const child = await childOf(start(hold));
  const gone = closed(child);
  await rig.say(started, { type: "tool.call", id: "c1", name: "run_command", input: { command: "x" } });
  await rig.finish();
  await gone;
  const decide = hold.decide as (...given: unknown[]) => Promise<unknown>;
  await expect(decide("mine", "c1", "not-done")).rejects.toMatchObject({ code: "bad-argument" });
  await expect(decide("mine", "c1", "perhaps", "me")).rejects.toMatchObject({ code: "bad-argument" });
  expect(await hold.decide("mine", "c1", "not-done", "me")).toBeUndefined();
});

it("a hold that was closed starts nothing any more, and what waits at it ends", async () => {
  const hold = await rig.open();
  const child = await childOf(start(hold));
  const gone = closed(child);
  await rig.finish();
  await gone;
  const followed = (async () => {
    for await (const entry of hold.follow("mine")) if (entry.kind === "exited") void hold.close();
  })();
  await followed;
  await hold.close();
  await expect(start(hold, { session: "late" })).rejects.toThrow();
  await expect(hold.begin({ prompt: "x", cwd: rig.workspace })).rejects.toThrow();
  expect(await rig.starts()).toHaveLength(1);
  expect((await hold.history("mine")).length).toBeGreaterThan(0);
});

it("a hold that is closed lets go of whoever follows or reads an agent that works on", async () => {
  const hold = await rig.open();
  await childOf(start(hold));
  await rig.say(started);
  const entries = (async () => {
    let seen = 0;
    for await (const _ of hold.follow("mine")) seen += 1;
    return seen;
  })();
  const adopted = hold.adopt("mine");
  const read = (async () => {
    for await (const _ of adopted?.stdout ?? []);
  })();
  await new Promise((resolve) => adopted?.stdout.once("data", resolve));
  await hold.close();
  expect(await entries).toBeGreaterThan(0);
  // That is no end of what the agent says.
  await expect(read).rejects.toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
});

it("over pipes: a host that could not even try to start its agent gives it up, and begins again", async () => {
  const hold = await rig.open();
  const ask = { session: "mine", prompt: "please do it", cwd: rig.workspace };
  const begun = await hold.begin(ask);
  if ("refusal" in begun) throw new Error(begun.refusal.message);
  expect(await hold.begin(ask)).toMatchObject({
    refusal: { code: "agent-alive", message: expect.stringContaining("is not attached yet") },
  });
  await begun.abandon();
  await begun.abandon();
  expect(() => begun.attach(spawn("/bin/true"))).toThrow(/attached/);
  await expect.poll(() => hold.session("mine")?.live).toBe(false);
  const again = await hold.begin(ask);
  expect(again).toMatchObject({ session: { id: "mine" } });
  // That one is never attached: a closed hold keeps no file of it open, which the rig looks for.
});

it("a limit that is none is refused, and not taken for none", async () => {
  for (const outputBytesMax of [Number.NaN, 0, 1.5, "1" as unknown as number])
    await expect(rig.open({ outputBytesMax })).rejects.toMatchObject({ code: "bad-argument" });
});

it("a host whose handler throws while the hold opens has no hold, and nothing of one works on", async () => {
  const before = await rig.open();
  await childOf(start(before));
  await rig.say(started);
  await before.close();
  const reports: string[] = [];
  const onAgent = () => {
    throw new Error("the host's own");
  };
  await expect(rig.open({ onAgent, report: (line) => reports.push(line) })).rejects.toThrow("the host's own");
  const hold = await rig.open();
  expect(hold.session("mine")).toMatchObject({ live: true });
  expect(reports).toEqual([]);
});
