/**
 * The agent's own session is looked for where its record was lost, or it was gone before it named one.
 */
import { describe, expect, it } from "vitest";
import { lifeOf } from "../../src/session/context.ts";
import { settle } from "../../src/session/settle.ts";
import {
  agent,
  agentSession,
  begun,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  half,
  home,
  id,
  named,
  project,
  run,
  runEnded,
  said,
  session,
  text,
} from "./drafts.ts";
import { Machine, recorded, sessionOf, spoken } from "./machine.ts";

/** A store of the agent that opens with this prompt. */
function logged(machine: Machine, prompt: string, name = agentSession): void {
  const event = (type: string, data: object) => JSON.stringify({ type, sessionId: name, data });
  const log = text(
    event("session_start", {}),
    event("user_message", { text: prompt }),
    event("tool_call", { id: "c7", tool: "run_command", input: { command: "make" } }),
  );
  machine.put(`${cwd}/.coding-agent/events/${name}.jsonl`, log);
}

describe("the agent's own session", () => {
  it("is the one that its stdout names where that record is lost", async () => {
    const machine = await spoken([...begun, cover(1, half)]);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([
      { sessionId: id, attempt: 1, agentSessionId: agentSession },
    ]);
    expect(machine.files.opened).toBe(0);
  });

  it("is not looked for where it is on record and nothing is damaged", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await spoken([...begun, cover(1, half), named(1, other)]);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
  });

  it("stays the one on record, whatever store opens with what was asked, and is none of an agent without a store", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await spoken([...begun, named(1, other)], []);
    logged(machine, "do r1");
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
    const talking = await spoken([project, session({ agent: "acp" }), run(), dispatch(1), agent(1, 50)], []);
    await (await talking.recovered()).close();
    expect(await recorded(talking, "agent-session")).toEqual([]);
    expect([talking.over, await recorded(talking, "run-ended")]).toMatchObject([[], [{ attempt: 1 }]]);
  });

  it("where the journal is damaged is what the latest attempt says that says one", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await spoken([...begun, cover(1, half), ended(1), dispatch(2), named(2, other)]);
    const damaged = machine.files.bytes(`${home}/journal/00000001.journal`);
    machine.files.appendTo(`${home}/journal/00000001.journal`, Buffer.from("no record\n"));
    expect(damaged.length).toBeGreaterThan(0);
    machine.put(`${machine.attempt(2)}/spool`, "");
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    machine.put(`${machine.attempt(2)}/started`, "9 90\n");
    const life = await machine.recovered();
    expect(life.context.journalDamage.size).toBe(1);
    expect(await recorded(machine, "agent-session")).toEqual([
      { sessionId: id, attempt: 1, agentSessionId: agentSession },
    ]);
    await settle(life.context, sessionOf(life));
    expect(await recorded(machine, "agent-session")).toHaveLength(1);
    await life.close();
  });

  it("is no name that is none of the agent's", async () => {
    const lines = [JSON.stringify({ type: "run.started", sessionId: "../x" }), said.call("c1")];
    const machine = await spoken([...begun, cover(1, lines)], lines);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
  });

  it("is the one store that opens with what it was asked, where it was gone before it said a word", async () => {
    const machine = await spoken(begun, []);
    logged(machine, "do r1");
    logged(machine, "do something else", "99999999-2222-4333-8444-555555555555");
    const life = await machine.recovered();
    expect(await recorded(machine, "agent-session")).toEqual([
      { sessionId: id, attempt: 1, agentSessionId: agentSession },
    ]);
    expect(lifeOf(life.context, id).verdict?.calls.map(({ id: call }) => call)).toEqual(["c7"]);
    await life.close();
  });

  it("is neither of two stores that open with it", async () => {
    const machine = await spoken(begun, []);
    logged(machine, "do r1");
    logged(machine, "do r1", "99999999-2222-4333-8444-555555555555");
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
  });

  it("is none that opens with something else, and none of an agent that never was", async () => {
    const machine = await spoken(begun, []);
    logged(machine, "do r1 now");
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
    const never = new Machine();
    await never.left(begun.slice(0, 4));
    logged(never, "do r1");
    await (await never.recovered()).close();
    expect(await recorded(never, "agent-session")).toEqual([]);
  });

  const other = "00000000000000bb";
  const of2 = ([type, data]: Draft, more: object = {}): Draft => [
    type,
    { ...data, sessionId: other, ...more },
  ];
  const over = (drafts: readonly Draft[]): readonly Draft[] =>
    [...drafts, ended(1), runEnded(1)].map((draft) => of2(draft));

  it("is none that another session of ours has, or may have", async () => {
    const claimed = await spoken([...begun, ...over([session(), run(), dispatch(1), named(1)])], []);
    logged(claimed, "do r1");
    await (await claimed.recovered()).close();
    expect((await recorded(claimed, "agent-session")).filter(({ sessionId }) => sessionId === id)).toEqual(
      [],
    );
    const went = dispatch(2, "r1", { prompt: "go on" });
    const rival = await spoken([...begun, ...over([session(), run(), dispatch(1), went, ended(2)])], []);
    logged(rival, "do r1");
    await (await rival.recovered()).close();
    expect(await recorded(rival, "agent-session")).toEqual([]);
  });

  it("is found beside sessions of ours that were asked something else, are named, or work elsewhere", async () => {
    const unlike: readonly (readonly Draft[])[] = [
      over([session(), run(), dispatch(1, "r1", { prompt: "something else" })]),
      over([session(), run(), dispatch(1), named(1, "99999999-2222-4333-8444-555555555555")]),
      over([session({ cwd: "/elsewhere" }), run(), dispatch(1)]),
    ];
    for (const [index, drafts] of unlike.entries()) {
      const machine = await spoken([...begun, ...drafts], []);
      logged(machine, "do r1");
      await (await machine.recovered()).close();
      expect([index, (await recorded(machine, "agent-session")).length]).toEqual([index, 1]);
    }
  });

  it("is not looked for among more stores than can be read", async () => {
    const name = (index: number) => `${index.toString(16).padStart(8, "0")}-2222-4333-8444-555555555555`;
    for (const [others, found] of [
      [63, 1],
      [64, 0],
    ] as const) {
      const machine = await spoken(begun, []);
      logged(machine, "do r1");
      for (let index = 0; index < others; index += 1) logged(machine, "else", name(index));
      await (await machine.recovered()).close();
      expect([others, (await recorded(machine, "agent-session")).length]).toEqual([others, found]);
    }
  });
});
