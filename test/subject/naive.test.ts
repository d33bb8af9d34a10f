/** The naive orchestrator loses what it is said to lose, by how it is made, every time. */
import { appendFile, readFile, truncate } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ObservedSession } from "../../harness/subject/contract.ts";
import naive from "../../harness/subject/naive.ts";
import { eventsUntil, kill, makeRig, type Rig } from "./rig.ts";

const started = { type: "run.started", sessionId: "agent-1", model: "fake/model" };
const call = (id: string) => ({ type: "tool.call", id, name: "run_command", input: { command: id } });
const result = (id: string) => ({
  type: "tool.result",
  id,
  name: "run_command",
  content: `did ${id}`,
  isError: false,
});
const text = { type: "assistant.text", text: "ä€😀\u2028 done" };
const completed = { type: "run.completed" };

let rig: Rig;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.close());

async function begin(lines: readonly object[], hold: boolean): Promise<{ pid: number; session: string }> {
  await rig.script(lines, hold);
  await naive.setup?.(rig.ctx);
  const { pid } = await naive.start(rig.ctx);
  const answer = await naive.submit(rig.ctx, { prompt: "please do it", key: "k1" });
  if (!answer.ok) throw new Error(answer.message);
  return { pid, session: answer.session };
}

async function observeOne(): Promise<ObservedSession> {
  const { sessions } = await naive.observe(rig.ctx);
  expect(sessions).toHaveLength(1);
  const [session] = sessions;
  if (session === undefined) throw new Error("no session");
  return session;
}

/** Until the server has seen the agent's end: a turn's last write is done then. */
async function turnOver(): Promise<ObservedSession> {
  for (;;) {
    const session = await observeOne();
    if (session.live === "no") return session;
  }
}

async function restart(pid: number): Promise<void> {
  kill(pid);
  while ((await naive.start(rig.ctx).catch(() => undefined)) === undefined);
}

describe("without a fault", () => {
  it("shows and keeps all of a turn, and goes on in the agent's session", async () => {
    const { pid, session } = await begin([started, call("c1"), result("c1"), text, completed], false);
    const seen = await eventsUntil(naive, rig.ctx, session, (event) => event.type === "end");
    expect(seen.map(({ type }) => type)).toEqual(["prompt", "other", "call", "result", "text", "end"]);
    expect(seen[4]?.text).toBe(text.text);
    const observed = await turnOver();
    expect(observed.history).toEqual(seen);
    expect(observed.calls).toEqual([
      { id: "c1", name: "run_command", input: { command: "c1" }, state: "done", result: "did c1" },
    ]);
    expect(observed).toMatchObject({ state: "active", ended: "unknown", flags: "no-surface" });
    await restart(pid);
    expect(await observeOne()).toEqual(observed);
    expect(await naive.submit(rig.ctx, { prompt: "more", session, key: "k2" })).toMatchObject({ ok: true });
    await turnOver();
    expect(
      (await rig.starts()).map((line) =>
        line.replace("--stream-json --auto-approve --model fake/model chat ", ""),
      ),
    ).toEqual(["please do it", "more --resume agent-1"]);
  });

  it("takes a submit that is sent twice as one, in this life and the next", async () => {
    const { pid, session } = await begin([started], true);
    expect(await naive.submit(rig.ctx, { prompt: "please do it", key: "k1" })).toEqual({ ok: true, session });
    await restart(pid);
    expect(await naive.submit(rig.ctx, { prompt: "please do it", key: "k1" })).toEqual({ ok: true, session });
    expect(await rig.starts()).toHaveLength(1);
  });

  it("stops in its own way, and answers 404 to an id that is none", async () => {
    await begin([started], true);
    expect(await naive.resume(rig.ctx, "../../etc", "x")).toMatchObject({ ok: false, status: 404 });
    await naive.stop(rig.ctx);
    await expect(naive.observe(rig.ctx)).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe("killed", () => {
  it("has lost exactly the event that was shown last, and shows its call as running", async () => {
    const { pid, session } = await begin([started, call("c1"), result("c1")], true);
    const seen = await eventsUntil(naive, rig.ctx, session, (event) => event.type === "result");
    expect((await observeOne()).calls).toMatchObject([{ id: "c1", state: "done" }]);
    await restart(pid);
    const observed = await observeOne();
    expect(observed.history).toEqual(seen.slice(0, -1));
    expect(observed.calls).toMatchObject([{ id: "c1", state: "running" }]);
    expect(observed).toMatchObject({ state: "active", live: "no" });
  });

  it("forgets the live agent and accepts any number of resumes beside it", async () => {
    const { pid, session } = await begin([started, text], true);
    await eventsUntil(naive, rig.ctx, session, (event) => event.type === "text");
    await restart(pid);
    expect(await naive.resume(rig.ctx, session, "go on")).toMatchObject({ ok: true });
    expect(await naive.resume(rig.ctx, session, "go on")).toMatchObject({ ok: true });
    while ((await rig.starts()).length < 3);
    expect((await rig.starts()).slice(1).every((line) => line.endsWith("go on --resume agent-1"))).toBe(true);
  });
});

describe("damaged", () => {
  async function finished(): Promise<{ pid: number; path: (role: string) => string }> {
    const { pid, session } = await begin([started, text, completed], false);
    await eventsUntil(naive, rig.ctx, session, (event) => event.type === "end");
    await turnOver();
    const files = await naive.files(rig.ctx);
    return { pid, path: (role) => files.find((file) => file.role === role)?.path ?? role };
  }

  it("hides the whole log behind one bad line", async () => {
    const { pid, path } = await finished();
    expect((await readFile(path("log"), "utf8")).split("\n")).toHaveLength(5);
    await appendFile(path("log"), '{"type":"assist');
    await restart(pid);
    expect((await observeOne()).history).toEqual([]);
  });

  it.each(["index", "snapshot"])("lists nothing when the %s is empty", async (role) => {
    const { pid, path } = await finished();
    await truncate(path(role), 0);
    await restart(pid);
    expect(await naive.observe(rig.ctx)).toEqual({ sessions: [] });
  });
});

describe.each(["node-watch", "tsx"] as const)("under %s", (reload) => {
  it("comes back as another process when its entry changes, without the event shown last", async () => {
    await rig.close();
    rig = await makeRig(reload);
    const { pid, session } = await begin([started, text], true);
    const seen = await eventsUntil(naive, rig.ctx, session, (event) => event.type === "text");
    const after = await naive.reload?.(rig.ctx);
    expect(after?.pid).not.toBe(pid);
    expect((await observeOne()).history).toEqual(seen.slice(0, -1));
    await naive.stop(rig.ctx);
    await expect(naive.observe(rig.ctx)).rejects.toThrow(/ECONNREFUSED/);
    await rig.ended();
  });
});
