import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { holeK } from "../../src/model/position.ts";
import { agentSession, type Event, type Place } from "./helper.ts";
import { usePlace } from "./use-place.ts";

let place: Place;
usePlace((made) => {
  place = made;
});

const isEnd = (event: Event) => event.type === "run-ended";
const isLive = (event: Event) => event.type === "live";
const typesOf = (events: readonly Event[]) =>
  events.filter((event) => event.id !== undefined && event.type !== "finding").map((event) => event.type);

describe("submit", () => {
  it("with the same key is one run, also over a crash", async () => {
    place.fifo("gate");
    place.steps(1, "started; wait_for gate; completed");
    const headers = { "idempotency-key": "k1" };
    const first = await place.start();
    const [one, two] = await Promise.all([
      first.submit(place.workspace, "do it", headers),
      first.submit(place.workspace, "do it", headers),
    ]);
    expect(two).toBe(one);
    await first.kill("SIGKILL");
    const second = await place.start();
    await second.session(one);
    expect(await second.submit(place.workspace, "do it", headers)).toBe(one);
    expect(((await second.get("/api/sessions")).body.sessions as unknown[]).length).toBe(1);
    expect(place.starts()).toBe(1);
    const project = String(
      ((await second.get("/api/sessions")).body.sessions as { project: string }[])[0]?.project,
    );
    const other = await second.post(`/api/projects/${project}/sessions`, { prompt: "other" }, headers);
    expect(other.status).toBe(409);
    await place.release("gate");
    await second.events(one, isEnd);
  });
});

describe("an agent that died before its stdout said its name", () => {
  /** Writes one call without a result into a store of this session id, as an agent with a buffered stdout would. */
  const logCall = (id: string, prompt: string): string => {
    const line = (type: string, data: object) =>
      JSON.stringify({ id: type, sessionId: id, timestamp: "2026-11-22T06:00:00.000Z", type, data });
    const lines = [
      line("session_start", { workingDirectory: "/w", model: "m" }),
      line("user_message", { text: prompt }),
      line("tool_call", { id: "c1", tool: "run_command", input: { command: "one" } }),
    ];
    return `mkdir -p .coding-agent/events; printf '%s\\n' ${lines.map((text) => `'${text}'`).join(" ")} > .coding-agent/events/${id}.jsonl`;
  };
  const stranger = "2b9f7b27-0bd9-4412-b55a-9e78cf2f84c2";

  it.each([
    ["alone opens with its prompt, is resumed in it", "something else", true],
    ["is not the only one, is not guessed", "do it", false],
  ])("and whose store %s", async (_, strangersPrompt, isFound) => {
    place.fifo("gate");
    place.steps(
      1,
      `${logCall(agentSession, "do it")}; ${logCall(stranger, strangersPrompt)}; : > logged; wait_for gate`,
    );
    place.steps(2, "started; completed");
    const first = await place.start();
    const id = await first.submit(place.workspace, "do it");
    await place.appears("logged");
    await first.kill("SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    const second = await place.start();
    const session = await second.session(id);
    expect(
      (session.calls as { id: string; effect: string }[]).map(({ id: call, effect }) => [call, effect]),
    ).toEqual(isFound ? [["c1", "unknown"]] : []);
    expect((await second.post(`/api/sessions/${id}/resume`, { acknowledge: true })).status).toBe(202);
    await second.events(id, (event) => isEnd(event) && event.attempt === 2);
    if (isFound) expect(place.argv(2)).toContain(agentSession);
    else expect(place.argv(2)).not.toContain("--resume");
  });
});

describe("an attempt that was recorded and never started", () => {
  /** Cuts the journal behind the dispatch of an attempt, as if the server had been killed there. */
  const cutBehindDispatch = (segment: string, attempt: number) => {
    const journal = join(place.home, "journal", segment);
    const lines = readFileSync(journal, "utf8").split("\n");
    const upTo = lines.findIndex(
      (line) => line.includes('"dispatch"') && line.includes(`"attempt":${attempt}`),
    );
    writeFileSync(journal, `${lines.slice(0, upTo + 1).join("\n")}\n`);
  };

  it.each(["not even claimed", "claimed"])(
    "(%s) can never start, and its resume gives the original prompt",
    async (how) => {
      place.steps(1, "started; completed");
      const first = await place.start();
      const id = await first.submit(place.workspace, "the original");
      await first.events(id, isEnd);
      await first.kill("SIGKILL");
      cutBehindDispatch("00000001.journal", 1);
      const attempt = join(place.home, "sessions", id, "attempts/1");
      if (how === "claimed") {
        for (const name of ["started", "pid", "exit"]) rmSync(join(attempt, name));
        truncateSync(join(attempt, "spool"));
      } else rmSync(attempt, { recursive: true });
      rmSync(join(place.workspace, "start-1"), { recursive: true });
      const second = await place.start();
      const session = await second.session(id);
      expect(session).toMatchObject({ state: "interrupted", attempts: [{ state: "never-started" }] });
      expect(readFileSync(join(attempt, "started"), "utf8")).toBe("fenced\n");
      expect((await second.post(`/api/sessions/${id}/resume`, {})).status).toBe(202);
      const end = await second.events(id, (event) => isEnd(event) && event.attempt === 2);
      expect(end.at(-1)).toMatchObject({ state: "completed" });
      expect(place.argv(1)).toContain("the original");
      expect(place.argv(1)).not.toContain("--resume");
    },
  );

  it("when it was a resume, the next resume hands the same over again", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; result c1 token-of-one; call c2 two; wait_for gate");
    place.steps(2, "started; completed");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, (event) => event.callId === "c2");
    await first.kill("SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    const second = await place.start();
    await second.session(id);
    const go = { prompt: "go on", acknowledge: true };
    await second.post(`/api/sessions/${id}/resume`, go);
    await second.events(id, (event) => isEnd(event) && event.attempt === 2);
    await second.kill("SIGKILL");
    const argv = place.argv(2);
    const snapshot = join(place.workspace, `.coding-agent/sessions/${agentSession}.json`);
    const handed = JSON.parse(readFileSync(snapshot, "utf8")) as { messages: unknown };
    cutBehindDispatch("00000002.journal", 2);
    rmSync(join(place.home, "sessions", id, "attempts/2"), { recursive: true });
    rmSync(join(place.workspace, "start-2"), { recursive: true });
    const third = await place.start();
    expect((await third.session(id)).state).toMatch(/^interrupted/);
    expect((await third.post(`/api/sessions/${id}/resume`, go)).status).toBe(202);
    await third.events(id, (event) => isEnd(event) && event.attempt === 3);
    const withoutId = (text: string) => text.replace(/[0-9a-f]{16}/g, "<id>");
    expect(withoutId(place.argv(2))).toBe(withoutId(argv));
    expect((JSON.parse(readFileSync(snapshot, "utf8")) as { messages: unknown }).messages).toEqual(
      handed.messages,
    );
  });
});

