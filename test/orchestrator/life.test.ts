import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Event, Place } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const type = (name: string) => (event: Event) => event.type === name;
const isLive = type("live");
const isEnd = type("run-ended");
/** The scripted agent keeps no store, which is found; not what these tests are about. */
const shown = (events: readonly Event[]) =>
  events.filter((event) => event.id !== undefined && event.type !== "finding");

describe("a run from submit to end", () => {
  it("shows what the agent says, in order, and ends completed", async () => {
    place.steps(1, "started; call c1 one; result c1 done; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace, "please");
    const events = await server.events(id, isEnd);
    expect(shown(events).map((event) => event.type)).toEqual([
      "prompt",
      "session",
      "call",
      "result",
      "turn-end",
      "exited",
      "run-ended",
    ]);
    const session = await server.session(id);
    expect(session.state).toBe("completed");
    expect(shown(session.history as Event[])).toEqual(shown(events));
  });

  it("gives the agent a minimal environment", async () => {
    place.steps(1, "cat start-1/env; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, isEnd);
    const { readFileSync } = await import("node:fs");
    const env = readFileSync(join(place.workspace, "start-1/env"), "utf8");
    expect(env).toContain("OPENAI_API_KEY=for agents");
    expect(env).not.toContain("SECRET");
  });
});

describe("a server that is killed", () => {
  it("takes the living agent back and shows what follows, once", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate; result c1 done; completed");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    const before = await first.events(id, type("call"));
    await first.kill("SIGKILL");
    const second = await place.start();
    const cursor = before.at(-1)?.id;
    const state = await second.session(id);
    expect(state.state).toBe("live");
    const rest = second.events(id, isEnd, cursor);
    await place.release("gate");
    const all = shown([...before, ...(await rest)]).map((event) => event.type);
    expect(all).toEqual(["prompt", "session", "call", "result", "turn-end", "exited", "run-ended"]);
    expect(place.starts()).toBe(1);
  });

  it("refuses a resume while the agent lives, with its pid and the way out", async () => {
    place.fifo("gate");
    place.steps(1, "started; wait_for gate; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, type("session"));
    const refused = await server.post(`/api/sessions/${id}/resume`, {});
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatchObject({ code: "agent-alive", pid: place.pid(1) });
    expect(JSON.stringify(refused.body)).toContain(`/api/sessions/${id}/stop`);
    await place.release("gate");
    await server.events(id, isEnd);
  });

  it("finds a run whose agent died meanwhile interrupted, and resumes it with a hand-over", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; result c1 token-of-one; call c2 two; wait_for gate");
    place.steps(2, 'started; say \'{"type":"assistant.text","text":"again"}\'; completed');
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, (event) => event.type === "call" && event.callId === "c2");
    await first.kill("SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    const second = await place.start();
    const session = await second.session(id);
    expect(String(session.state)).toMatch(/^interrupted/);
    expect(session.calls).toMatchObject([
      { id: "c1", effect: "done", result: { content: "token-of-one" } },
      { id: "c2", effect: "unknown" },
    ]);
    const resumed = await second.post(`/api/sessions/${id}/resume`, { prompt: "go on", acknowledge: true });
    expect(resumed).toMatchObject({ status: 202, body: { attempt: 2 } });
    const end = await second.events(id, (event) => isEnd(event) && event.attempt === 2);
    expect(end.at(-1)).toMatchObject({ state: "completed" });
    expect(place.argv(2)).toContain("go on");
    expect(place.argv(2)).toContain("c2");
    const { readFileSync } = await import("node:fs");
    const snapshot = readFileSync(
      join(place.workspace, ".coding-agent/sessions/1a8e6a16-9ac8-4301-a559-8d67be1b73d8.json"),
      "utf8",
    );
    expect(snapshot).toContain("token-of-one");
  });

  it("on SIGTERM ends with 0 and leaves the agent alone", async () => {
    place.fifo("gate");
    place.steps(1, "started; wait_for gate; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, type("session"));
    const open = server.events(id, isEnd).then(
      () => "ended",
      (error: Error) => error.message,
    );
    expect(await server.kill("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await open).toBe("ended");
    expect(() => process.kill(place.pid(1), 0)).not.toThrow();
    const second = await place.start();
    const rest = second.events(id, isEnd);
    await place.release("gate");
    expect((await rest).at(-1)).toMatchObject({ state: "completed" });
  });

  it("shows the same history under the same ids after a restart", async () => {
    place.steps(1, "started; call c1 one; result c1 done; completed");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, isEnd);
    const before = shown(await first.events(id, isLive));
    await first.kill("SIGKILL");
    const second = await place.start();
    const after = shown(await second.events(id, isLive));
    expect(after).toEqual(before);
    for (const [index, event] of before.entries()) {
      const rest = shown(await second.events(id, isLive, event.id));
      expect(rest).toEqual(before.slice(index + 1));
    }
  });
});

describe("a cursor", () => {
  it.each([
    ["of another session's record", (id: string) => id.replace(/^[0-9a-f]+/, "0123456789abcdef")],
    ["behind everything on record", (id: string) => id.replace(/\.\d+\.\d+$/, ".999999.0")],
    ["that is none", () => "../../etc/passwd"],
  ])("%s is answered with a resync and the whole record", async (_, bend) => {
    place.steps(1, "started; call c1 one; result c1 done; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    const whole = shown(await server.events(id, isEnd));
    const again = await server.events(id, isLive, bend(String(whole.at(-1)?.id)));
    expect(again[0]).toMatchObject({ type: "resync", why: expect.any(String) });
    expect(shown(again)).toEqual(whole);
    expect(again.at(-1)?.type).toBe("live");
  });
});
