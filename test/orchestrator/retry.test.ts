/** A call of unknown outcome is made again by its class: what reads, what can be looked for, what only a person knows. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Event, Place, TestServer } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const isEnd = (event: Event) => event.type === "run-ended";

/** A session whose agent died with this call open. */
async function cutOff(server: TestServer, n: number, name: string, input: object): Promise<string> {
  const line = JSON.stringify({ type: "tool.call", id: "c1", name, input });
  place.steps(n, `started; say '${line}'; exit 9`);
  place.steps(n + 1, "started; completed");
  const id = await server.submit(place.workspace, "do it");
  await server.events(id, isEnd);
  expect((await server.session(id)).calls).toMatchObject([{ id: "c1", effect: "unknown" }]);
  return id;
}

const retry = (server: TestServer, id: string, body: object = {}, key = "k") =>
  server.post(`/api/sessions/${id}/calls/c1/retry`, { who: "ann", ...body }, { "idempotency-key": key });

it("what only reads is made again; the same request is one attempt", async () => {
  const server = await place.start();
  const id = await cutOff(server, 1, "read_file", { path: "a" });
  const first = await retry(server, id);
  expect(first.status).toBe(202);
  expect((await retry(server, id)).body).toEqual(first.body);
  await server.events(id, (event) => isEnd(event) && event.attempt === 2);
  expect(place.starts()).toBe(2);
  expect(place.argv(2)).toContain("read_file (c1) was not done: make it again");
  expect(await server.session(id)).toMatchObject({
    state: "completed",
    decisions: [{ callId: "c1", outcome: "not-done", who: "ann", atMs: expect.any(Number) }],
  });
});

it("what can be looked for is made again where it is not there, and not where it is", async () => {
  const server = await place.start();
  const id = await cutOff(server, 1, "write_file", { path: "a", content: "new" });
  writeFileSync(join(place.workspace, "a"), "new");
  const there = await retry(server, id, { confirm: true });
  expect(there).toMatchObject({ status: 409, body: { error: { code: "effect-there" } } });
  rmSync(join(place.workspace, "a"));
  expect((await retry(server, id)).status).toBe(202);
  const [decision] = (await server.events(id, (event) => isEnd(event) && event.attempt === 2)).filter(
    ({ type }) => type === "decision",
  );
  expect(decision).toMatchObject({ who: "ann", why: expect.stringMatching(/^its effect is not there/) });
});

it("a shell is made again only when a person says so; what is done is not", async () => {
  const server = await place.start();
  const id = await cutOff(server, 1, "run_command", { command: "make" });
  expect(await retry(server, id)).toMatchObject({ status: 409, body: { error: { code: "needs-person" } } });
  expect((await server.session(id)).decisions).toEqual([]);
  expect(place.starts()).toBe(1);
  expect((await retry(server, id, { confirm: true })).status).toBe(202);
  await server.events(id, (event) => isEnd(event) && event.attempt === 2);
  const other = await server.post(`/api/sessions/${id}/calls/c9/retry`, {});
  expect(other).toMatchObject({ status: 404 });
});
