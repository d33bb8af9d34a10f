import { describe, expect, it } from "vitest";
import type { Event, Place } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const isEndOf = (attempt: number) => (event: Event) =>
  event.type === "run-ended" && event.attempt === attempt;

describe("a prompt that waits for the run under way", () => {
  it("is given to an agent once, in its order, over crashes, and can be taken back", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate; result c1 done; completed");
    for (const n of [2, 3]) place.steps(n, "started; completed");
    const first = await place.start();
    const id = await first.submit(place.workspace, "the first");
    await first.events(id, (event) => event.type === "call");
    const queue = (server: typeof first, prompt: string, key: string) =>
      server.post(`/api/sessions/${id}/runs`, { prompt, queue: true }, { "idempotency-key": key });
    const second = await queue(first, "the second", "k2");
    expect(second.status).toBe(202);
    await queue(first, "never", "k3");
    await queue(first, "the third", "k4");
    await first.kill("SIGKILL");
    const server = await place.start();
    const waiting = (await server.session(id)).queue as { id: string; prompt: string }[];
    expect(waiting.map(({ prompt }) => prompt)).toEqual(["the second", "never", "the third"]);
    // The same again, its first answer lost.
    expect((await queue(server, "the second", "k2")).body).toEqual(second.body);
    expect((await queue(server, "another", "k2")).status).toBe(409);
    expect((await server.post(`/api/sessions/${id}/queue/${waiting[1]?.id}/withdraw`, {})).status).toBe(200);
    // Asked for again late, it is not put back.
    const late = await queue(server, "never", "k3");
    expect(late).toMatchObject({ status: 409, body: { error: { code: "withdrawn" } } });
    expect((await queue(server, "another", "k3")).body).toMatchObject({ error: { code: "key-reused" } });
    const rest = server.events(id, isEndOf(3));
    await place.release("gate");
    await rest;
    expect([2, 3].map((n) => place.argv(n).match(/the (second|third)/)?.[0])).toEqual([
      "the second",
      "the third",
    ]);
    expect(place.starts()).toBe(3);
    // By now it is a run: the key still names it.
    expect(await queue(server, "the second", "k2")).toMatchObject({ status: 200, body: { attempt: 2 } });
    const done = await server.session(id);
    expect(done).toMatchObject({ state: "completed", queue: [] });
  });
});

describe("a resume", () => {
  it("with the same key is one attempt, also over a crash", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate");
    place.steps(2, "started; wait_for gate; completed");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, (event) => event.type === "call");
    process.kill(place.pid(1), "SIGKILL");
    await first.events(id, isEndOf(1));
    const resume = (server: typeof first, prompt = "go on") =>
      server.post(`/api/sessions/${id}/resume`, { prompt, acknowledge: true }, { "idempotency-key": "r1" });
    const [one, two] = await Promise.all([resume(first), resume(first)]);
    expect(one).toMatchObject({ status: 202, body: { attempt: 2 } });
    expect(two).toEqual(one);
    await first.kill("SIGKILL");
    const second = await place.start();
    await second.session(id);
    expect(await resume(second)).toEqual(one);
    expect((await resume(second, "something else")).status).toBe(409);
    expect(place.starts()).toBe(2);
    const end = second.events(id, isEndOf(2));
    await place.release("gate");
    expect((await end).at(-1)).toMatchObject({ state: "completed" });
  });
});

describe("a run that ends each time before it has done anything", () => {
  it("is exhausted after five starts, harms nobody, and goes on when a person says so", async () => {
    for (let n = 1; n <= 6; n++) place.steps(n, "started; exit 1");
    place.steps(7, "started; call c1 one; result c1 done; completed");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, isEndOf(1));
    for (let attempt = 2; attempt <= 5; attempt++) {
      expect((await server.post(`/api/sessions/${id}/resume`, {})).status).toBe(202);
      await server.events(id, isEndOf(attempt));
    }
    const spent = await server.session(id);
    expect(spent.state).toBe("exhausted");
    expect(spent.findings).toContainEqual(expect.objectContaining({ code: "budget-exhausted" }));
    const refused = await server.post(`/api/sessions/${id}/resume`, {});
    expect(refused).toMatchObject({ status: 409, body: { error: { code: "needs-decision" } } });
    expect((await server.post(`/api/sessions/${id}/resume`, { acknowledge: true })).status).toBe(202);
    await server.events(id, isEndOf(6));
    expect((await server.session(id)).state).toBe("exhausted");
    const neighbour = await server.submit(place.workspace, "another");
    expect((await server.events(neighbour, isEndOf(1))).at(-1)).toMatchObject({ state: "completed" });
  });
});
