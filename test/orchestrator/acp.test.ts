/**
 * Agents that speak ACP, on real processes: permissions over crashes, and what nobody can tell.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hostFiles } from "../../src/host/files.ts";
import { takeOver } from "../../src/journal/index.ts";
import type { Event, Place, TestServer } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const start = () => place.start("--acp-path", join(import.meta.dirname, "acp-agent.mjs"));
const notes = () => readFileSync(join(place.workspace, "notes"), "utf8").trim().split("\n");
const isAsk = (event: Event) => event.type === "permission";
const isEnd = (event: Event) => event.type === "run-ended";

async function submit(server: TestServer, prompt: string): Promise<string> {
  const project = await server.post("/api/projects", { name: "p", path: place.workspace });
  const path = `/api/projects/${String(project.body.id)}/sessions`;
  const { status, body } = await server.post(path, { prompt, agent: "acp" });
  expect(status).toBe(201);
  return String(body.session);
}

interface Asked {
  readonly requestId: string;
  readonly callId: string;
}

async function askOf(server: TestServer, id: string): Promise<Asked> {
  const [ask] = (await server.session(id)).asks as Asked[];
  if (ask === undefined) throw new Error("nothing is asked");
  return ask;
}

const answer = (server: TestServer, id: string, { requestId }: Pick<Asked, "requestId">, body: object) =>
  server.post(`/api/sessions/${id}/approvals/${encodeURIComponent(requestId)}`, body);

it("a call that is allowed is made once, one that is not is not; an answer stands", async () => {
  const server = await start();
  const id = await submit(server, "say ask work");
  await server.events(id, isAsk);
  const ask = await askOf(server, id);
  expect(await answer(server, id, { requestId: "77" }, { allow: true })).toMatchObject({ status: 404 });
  expect(await answer(server, id, ask, { option: "maybe" })).toMatchObject({ status: 400 });
  expect(notes()).toEqual(["session", "prompt 1"]);
  expect(await answer(server, id, ask, { allow: true, who: "ann" })).toMatchObject({ status: 200 });
  expect(await answer(server, id, ask, { option: "yes" })).toMatchObject({ status: 200 });
  expect(await answer(server, id, ask, { allow: false })).toMatchObject({ status: 409 });
  await server.events(id, isEnd);
  expect(notes()).toEqual(["session", "prompt 1", "answer yes", "effect ask-1", "effect work-2"]);
  const session = await server.session(id);
  expect(session).toMatchObject({
    state: "completed",
    asks: [],
    approvals: [{ attempt: 1, callId: "ask-1", optionId: "yes", allows: true, who: "ann" }],
    calls: [
      { id: "ask-1", effect: "done" },
      { id: "work-2", effect: "done" },
    ],
  });
  const refused = await submit(server, "ask");
  await server.events(refused, isAsk);
  await answer(server, refused, await askOf(server, refused), { allow: false });
  await server.events(refused, isEnd);
  expect(notes().filter((note) => note.startsWith("effect"))).toHaveLength(2);
  expect((await server.session(refused)).calls).toMatchObject([{ id: "ask-0", effect: "failed" }]);
});

it("a permission that is open when the server is killed is asked by the next, and granted once", async () => {
  const first = await start();
  const id = await submit(first, "ask ask");
  await first.events(id, isAsk);
  const before = await askOf(first, id);
  await first.kill("SIGKILL");
  const second = await start();
  expect(await askOf(second, id)).toEqual(before);
  const both = Promise.all([1, 2].map(() => answer(second, id, before, { allow: true })));
  expect((await both).map(({ status }) => status)).toEqual([200, 200]);
  let asked = 0;
  await second.events(id, (event) => isAsk(event) && ++asked === 2);
  const next = await askOf(second, id);
  // The yes is on the disk: whoever comes next tells the agent, once.
  await answer(second, id, next, { allow: true });
  await second.kill("SIGKILL");
  const third = await start();
  await third.events(id, isEnd);
  expect(notes()).toEqual([
    "session",
    "prompt 1",
    "answer yes",
    "effect ask-0",
    "answer yes",
    "effect ask-1",
  ]);
  expect(await third.session(id)).toMatchObject({ state: "completed", attempts: [{ attempt: 1 }] });
});

it("a call that was asked for and never allowed is not started, and asked for again by who resumes", async () => {
  const first = await start();
  const id = await submit(first, "work ask");
  await first.events(id, isAsk);
  const [wrapper] = place.wrapperPids();
  await first.kill("SIGKILL");
  process.kill(-(wrapper ?? 0), "SIGKILL");
  const second = await start();
  const session = await second.session(id);
  expect(session.state).toMatch(/^interrupted/);
  expect(session.calls).toMatchObject([
    { id: "work-0", effect: "done" },
    { id: "ask-1", effect: "not-started" },
  ]);
  expect(session.asks).toEqual([]);
  const resumed = await second.post(`/api/sessions/${id}/resume`, { prompt: "ask", acknowledge: true });
  expect(resumed.status).toBe(202);
  await second.events(id, (event) => isAsk(event) && event.attempt === 2);
  expect(readFileSync(join(place.workspace, "prompt"), "utf8")).toContain("work-0");
  await answer(second, id, await askOf(second, id), { allow: true });
  await second.events(id, isEnd);
  expect(notes().filter((note) => note.startsWith("effect"))).toEqual(["effect work-0", "effect ask-0"]);
});

it("a further prompt tells the agent what was done before: it begins a session of its own", async () => {
  const server = await start();
  const id = await submit(server, "work");
  await server.events(id, isEnd);
  const further = await server.post(`/api/sessions/${id}/runs`, { prompt: "say" });
  expect(further.status).toBe(201);
  await server.events(id, (event) => isEnd(event) && event.attempt === 2);
  const told = readFileSync(join(place.workspace, "prompt"), "utf8");
  expect(told).toMatch(/work-0[\s\S]*It is done\.[\s\S]*\n\nsay$/);
});

it("where nobody can tell whether the prompt was given, it is not given again and the agent is ended", async () => {
  const first = await start();
  const id = await submit(first, "wait work");
  await first.events(id, (event) => event.type === "session");
  await place.appears("prompt");
  await first.kill("SIGKILL");
  const { journal } = await takeOver(hostFiles(), join(place.home, "journal"), {});
  await journal.append("said", { sessionId: id, attempt: 1, key: "prompt", when: "before" });
  await journal.close();
  const second = await start();
  await second.events(id, isEnd);
  expect((await second.session(id)).state).toMatch(/^interrupted/);
  writeFileSync(join(place.workspace, "go"), "");
  expect(notes()).toEqual(["session", "prompt 1"]);
  expect(second.stderr).toContain("nobody can tell");
});

it("a prompt larger than a pipe arrives whole", async () => {
  const server = await start();
  const long = `${"x".repeat(100_000)}\nsay`;
  const id = await submit(server, long);
  await server.events(id, isEnd);
  expect(readFileSync(join(place.workspace, "prompt"), "utf8")).toBe(long);
});
