/**
 * A cut says what every source says of a session now, and where it was read.
 */
import { describe, expect, it } from "vitest";
import { lifeOf } from "../../src/session/context.ts";
import { gatherEvidence } from "../../src/session/evidence.ts";
import type { Life } from "../../src/session/life.ts";
import {
  agent,
  agentSession,
  asked,
  at,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  half,
  home,
  id,
  identity,
  living,
  Machine,
  named,
  project,
  run,
  runEnded,
  said,
  says,
  session,
  sessionOf,
  settled,
  text,
  whole,
} from "./machine.ts";

describe("a cut", () => {
  const over: readonly Draft[] = [...asked, agent(1, 50), cover(1, whole), named(1), ended(1), runEnded(1)];
  const event = (type: string, data: object) => JSON.stringify({ type, sessionId: agentSession, data });
  const log = (...events: string[]) => text(...events);
  const told = (words: string) => event("user_message", { text: words });
  const called = (call: string) =>
    event("tool_call", { id: call, tool: "run_command", input: { command: "make" } });

  async function left(drafts: readonly Draft[], lines: readonly string[] | undefined = whole) {
    const machine = new Machine();
    await machine.left(drafts);
    if (lines !== undefined) machine.put(`${machine.attempt(1)}/spool`, text(...lines));
    return machine;
  }

  const cut = (life: Life, which: "gone" | "living" = "gone") =>
    gatherEvidence(life.context, sessionOf(life), which);

  it("says what was on record and where it was read", async () => {
    const machine = await left(over);
    const life = await machine.recovered();
    await settled();
    const evidence = await cut(life);
    const path = `${machine.attempt(1)}/spool`;
    expect(evidence).toMatchObject({
      schema: 1,
      session: { id, agent: "ada", gated: false },
      attempts: [
        {
          attempt: 1,
          runId: "r1",
          prompt: "do r1",
          started: "yes",
          liveness: "dead",
          bootChanged: false,
          processCite: { source: "P", attempt: 1, value: "it ended" },
          ended: { exitCode: 0 },
        },
      ],
      decisions: [],
      probes: [],
      bootChanged: false,
      resumesFrom: "snapshot",
    });
    expect(evidence).not.toHaveProperty("approvals");
    expect(evidence.sources.map(({ source, status }) => `${source} ${status}`)).toEqual([
      "O read",
      "L missing",
      "S missing",
    ]);
    const [spool] = evidence.sources;
    expect(spool).toMatchObject({ path, damage: [] });
    expect(
      spool?.facts.map(({ body, range, k, attempt, source }) => [body.kind, range, k, attempt, source]),
    ).toEqual(
      ["session", "call", "result", "turn-end"].map((kind, index) => [
        kind,
        {
          fromByte: text(...whole.slice(0, index)).length,
          toByte: text(...whole.slice(0, index + 1)).length,
        },
        0,
        1,
        "O",
      ]),
    );
    expect(machine.files.opened).toBe(0);
    await life.close();
  });

  it("says what is damaged, neighbours as one", async () => {
    const bytes = text(...whole);
    const ends = whole.map((_, index) => text(...whole.slice(0, index + 1)).length);
    const [first = 0, second = 0, third = 0, all = 0] = ends;
    const path = (machine: Machine) => `${machine.attempt(1)}/spool`;
    const bend = (content: string, ...places: number[]) =>
      [...content].map((one, index) => (places.includes(index) ? "#" : one)).join("");
    const damage = async (content: string | undefined, drafts: readonly Draft[] = over) => {
      const machine = await left(drafts);
      if (content === undefined) machine.files.nodes.delete(path(machine));
      else machine.put(path(machine), content);
      const life = await machine.recovered();
      await settled();
      const { sources } = await cut(life);
      await life.close();
      expect(machine.files.opened).toBe(0);
      const spool = sources.find(({ source }) => source === "O");
      return {
        status: spool?.status,
        kinds: spool?.facts.map(({ body }) => body.kind),
        damage: spool?.damage.map(({ code, range, detail }) => [code, range.fromByte, range.toByte, detail]),
      };
    };
    expect(await damage(bytes.slice(0, second))).toEqual({
      status: "read",
      kinds: ["session", "call"],
      damage: [["truncated", second, all, `${all - second} bytes that were recorded as synced are missing.`]],
    });
    const altered = "These bytes are not those that were synced: their CRC-32 differs.";
    expect(await damage(bend(bytes, first + 3))).toEqual({
      status: "read",
      kinds: ["session", "result", "turn-end"],
      damage: [["checksum", first, second, altered]],
    });
    expect(await damage(bend(bytes, first + 3, second + 3))).toEqual({
      status: "read",
      kinds: ["session", "turn-end"],
      damage: [
        [
          "checksum",
          first,
          third,
          `${third - first} bytes are not those that were synced: their CRC-32s differ.`,
        ],
      ],
    });
    expect(await damage(bend(bytes, first + 3, third + 3))).toMatchObject({
      damage: [
        ["checksum", first, second, altered],
        ["checksum", third, all, altered],
      ],
    });
    expect((await damage(bend(bytes, third - 4).slice(0, third))).damage).toEqual([
      ["checksum", second, third, altered],
      ["truncated", third, all, `${all - third} bytes that were recorded as synced are missing.`],
    ]);
    expect(await damage(`${bytes}half`)).toMatchObject({
      kinds: ["session", "call", "result", "turn-end"],
      damage: [
        [
          "torn-tail",
          all,
          all + 4,
          "4 bytes at the end are no complete line; the agent was gone before it wrote the rest.",
        ],
      ],
    });
    expect(await damage(undefined)).toMatchObject({
      status: "missing",
      kinds: [],
      damage: [["truncated", 0, all, `${all} bytes that were recorded as synced are missing.`]],
    });
    expect(
      await damage(undefined, [...asked, ended(1, { started: "no" }), runEnded(1, "r1", "interrupted")]),
    ).toEqual({
      status: "read",
      kinds: [],
      damage: [],
    });
  });

  it("cites the file where the stream was shifted", async () => {
    const machine = await left([...asked, agent(1, 50), cover(1, half)], [said.name]);
    machine.running.set(50, identity(50));
    const life = await machine.recovered();
    await settled();
    says(machine, `${said.result("c1")}\n`);
    await settled();
    const [spool] = (await cut(life, "living")).sources.filter(({ source }) => source === "O");
    const byFile = spool?.facts.map(({ body, range }) => [body.kind, range.fromByte, range.toByte]);
    const fromByte = said.name.length + 1;
    expect(byFile).toEqual([
      ["session", 0, fromByte],
      ["result", fromByte, fromByte + said.result("c1").length + 1],
    ]);
    // In their place are other bytes now.
    expect(spool?.damage.map(({ code, range }) => [code, range.fromByte])).toEqual([["checksum", fromByte]]);
    await life.close();
  });

  it("says of pipes that what came through them was written behind the fact", async () => {
    const drafts = [
      ...asked.slice(0, 3),
      dispatch(1, "r1", { over: "pipes" }),
      agent(1, 50),
      ...over.slice(5),
    ];
    const life = await (await left(drafts)).recovered();
    await settled();
    const [piped] = (await cut(life)).sources;
    expect(Object.values(piped?.abilities ?? {}).map(({ order }) => order)).not.toContain("write-ahead");
    expect(piped?.abilities.call).toEqual({ order: "write-behind", synced: false });
    await life.close();
    const plain = await (await left(over)).recovered();
    expect((await cut(plain)).sources[0]?.abilities.call).toEqual({ order: "write-ahead", synced: false });
    await plain.close();
  });

  it("holds what a person stopped with the last attempt of that run", async () => {
    const cancel = (runId: string): Draft => [
      "cancel",
      { sessionId: id, runId, attempt: 1, who: "me", why: "stop", at: at(1, 0, 1_000_005) },
    ];
    const drafts = [...over, dispatch(2), ended(2), run("r2"), dispatch(3, "r2"), ended(3), cancel("r1")];
    const life = await (await left([...drafts, runEnded(3, "r2")])).recovered();
    const { attempts } = await cut(life);
    expect(attempts.map(({ attempt, cancelled }) => [attempt, cancelled?.source])).toEqual([
      [1, undefined],
      [2, "J"],
      [3, undefined],
    ]);
    await life.close();
  });

  it("holds what a person stopped of a later run with that run alone", async () => {
    const cancel: Draft = [
      "cancel",
      { sessionId: id, runId: "r2", attempt: 2, who: "me", why: "stop", at: at(2, 0, 1_000_005) },
    ];
    const drafts = [...over, run("r2"), dispatch(2, "r2"), ended(2), cancel, runEnded(2, "r2")];
    const life = await (await left(drafts)).recovered();
    const { attempts } = await cut(life);
    expect(attempts.map(({ cancelled }) => cancelled?.source)).toEqual([undefined, "J"]);
    await life.close();
  });

  it("knows which boot an attempt was started in, and whether it was", async () => {
    const drafts = [
      ...asked.slice(0, 3),
      dispatch(1, "r1", { bootId: "earlier" }),
      ended(1, { exitCode: null }),
      dispatch(2),
      ended(2, { started: "no", exitCode: null }),
      dispatch(3, "r1", { bootId: "earlier" }),
      ended(3, { started: "unknown", exitCode: null }),
      runEnded(3),
    ];
    const life = await (await left(drafts, [])).recovered();
    const evidence = await cut(life);
    expect(evidence.bootChanged).toBe(true);
    const known = evidence.attempts.map((one) => [one.started, one.bootChanged, one.ended?.exitCode]);
    expect(known).toEqual([
      ["yes", true, null],
      ["no", false, undefined],
      ["unknown", true, null],
    ]);
    await life.close();
  });

  it("says of a living agent that it was started when it was seen, heard or named", async () => {
    for (const [drafts, held, lines, found] of [
      [[...asked, agent(1, 50)], true, [], ["yes", "alive"]],
      [asked, true, [], ["unknown", "unknown"]],
      [asked, true, [said.name], ["yes", "unknown"]],
    ] as const) {
      const machine = await living(drafts, lines, { pid: false });
      if (!held) machine.held.clear();
      const life = await machine.recovered();
      await settled();
      const { attempts } = await cut(life, "living");
      expect(attempts.map(({ started, liveness }) => [started, liveness])).toEqual([found]);
      await life.close();
    }
  });

  it("says that it was started of one that is known by its process, or by its name alone", async () => {
    const machine = await living([...asked, agent(1, 50)], []);
    const life = await machine.recovered();
    await settled();
    const [attempt] = sessionOf(life).attempts;
    if (attempt === undefined) throw new Error("It is on record.");
    const started = async () => (await cut(life, "living")).attempts.map((one) => one.started);
    // Its wrapper has noted a process that runs; nothing else is known of it.
    delete attempt.identity;
    expect(await started()).toEqual(["yes"]);
    machine.running.delete(50);
    expect(await started()).toEqual(["unknown"]);
    attempt.identity = identity(50);
    expect(await started()).toEqual(["yes"]);
    await life.close();
  });

  it("says nothing of half a line while its agent may write the rest", async () => {
    const machine = await living([...asked, agent(1, 50)], [said.name]);
    const life = await machine.recovered();
    await settled();
    says(machine, "half", "stderr");
    expect((await cut(life, "living")).sources[0]?.damage).toEqual([]);
    await life.close();
  });

  it("says of one that is just gone that it lives until its end is on record, unless nobody follows it", async () => {
    const machine = await living([...asked, agent(1, 50)]);
    const life = await machine.recovered();
    await settled();
    machine.running.delete(50);
    const states = async () => (await cut(life, "living")).attempts.map(({ liveness }) => liveness);
    expect(await states()).toEqual(["alive"]);
    lifeOf(life.context, id).trouble = "so";
    expect(await states()).toEqual(["dead"]);
    await life.close();
    const two = await living([...asked, agent(1, 50), dispatch(2), agent(2, 51)]);
    two.put(`${two.attempt(2)}/spool`, "");
    two.running.set(51, identity(51));
    two.running.delete(50);
    two.files.nodes.delete(`${two.attempt(1)}/spool`);
    const second = await two.recovered();
    const { attempts } = await cut(second, "living");
    expect(attempts.map(({ liveness }) => liveness)).toEqual(["dead", "alive"]);
    await second.close();
  });

  it("of a living agent holds of its log what stands before its own turn, and no snapshot", async () => {
    const machine = await living([...over, dispatch(2, "r1", { prompt: "go on" }), agent(2, 51)], whole);
    machine.put(`${machine.attempt(2)}/spool`, "");
    machine.running.set(51, identity(51));
    const path = `${cwd}/.coding-agent/events/${agentSession}.jsonl`;
    machine.put(path, log(told("do r1"), called("c1"), told("go on"), called("c2")));
    machine.put(`${cwd}/.coding-agent/sessions/${agentSession}.json`, JSON.stringify({ messages: [] }));
    const life = await machine.recovered();
    const logged = async () =>
      (await cut(life, "living")).sources
        .filter(({ source }) => source !== "O")
        .map(({ source, facts }) => [
          source,
          ...facts.map(({ body }) =>
            body.kind === "prompt" ? body.text : body.kind === "call" ? body.callId : body.kind,
          ),
        ]);
    expect(await logged()).toEqual([["L", "do r1", "c1"]]);
    // Its own turn is not there yet: all that is, is of earlier ones.
    machine.put(path, log(told("do r1"), called("c1")));
    expect(await logged()).toEqual([["L", "do r1", "c1"]]);
    await life.close();
  });

  it("of a living agent knows its own turn by what it was asked, whatever those before it were", async () => {
    const machine = await living(
      [
        ...asked,
        named(1),
        ended(1),
        dispatch(2),
        ended(2),
        dispatch(3, "r1", { prompt: "go on" }),
        agent(3, 51),
      ],
      [said.name],
    );
    machine.put(`${machine.attempt(3)}/spool`, "");
    machine.running.set(51, identity(51));
    machine.put(
      `${cwd}/.coding-agent/events/${agentSession}.jsonl`,
      log(told("do r1"), called("c1"), told("do r1"), called("c2"), told("go on"), called("c3")),
    );
    const life = await machine.recovered();
    const [found] = (await cut(life, "living")).sources.filter(({ source }) => source === "L");
    expect(found?.facts.flatMap(({ body }) => (body.kind === "call" ? body.callId : []))).toEqual([
      "c1",
      "c2",
    ]);
    await life.close();
  });

  it("of a living agent that was asked the same as one before takes the later turn for its own", async () => {
    for (const [started, kept] of [
      ["yes", ["do r1", "c1"]],
      ["no", []],
    ] as const) {
      const machine = await living(
        [...asked, named(1), ended(1, { started }), dispatch(2), agent(2, 51)],
        [said.name],
      );
      machine.put(`${machine.attempt(2)}/spool`, "");
      machine.running.set(51, identity(51));
      machine.put(
        `${cwd}/.coding-agent/events/${agentSession}.jsonl`,
        log(told("do r1"), called("c1"), told("do r1"), called("c2")),
      );
      const life = await machine.recovered();
      const [found] = (await cut(life, "living")).sources.filter(({ source }) => source === "L");
      expect([
        started,
        found?.facts.flatMap(({ body }) =>
          body.kind === "prompt" ? body.text : body.kind === "call" ? body.callId : [],
        ),
      ]).toEqual([started, kept]);
      await life.close();
    }
  });

  it("of a living agent counts the turns of all before it that were asked the same, by their prompts alone", async () => {
    const said2 = event("assistant_response", { stopReason: null, content: "do r1" });
    const machine = await living(
      [...asked, named(1), ended(1), dispatch(2), ended(2), dispatch(3), agent(3, 51)],
      [said.name],
    );
    machine.put(`${machine.attempt(3)}/spool`, "");
    machine.running.set(51, identity(51));
    machine.put(
      `${cwd}/.coding-agent/events/${agentSession}.jsonl`,
      log(told("do r1"), said2, called("c1"), told("do r1"), called("c2"), told("do r1"), called("c3")),
    );
    const life = await machine.recovered();
    const [found] = (await cut(life, "living")).sources.filter(({ source }) => source === "L");
    expect(found?.facts.flatMap(({ body }) => (body.kind === "call" ? body.callId : []))).toEqual([
      "c1",
      "c2",
    ]);
    await life.close();
  });

  it("of the first living agent reads no store", async () => {
    const machine = await living([...asked, named(1)]);
    machine.put(`${cwd}/.coding-agent/events/${agentSession}.jsonl`, log(told("do r1")));
    const life = await machine.recovered();
    expect((await cut(life, "living")).sources.map(({ source }) => source)).toEqual(["O"]);
    expect((await cut(life)).sources.map(({ source }) => source)).toEqual(["O", "L", "S"]);
    await life.close();
  });

  it("makes no path of a name that is none of the agent's", async () => {
    const drafts = [...asked, agent(1, 50), cover(1, whole), named(1, "../../etc"), ended(1), runEnded(1)];
    const life = await (await left(drafts)).recovered();
    expect((await cut(life)).sources.map(({ source }) => source)).toEqual(["O"]);
    await life.close();
  });

  it("says what the journal has lost", async () => {
    const drafts: Draft[] = [...over, ["restored", { sessionId: id, attempt: 1, path: "/copy" }]];
    const machine = await left(drafts);
    const life = await machine.recovered();
    expect((await cut(life)).sources[0]).toEqual({
      source: "J",
      path: `${home}/journal`,
      status: "read",
      abilities: {},
      facts: [],
      damage: [
        {
          code: "truncated",
          path: `${home}/journal`,
          range: { fromByte: 0, toByte: 0 },
          detail: "The journal no longer held attempt 1 of this session; it was restored from /copy.",
        },
      ],
    });
    // Where the damage itself is known, that is said.
    life.context.journalDamage.set(id, [
      { code: "checksum", path: "/j", range: { fromByte: 1, toByte: 2 }, detail: "so" },
    ]);
    expect((await cut(life)).sources[0]?.damage.map(({ path }) => path)).toEqual(["/j"]);
    await life.close();
  });

  it("holds approvals of agents that are asked, those that allow", async () => {
    const approval = (requestId: string, allows: boolean): Draft => [
      "approval",
      {
        sessionId: id,
        attempt: 1,
        requestId,
        callId: `c${requestId}`,
        optionId: "o",
        allows,
        who: "me",
        atMs: 1,
        at: at(1, 0, 1_000_006),
      },
    ];
    const drafts: Draft[] = [
      project,
      session({ agent: "acp" }),
      run(),
      dispatch(1),
      agent(1, 50),
      approval("1", true),
      approval("2", false),
      ended(1),
      runEnded(1),
    ];
    const life = await (await left(drafts, [])).recovered();
    await settled();
    expect((await cut(life)).approvals).toMatchObject([{ callId: "c1", attempt: 1, cite: { source: "J" } }]);
    await life.close();
  });
});