describe("a spool that was damaged between kill and restart", () => {
  const damaged = async (damage: (spool: string) => void | Promise<void>) => {
    place.fifo("gate");
    place.steps(
      1,
      "started; call c1 one; result c1 token; wait_for gate; call c2 two; result c2 more; completed; : >../home/over",
    );
    const first = await place.start();
    const id = await first.submit(place.workspace);
    const before = await first.events(id, (event) => event.type === "result");
    await first.kill("SIGKILL");
    await damage(join(place.home, "sessions", id, "attempts/1/spool"));
    const second = await place.start();
    const { state } = await second.session(id);
    const rest = second.events(id, isEnd);
    if (state === "live") await place.release("gate");
    return { server: second, id, before, after: await rest };
  };

  /** Behind the last byte of the line, where no event of an agent or a server stands: a client knows the line by its own place. */
  const holeOf = (event: Event | undefined) => String(event?.id).replace(/\d+$/, String(holeK));

  it("shows an altered line as a hole behind its place, and everything else as before", async () => {
    const { before, after } = await damaged((spool) => {
      writeFileSync(spool, readFileSync(spool, "utf8").replace("token", "tokem"));
    });
    expect(typesOf(after)).toEqual([
      "prompt",
      "session",
      "call",
      "hole",
      "call",
      "result",
      "turn-end",
      "exited",
      "run-ended",
    ]);
    const lost = before.at(-1);
    expect(after.find((event) => event.type === "hole")).toMatchObject({
      id: holeOf(lost),
      range: lost?.range,
    });
  });

  const expectWhole = async (found: Awaited<ReturnType<typeof damaged>>) => {
    const { server, id, before, after } = found;
    expect(typesOf(after)).toEqual([
      "prompt",
      "session",
      "hole",
      "hole",
      "call",
      "result",
      "turn-end",
      "exited",
      "run-ended",
    ]);
    const lost = before.filter((event) => event.type === "call" || event.type === "result");
    expect(after.filter((event) => event.type === "hole").map((event) => event.id)).toEqual(lost.map(holeOf));
    await server.kill("SIGKILL");
    const third = await place.start();
    expect(typesOf(await third.events(id, isLive))).toEqual(typesOf(after));
  };

  it("goes on behind what is on record when the file was cut under the living agent", async () => {
    await expectWhole(await damaged((spool) => truncateSync(spool, 105)));
  });

  it("finds what the agent wrote into the cut file before the restart", async () => {
    await expectWhole(
      await damaged(async (spool) => {
        truncateSync(spool, 105);
        await place.release("gate");
        await place.appears("../home/over");
      }),
    );
  });
});

