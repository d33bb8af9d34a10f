/**
 * What a session comes to is put on record once, with the evidence; and what is found where records were lost.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { lifeOf } from "../../src/session/context.ts";
import { noteAdopted, settle } from "../../src/session/settle.ts";
import {
  agent,
  agentSession,
  at,
  begun,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  half,
  home,
  id,
  identity,
  Machine,
  named,
  project,
  recorded,
  run,
  runEnded,
  said,
  session,
  sessionOf,
  settled,
  spoken,
  text,
  whole,
} from "./machine.ts";

const cancel = (why: string): Draft => [
  "cancel",
  { sessionId: id, runId: "r1", attempt: 1, who: "me", why, at: at(1, 0, 1_000_005) },
];

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

describe("the end of a run", () => {
  const endOf = async (drafts: readonly Draft[], lines: readonly string[] = half) => {
    const machine = await spoken(drafts, lines);
    await (await machine.recovered()).close();
    return (await recorded(machine, "run-ended")).map(({ runId, attempt, state }) => [runId, attempt, state]);
  };

  it("is what the sources say, or what we know of it before that", async () => {
    expect(await endOf(begun, whole)).toEqual([["r1", 1, "completed"]]);
    expect(await endOf([...begun, cancel("stop")])).toEqual([["r1", 1, "cancelled"]]);
    expect(await endOf([...begun, cancel("abandon")])).toEqual([["r1", 1, "cancelled"]]);
    expect(await endOf([...begun, cancel("stop")], whole)).toEqual([["r1", 1, "completed"]]);
    const limit: Draft = [
      "limit",
      { sessionId: id, attempt: 1, reason: "too much", at: at(1, 0, 1_000_006) },
    ];
    expect(await endOf([...begun, limit, cancel("stop")], whole)).toEqual([["r1", 1, "failed"]]);
  });

  it("tells why", async () => {
    const limit: Draft = [
      "limit",
      { sessionId: id, attempt: 1, reason: "too much", at: at(1, 0, 1_000_006) },
    ];
    const machine = await spoken([...begun, limit]);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "run-ended")).toMatchObject([{ reason: "too much" }]);
    const reasons: unknown[] = [];
    for (const why of ["stop", "abandon"]) {
      const one = await spoken([...begun, cancel(why)]);
      await (await one.recovered()).close();
      reasons.push(...(await recorded(one, "run-ended")).map(({ reason }) => reason));
    }
    expect(reasons).toEqual(["It was stopped by a person.", "It was given up by a person."]);
  });

  it("of one that a crash cut off from its dispatch is not that of the run before it", async () => {
    expect(await endOf([...begun, cover(1, whole), ended(1), runEnded(1), run("r2")], whole)).toEqual([
      ["r2", 1, "interrupted"],
    ]);
  });

  it("of one that no attempt was made of is told with none", async () => {
    const machine = new Machine();
    await machine.left([project, session(), run()]);
    const life = await machine.recovered();
    const [end] = await recorded(machine, "run-ended");
    expect(end).toMatchObject({ runId: "r1", attempt: 0 });
    expect(String((await recorded(machine, "cut"))[0]?.path)).toContain(`/${id}/cuts/0-`);
    await life.close();
    const empty = new Machine();
    await empty.left([project, session()]);
    const second = await empty.recovered();
    const { evidence } = await settle(second.context, sessionOf(second));
    expect([evidence.attempts, evidence.bootChanged]).toEqual([[], false]);
    expect(await recorded(empty, "run-ended")).toEqual([]);
    await second.close();
  });

  it("is never taken back, and not recorded again", async () => {
    for (const state of ["completed", "failed", "cancelled", "interrupted"]) {
      const before = [
        ...begun,
        cover(1, half),
        named(1),
        ended(1, { exitCode: 1 }),
        runEnded(1, "r1", state),
      ];
      expect([state, await endOf(before)]).toEqual([
        state,
        state === "interrupted" ? [["r1", 1, "interrupted-indeterminate"]] : [],
      ]);
    }
    const same = [
      ...begun,
      cover(1, half),
      named(1),
      ended(1),
      runEnded(1, "r1", "interrupted-indeterminate"),
    ];
    expect(await endOf(same)).toEqual([]);
  });
});

describe("a cut", () => {
  it("is stored where something is new, and its record names it", async () => {
    const machine = await spoken(begun);
    await (await machine.recovered()).close();
    const [cut, ...others] = await recorded(machine, "cut");
    expect(others).toEqual([]);
    const path = String(cut?.path);
    const bytes = machine.files.bytes(path);
    const crc = crc32(bytes);
    expect(cut).toEqual({ sessionId: id, path, bytes: bytes.length, crc });
    expect(path).toBe(`${home}/sessions/${id}/cuts/1-${crc.toString(16).padStart(8, "0")}.json`);
    expect(JSON.parse(Buffer.from(bytes).toString())).toMatchObject({ schema: 1, session: { id } });
    expect(Buffer.from(bytes).toString().endsWith("}\n")).toBe(true);
    // Before its record names it: all folders above it, once in this life.
    const calls = machine.files.calls.filter((call) => call.startsWith("sync-folder"));
    for (const folder of [home, `${home}/sessions`, `${home}/sessions/${id}`, `${home}/sessions/${id}/cuts`])
      expect(calls).toContain(`sync-folder ${folder}`);
  });

  it("syncs what is above the session's folder once in a life", async () => {
    const machine = await spoken(begun);
    const life = await machine.recovered();
    expect(lifeOf(life.context, id).folderIsDurable).toBe(true);
    machine.files.calls.length = 0;
    // The spool is damaged: something to tell.
    machine.put(`${machine.attempt(1)}/spool`, text(said.name));
    expect(sessionOf(life).runs[0]?.state).toBe("interrupted-indeterminate");
    await settle(life.context, sessionOf(life));
    expect(await recorded(machine, "cut")).toHaveLength(2);
    expect(machine.files.calls).toContain(`sync-folder ${home}/sessions/${id}`);
    expect(machine.files.calls).not.toContain(`sync-folder ${home}/sessions`);
    await life.close();
  });

  it("is not stored where nothing is new, nor of a session whose run has its end", async () => {
    const machine = await spoken([...begun, cover(1, whole), named(1), ended(1), runEnded(1)], whole);
    const life = await machine.recovered();
    await settled();
    await settle(life.context, sessionOf(life));
    expect(await recorded(machine, "cut")).toEqual([]);
    await life.close();
    const open = await spoken(begun);
    const second = await open.recovered();
    await settle(second.context, sessionOf(second));
    await settle(second.context, sessionOf(second));
    expect(await recorded(open, "cut")).toHaveLength(1);
    await second.close();
  });

  it("that cannot be stored keeps nobody from being told", async () => {
    const machine = await spoken(begun);
    machine.files.hook = (call, path) => {
      if (call === "create" && path.includes("/cuts/")) throw new IoError("ENOSPC", path, "create");
    };
    const life = await machine.recovered();
    expect(machine.reports).toHaveLength(1);
    expect(machine.reports[0]).toContain(`session ${id} could not be stored: create failed with ENOSPC`);
    expect(await recorded(machine, "cut")).toEqual([]);
    expect(await recorded(machine, "run-ended")).toHaveLength(1);
    await life.close();
  });
});

describe("findings", () => {
  it("are raised once, resolved once, and raised again", async () => {
    const machine = await spoken(begun);
    const life = await machine.recovered();
    const codes = async () => {
      await settle(life.context, sessionOf(life));
      const records = await machine.records(2);
      return records.flatMap(([type, data]) =>
        type === "finding"
          ? [`+${(data.finding as { code: string }).code}`]
          : type === "finding-resolved"
            ? ["-"]
            : [],
      );
    };
    const first = await codes();
    expect(first).toContain("+dangling-call");
    expect(await codes()).toEqual(first);
    const spool = machine.files.bytes(`${machine.attempt(1)}/spool`);
    machine.put(`${machine.attempt(1)}/spool`, text(said.name));
    const lost = (await codes()).slice(first.length);
    expect(lost).toContain("+record-lost");
    machine.files.put(`${machine.attempt(1)}/spool`, spool);
    const back = (await codes()).slice(first.length + lost.length);
    expect(back).toContain("-");
    machine.put(`${machine.attempt(1)}/spool`, text(said.name));
    expect((await codes()).slice(first.length + lost.length + back.length)).toContain("+record-lost");
    await life.close();
  });

  it("of a session that was taken back are looked for once", async () => {
    const machine = await spoken([...begun, cover(1, half)]);
    machine.running.set(50, identity(50));
    machine.put(`${machine.attempt(1)}/spool`, text(said.name));
    const life = await machine.recovered();
    await settled();
    lifeOf(life.context, id).unnoted = true;
    machine.files.calls.length = 0;
    await Promise.all([0, 1].map(() => noteAdopted(life.context, sessionOf(life))));
    expect(machine.files.calls.filter((call) => call === `open ${machine.attempt(1)}/spool`)).toHaveLength(1);
    expect(lifeOf(life.context, id).unnoted).toBeUndefined();
    expect(
      (await recorded(machine, "finding")).map(({ finding }) => (finding as { code: string }).code),
    ).toEqual(["record-lost"]);
    expect(await recorded(machine, "finding-resolved")).toEqual([]);
    await life.close();
  });

  it("that cannot be looked for are reported, and stop nothing", async () => {
    const machine = await spoken([...begun, cover(1, half)]);
    machine.running.set(50, identity(50));
    const life = await machine.begin();
    await life.ready;
    machine.files.hook = (call, path) => {
      if (call === "open" && path.endsWith("/spool")) throw new IoError("EIO", path, "open");
    };
    await settled();
    expect(machine.reports[0]).toContain(`Session ${id} cannot be read: open failed with EIO`);
    expect(lifeOf(life.context, id)).toMatchObject({ trouble: expect.stringContaining("EIO") });
    expect(lifeOf(life.context, id).unnoted).toBeUndefined();
    await life.close();
  });
});

it("a fault of ours in a look is no trouble of the session's", async () => {
  const machine = await spoken([...begun, cover(1, half)]);
  machine.running.set(50, identity(50));
  const life = await machine.recovered();
  await settled();
  lifeOf(life.context, id).unnoted = true;
  machine.files.hook = (call, path) => {
    if (call === "open" && path.endsWith("/spool")) throw new Error("ours");
  };
  await expect(noteAdopted(life.context, sessionOf(life))).rejects.toThrow("ours");
  expect(lifeOf(life.context, id).trouble).toBeUndefined();
  machine.files.hook = () => undefined;
  await life.close();
});

describe("the agent's own session", () => {
  const open: readonly Draft[] = [project, session(), run(), dispatch(1), agent(1, 50)];

  it("is the one that its stdout names where that record is lost", async () => {
    const machine = await spoken([...open, cover(1, half)]);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([
      { sessionId: id, attempt: 1, agentSessionId: agentSession },
    ]);
    expect(machine.files.opened).toBe(0);
  });

  it("is not looked for where it is on record and nothing is damaged", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await spoken([...open, cover(1, half), named(1, other)]);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
  });

  it("stays the one on record, whatever store opens with what was asked, and is none of an agent without a store", async () => {
    const other = "99999999-2222-4333-8444-555555555555";
    const machine = await spoken([...open, named(1, other)], []);
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
    const machine = await spoken([...open, cover(1, half), ended(1), dispatch(2), named(2, other)]);
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
    const machine = await spoken([...open, cover(1, lines)], lines);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
  });

  it("is the one store that opens with what it was asked, where it was gone before it said a word", async () => {
    const machine = await spoken(open, []);
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
    const machine = await spoken(open, []);
    logged(machine, "do r1");
    logged(machine, "do r1", "99999999-2222-4333-8444-555555555555");
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
  });

  it("is none that opens with something else, and none of an agent that never was", async () => {
    const machine = await spoken(open, []);
    logged(machine, "do r1 now");
    await (await machine.recovered()).close();
    expect(await recorded(machine, "agent-session")).toEqual([]);
    const never = new Machine();
    await never.left(open.slice(0, 4));
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
    const claimed = await spoken([...open, ...over([session(), run(), dispatch(1), named(1)])], []);
    logged(claimed, "do r1");
    await (await claimed.recovered()).close();
    expect((await recorded(claimed, "agent-session")).filter(({ sessionId }) => sessionId === id)).toEqual(
      [],
    );
    const went = dispatch(2, "r1", { prompt: "go on" });
    const rival = await spoken([...open, ...over([session(), run(), dispatch(1), went, ended(2)])], []);
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
      const machine = await spoken([...open, ...drafts], []);
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
      const machine = await spoken(open, []);
      logged(machine, "do r1");
      for (let index = 0; index < others; index += 1) logged(machine, "else", name(index));
      await (await machine.recovered()).close();
      expect([others, (await recorded(machine, "agent-session")).length]).toEqual([others, found]);
    }
  });
});

describe("what a former server writes late", () => {
  it("is evidence of the sessions that it names, at the start and when it is looked for again", async () => {
    const machine = await spoken(begun);
    const life = await machine.recovered();
    const segment = `${home}/journal/00000001.journal`;
    const late = async () => {
      const { evidence } = await settle(life.context, sessionOf(life));
      return evidence.sources.filter(({ source }) => source === "J").flatMap(({ damage }) => damage);
    };
    expect(await late()).toEqual([]);
    const fromByte = machine.files.bytes(segment).length;
    const line = `j1\t00000000\t90\t12\t90\t"finding"\t{"sessionId":"${id}"}\n`;
    machine.files.appendTo(segment, Buffer.from(line));
    const found = await late();
    expect(found).toMatchObject([
      {
        code: "late-write",
        path: segment,
        range: { fromByte },
        detail:
          'A record "finding": the server of generation 1 wrote it after another had taken over. It does not count.',
      },
    ]);
    expect(await late()).toEqual(found);
    expect(life.context.late).toHaveLength(1);
    machine.files.appendTo(segment, Buffer.from(`half of a line about ${id}\n`));
    expect((await late()).map(({ detail }) => detail.split(":")[0])).toEqual([
      'A record "finding"',
      "Bytes that are no whole record",
    ]);
    machine.files.appendTo(segment, Buffer.from(`  ${line}`));
    expect((await late()).map(({ detail }) => detail.split(":")[0])).toEqual([
      'A record "finding"',
      "Bytes that are no whole record",
      "Bytes that are no whole record",
    ]);
    machine.files.appendTo(segment, Buffer.from("of nobody\n"));
    expect(await late()).toHaveLength(3);
    await life.close();
    const next = await machine.recovered();
    expect(next.context.late.length).toBeGreaterThan(1);
    await next.close();
  });
});
