/**
 * What a session comes to is put on record once, with the evidence.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { lifeOf } from "../../src/session/context.ts";
import { noteAdopted, settle } from "../../src/session/settle.ts";
import {
  agent,
  at,
  begun,
  cover,
  type Draft,
  dispatch,
  ended,
  half,
  home,
  id,
  identity,
  named,
  over,
  project,
  run,
  runEnded,
  said,
  session,
  text,
  whole,
} from "./drafts.ts";
import { Machine, recorded, sessionOf, settled, spoken } from "./machine.ts";

const cancel = (why: string): Draft => [
  "cancel",
  { sessionId: id, runId: "r1", attempt: 1, who: "me", why, at: at(1, 0, 1_000_005) },
];

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

  it("of one that a crash cut off from its dispatch is that it was given up, where it was", async () => {
    const given: Draft = [
      "cancel",
      { sessionId: id, runId: "r2", attempt: 1, who: "me", why: "abandon", at: at(1, 999) },
    ];
    expect(await endOf([...over, run("r2"), given], whole)).toEqual([["r2", 1, "cancelled"]]);
    const limit: Draft = ["limit", { sessionId: id, attempt: 1, reason: "too much", at: at(1, 999) }];
    expect(await endOf([...over, limit, run("r2")], whole)).toEqual([["r2", 1, "interrupted"]]);
  });

  it("of an earlier one is told again where the journal has lost it, in its place", async () => {
    for (const [lines, more, state] of [
      [whole, [], "completed"],
      [half, [], "interrupted"],
      [half, [cancel("stop")], "cancelled"],
      [whole, [cancel("stop")], "completed"],
    ] as const) {
      const machine = await spoken(
        [...begun, cover(1, lines), ended(1, { at: at(1, 900) }), ...more].concat([
          run("r2"),
          dispatch(2, "r2"),
          agent(2, 52),
          ended(2),
          runEnded(2, "r2"),
        ]),
        lines,
      );
      const life = await machine.recovered();
      await settled();
      expect(await recorded(machine, "run-ended")).toMatchObject([
        { runId: "r1", attempt: 1, state, at: { attempt: 1, byte: 900 } },
      ]);
      expect(sessionOf(life).runs.map((one) => one.state)).toEqual([state, "completed"]);
      await settle(life.context, sessionOf(life));
      expect(await recorded(machine, "run-ended")).toHaveLength(1);
      await life.close();
    }
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