describe("a person", () => {
  it("stops a run, and it is cancelled", async () => {
    place.fifo("gate");
    place.steps(1, "started; wait_for gate");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, (event) => event.type === "session");
    expect((await server.post(`/api/sessions/${id}/stop`, { who: "me" })).status).toBe(202);
    const end = await server.events(id, isEnd);
    expect(end.at(-1)).toMatchObject({ state: "cancelled" });
    expect((await server.post(`/api/sessions/${id}/resume`, {})).status).toBe(409);
  });

  it("decides an unknown call once, and gives an interrupted run up", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, (event) => event.type === "call");
    process.kill(place.pid(1), "SIGKILL");
    await server.events(id, isEnd);
    const decide = (outcome: string) =>
      server.post(`/api/sessions/${id}/calls/c1/decision`, { outcome, who: "me" });
    expect((await decide("maybe")).status).toBe(400);
    expect((await decide("not-done")).status).toBe(200);
    expect((await decide("not-done")).status).toBe(200);
    expect((await decide("done")).status).toBe(409);
    expect((await server.post(`/api/sessions/${id}/calls/nope/decision`, { outcome: "done" })).status).toBe(
      404,
    );
    expect(((await server.session(id)).decisions as unknown[]).length).toBe(1);
    expect((await server.post(`/api/sessions/${id}/abandon`, {})).body).toMatchObject({ state: "cancelled" });
  });
});

describe("agent and wrapper both killed while the server runs", () => {
  it("is seen without an exit note", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate");
    const server = await place.start();
    const id = await server.submit(place.workspace);
    await server.events(id, (event) => event.type === "call");
    const stat = readFileSync(`/proc/${place.pid(1)}/stat`, "latin1");
    const wrapper = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    process.kill(wrapper, "SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    const end = await server.events(id, isEnd);
    expect(end.find((event) => event.type === "exited")).toMatchObject({ exitCode: null });
    expect(String(end.at(-1)?.state)).toMatch(/^interrupted/);
  });
});

describe("findings", () => {
  it("are raised once, over any number of restarts, and the cut they rest on is stored", async () => {
    place.fifo("gate");
    place.steps(1, "started; call c1 one; wait_for gate");
    mkdirSync(join(place.workspace, ".coding-agent/sessions"), { recursive: true });
    writeFileSync(join(place.workspace, `.coding-agent/sessions/${agentSession}.json`), "{half");
    const first = await place.start();
    const id = await first.submit(place.workspace);
    await first.events(id, (event) => event.type === "call");
    await first.kill("SIGKILL");
    process.kill(place.pid(1), "SIGKILL");
    const second = await place.start();
    const one = await second.session(id);
    expect(JSON.stringify(one.findings)).toContain("snapshot-unreadable");
    await second.kill("SIGKILL");
    const third = await place.start();
    const two = await third.session(id, "?check=1");
    expect(two.findings).toEqual(one.findings);
    expect(two.history).toEqual(one.history);
    expect(readdirSync(join(place.home, "sessions", id, "cuts")).length).toBe(1);
  });
});

describe("a journal that lost everything", () => {
  it.each(["gone\n", ""])(
    "%j: keeps acknowledged runs under the same ids, and says what is lost",
    async (left) => {
      place.fifo("gate");
      place.steps(1, "started; call c1 one; result c1 done; wait_for gate; completed");
      const first = await place.start();
      const id = await first.submit(place.workspace, "keep me", { "idempotency-key": "k" });
      const before = await first.events(id, (event) => event.type === "result");
      await first.kill("SIGKILL");
      writeFileSync(join(place.home, "journal/00000001.journal"), left);
      const second = await place.start();
      expect(await second.session(id)).toMatchObject({ state: "live", runs: [{ prompt: "keep me" }] });
      const rest = second.events(id, isEnd);
      await place.release("gate");
      const after = await rest;
      const kept = before.filter((event) => event.id !== undefined);
      expect(after.filter((event) => kept.some((one) => one.id === event.id))).toEqual(kept);
      const { findings } = await second.session(id);
      expect(
        (findings as { cites: { source: string }[] }[]).flatMap((one) =>
          one.cites.map((cite) => cite.source),
        ),
      ).toContain("J");
      expect(await second.submit(place.workspace, "keep me", { "idempotency-key": "k" })).toBe(id);
    },
  );
});
