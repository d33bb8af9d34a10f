/**
 * A cut of a session whose agent lives says no more of it than stands while it works.
 */
import { describe, expect, it } from "vitest";
import { lifeOf } from "../../src/session/context.ts";
import { gatherEvidence } from "../../src/session/evidence.ts";
import type { Life } from "../../src/session/life.ts";
import {
  agent,
  agentSession,
  asked,
  cwd,
  dispatch,
  ended,
  id,
  identity,
  named,
  over,
  said,
  text,
  whole,
} from "./drafts.ts";
import { living, says, sessionOf, settled } from "./machine.ts";

describe("a cut", () => {
  const event = (type: string, data: object) => JSON.stringify({ type, sessionId: agentSession, data });
  const log = (...events: string[]) => text(...events);
  const told = (words: string) => event("user_message", { text: words });
  const called = (call: string) =>
    event("tool_call", { id: call, tool: "run_command", input: { command: "make" } });

  const cut = (life: Life, which: "gone" | "living" = "gone") =>
    gatherEvidence(life.context, sessionOf(life), which);

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
});
