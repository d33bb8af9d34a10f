/**
 * Attempts that the journal has lost are taken back from their own copies.
 */
import { describe, expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { startQueued } from "../../src/orchestrator/queue.ts";
import { restoreLost } from "../../src/session/about.ts";
import { exclusively } from "../../src/session/context.ts";
import {
  agent,
  asked,
  at,
  copyOf,
  cover,
  type Draft,
  dispatch,
  ended,
  home,
  id,
  over,
  project,
  run,
  runEnded,
  session,
  text,
  whole,
} from "./drafts.ts";
import { left, type Machine, sessionOf, settled } from "./machine.ts";

const other = "00000000000000bb";
const segment = (generation: number) => `${home}/journal/0000000${generation}.journal`;

/** The agent of attempt 1 is through; of the session the journal knows this, and its copy the rest. */
const lost = (known: readonly Draft[], about: string | null = copyOf(asked)) =>
  left(known, { spool: text(...whole), exit: "0\n", ...(about === null ? {} : { "about.json": about }) });

const types = async (machine: Machine, generation = 2) =>
  (await machine.records(generation)).map(([type]) => type);

describe("an attempt that the journal has lost", () => {
  it("is on record again from its copy, and its spool is read", async () => {
    const machine = await lost([]);
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(records.slice(0, 5)).toEqual([
      ...asked,
      ["restored", { sessionId: id, attempt: 1, path: `${machine.attempt(1)}/about.json` }],
    ]);
    expect(await types(machine)).toEqual(expect.arrayContaining(["cover", "ended", "run-ended"]));
    expect(sessionOf(life).attempts[0]?.restoredFrom).toBe(`${machine.attempt(1)}/about.json`);
    await life.close();
    // The next life has it in its journal.
    const next = await machine.recovered();
    expect(await types(machine, 3)).not.toContain("restored");
    await next.close();
  });

  it("brings back what is missing and nothing else", async () => {
    const machine = await lost([project, session()]);
    await (await machine.recovered()).close();
    expect((await types(machine)).slice(0, 3)).toEqual(["run", "dispatch", "restored"]);
    const withRun = await lost([project, session(), run()]);
    await (await withRun.recovered()).close();
    expect((await types(withRun)).slice(0, 2)).toEqual(["dispatch", "restored"]);
  });

  it("brings back a run of which only the dispatch is known, which restores no attempt", async () => {
    const machine = await lost([project, session(), dispatch(1)]);
    const life = await machine.recovered();
    expect((await types(machine))[0]).toBe("run");
    expect(await types(machine)).not.toContain("restored");
    expect(sessionOf(life).runs).toMatchObject([{ id: "r1", key: "key r1" }]);
    await life.close();
  });

  it("of one session that cannot be looked into is told, and keeps no server from starting", async () => {
    const machine = await lost([...asked, agent(1, 50), ended(1), runEnded(1)]);
    machine.put(
      `${machine.attempt(1, other)}/about.json`,
      copyOf(asked).replaceAll(`"sessionId":"${id}"`, `"sessionId":"${other}"`),
    );
    machine.put(`${machine.attempt(1, other)}/spool`, text(...whole));
    machine.put(`${machine.attempt(1, other)}/exit`, "0\n");
    machine.put(`${machine.attempt(2)}/about.json`, "");
    machine.files.hook = (call, path) => {
      if (call === "open" && path === `${machine.attempt(2)}/about.json`)
        throw new IoError("EACCES", path, "open");
    };
    const life = await machine.recovered();
    expect(machine.reports).toEqual([
      expect.stringContaining(`session ${id} is whole cannot be told: open failed`),
    ]);
    expect(sessionOf(life, other).runs).toMatchObject([{ state: "completed" }]);
    expect(machine.over).toEqual([]);
    machine.files.hook = () => undefined;
    await life.close();
  });

  it("was a message of the queue, and is not given to an agent again", async () => {
    const queued: Draft = ["queued", { sessionId: id, queueId: "q", prompt: "do more", atMs: 1 }];
    const machine = await lost([...over, queued], null);
    const life = await machine.recovered();
    await exclusively(life.context, id, () => startQueued(life.context, sessionOf(life)));
    expect(machine.started).toHaveLength(1);
    await life.close();
    machine.files.put(segment(2), new Uint8Array());
    machine.put(`${machine.attempt(2)}/spool`, text(...whole));
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    const next = await machine.recovered();
    expect(sessionOf(next).runs).toMatchObject([{ id: "r1" }, { prompt: "do more", state: "completed" }]);
    expect(sessionOf(next).queue).toEqual([]);
    await next.close();
  });

  it("is not taken from a copy that is torn, of another attempt, or says too little", async () => {
    const wrong = [
      "",
      copyOf(asked).slice(0, -9),
      "{}\n",
      "null\n",
      copyOf([project, session(), run()]),
      copyOf([project, session(), run(), dispatch(2)]),
      copyOf([project, session(), run(), dispatch(1, "r1", { sessionId: other })]),
      copyOf([project, session(), run(), ["dispatch", { sessionId: id, attempt: 1 }]]),
    ];
    for (const about of wrong) {
      const machine = await lost([], about);
      const life = await machine.recovered();
      expect([about, await types(machine)]).toEqual([about, []]);
      expect(await restoreLost(life.context, [id])).toEqual([]);
      await life.close();
    }
  });

  it("brings back nothing of another session, nor what no copy is made of", async () => {
    const foreign: readonly Draft[] = [session({ sessionId: other }), run("r1", { sessionId: other })];
    const word: Draft = [
      "decision",
      { sessionId: id, callId: "c1", attempt: 1, outcome: "done", who: "me", at: at(1, 999) },
    ];
    const machine = await lost([], copyOf([...asked, ...foreign, word]));
    await (await machine.recovered()).close();
    expect((await types(machine)).slice(0, 5)).toEqual(["project", "session", "run", "dispatch", "restored"]);
    expect(await types(machine)).not.toContain("decision");
  });

  it("is taken from a copy in which something stands that this version does not know", async () => {
    const odd = [
      null,
      1,
      { type: 1, data: {} },
      { type: "x", data: null },
      { type: "x" },
      { type: "new", data: {} },
      { type: "run", data: null },
      { type: "run", data: 1 },
    ];
    const known = asked.map(([type, data]) => ({ type, data }));
    const machine = await lost([], JSON.stringify([...odd, ...known]));
    await (await machine.recovered()).close();
    expect((await types(machine)).slice(0, 5)).toEqual(["project", "session", "run", "dispatch", "restored"]);
  });

  it("is looked for in folders that can be ours, in order, and in those of open sessions", async () => {
    const machine = await lost([]);
    const about = (attempt: number) => copyOf([project, session(), run(), dispatch(attempt)]);
    for (const attempt of [10, 2]) machine.put(`${machine.attempt(attempt)}/about.json`, about(attempt));
    for (const name of ["0", "01", "x1", "1x"])
      machine.put(`${home}/sessions/${id}/attempts/${name}/about.json`, about(1));
    for (const name of ["not-ours", `${id}0`, `x${id}`])
      machine.put(
        `${home}/sessions/${name}/attempts/1/about.json`,
        about(1).replaceAll(`"sessionId":"${id}"`, `"sessionId":"${name}"`),
      );
    const life = await machine.recovered();
    const restored = (await machine.records(2)).filter(([type]) => type === "restored");
    expect(restored.map(([, data]) => [data.sessionId, data.attempt])).toEqual([
      [id, 1],
      [id, 2],
      [id, 10],
    ]);
    await life.close();
    expect(await restoreLost(life.context, [id])).toEqual([]);
  });

  it("brings back its run beside others, and is not brought back for another run that is lost", async () => {
    const over = [...asked, agent(1, 50), cover(1, whole), ended(1), runEnded(1)];
    const machine = await lost(over, copyOf(asked));
    machine.put(
      `${machine.attempt(2)}/about.json`,
      copyOf([project, session(), run("r2"), dispatch(2, "r2")]),
    );
    machine.put(`${machine.attempt(2)}/spool`, "");
    await (await machine.recovered()).close();
    const first = (await machine.records(2)).slice(0, 3);
    expect(first.map(([type, data]) => [type, data.runId ?? data.attempt])).toEqual([
      ["run", "r2"],
      ["dispatch", "r2"],
      ["restored", 2],
    ]);
    // The dispatch of the second run is known, its own record and the copy are gone.
    for (const [drafts, found] of [
      [[...over, dispatch(2, "r2"), ended(2), runEnded(2, "r2")], []],
      [
        [project, session(), dispatch(1), ended(1), runEnded(1), run("r2"), dispatch(2, "r2"), ended(2)],
        [id],
      ],
    ] as const) {
      const known = await lost(drafts, null);
      const life = await known.recovered();
      known.put(`${known.attempt(1)}/about.json`, copyOf(asked));
      known.files.folders.add(known.attempt(2));
      expect(await restoreLost(life.context, [id], [id])).toEqual(found);
      await life.close();
    }
  });

  it("is looked for in every session where the journal is damaged or empty, else in those that are recent", async () => {
    const old = (index: number) => index.toString(16).padStart(16, "0");
    const many = Array.from({ length: 51 }, (_, index) =>
      over.slice(1).map(([type, data]): Draft => [type, { ...data, sessionId: old(index + 1) }]),
    ).flat();
    const made = async () => {
      const machine = await lost([project, ...many], null);
      const lostOne = copyOf([project, session({ sessionId: old(1) }), run(), dispatch(2)]).replaceAll(
        `"sessionId":"${id}"`,
        `"sessionId":"${old(1)}"`,
      );
      machine.put(`${machine.attempt(2, old(1))}/about.json`, lostOne);
      return machine;
    };
    const restored = async (machine: Machine, generation: number) =>
      (await types(machine, generation)).filter((type) => type === "restored").length;
    const healthy = await made();
    await (await healthy.recovered()).close();
    expect(await restored(healthy, 2)).toBe(0);
    const damaged = await made();
    damaged.files.appendTo(segment(1), Buffer.from("no record\n"));
    await (await damaged.recovered()).close();
    expect(await restored(damaged, 2)).toBe(1);
    const emptied = await made();
    emptied.files.put(segment(2), new Uint8Array());
    await (await emptied.recovered()).close();
    expect(await restored(emptied, 3)).toBe(1);
    // Nothing can be lost in it any more: no later start looks into every folder for it, from a checkpoint or without one.
    const looked = (of: Machine) =>
      of.files.calls.filter((call) => call.includes(`/${old(1)}/attempts`)).length;
    emptied.files.calls.length = 0;
    await (await emptied.recovered()).close();
    expect(looked(emptied)).toBe(0);
    const { generation, context } = await emptied.recovered();
    expect(context.state.searchedTo).toBe(2);
    emptied.files.put(segment(generation() + 1), new Uint8Array());
    await (await emptied.recovered()).close();
    expect(looked(emptied)).toBe(1);
  });

  it("stands in the evidence, where nothing else tells of it", async () => {
    const machine = await lost([]);
    const life = await machine.recovered();
    await settled();
    const findings = (await machine.records(2)).filter(([type]) => type === "finding");
    expect(JSON.stringify(findings)).toContain("no longer held attempt 1 of this session");
    await life.close();
  });

  it("is looked for in sessions in any order where the machine lists them faster so", async () => {
    const machine = await lost([]);
    machine.put(
      `${machine.attempt(1, other)}/about.json`,
      copyOf(asked).replaceAll(`"sessionId":"${id}"`, `"sessionId":"${other}"`),
    );
    const { list } = machine.files;
    const wanted: string[] = [];
    Object.assign(machine.files, {
      listInAnyOrder: async (path: string) => {
        wanted.push(path);
        return (await list.call(machine.files, path))?.toReversed();
      },
    });
    const life = await machine.recovered();
    expect(wanted).toEqual([`${home}/sessions`]);
    expect(sessionOf(life).attempts).toHaveLength(1);
    const restored = (await machine.records(2)).filter(([type]) => type === "restored");
    expect(restored.map(([, data]) => data.sessionId)).toEqual([id, other]);
    await life.close();
  });
});

describe("damage that names nobody", () => {
  it("of a segment that the disk does not give harms no start, and concerns all", async () => {
    for (const call of ["open", "read"]) {
      const machine = await lost([...asked, ended(1), runEnded(1)], null);
      await machine.left([
        ["project", { id: "q", name: "q", path: "/q" }],
        ...[session(), run(), dispatch(1), ended(1), runEnded(1)].map(
          ([type, data]): Draft => [type, { ...data, sessionId: other }],
        ),
      ]);
      machine.files.hook = (name, path) => {
        if (name === call && path === segment(2)) throw new IoError("EIO", path, name);
      };
      const life = await machine.recovered();
      expect([machine.over, machine.reports]).toEqual([[], []]);
      expect([...life.context.journalDamage]).toMatchObject([[id, [{ code: "log-unreadable" }]]]);
      expect(life.context.gaps).toEqual([{ first: 2, last: 2 }]);
      await life.close();
      expect(machine.files.opened).toBe(0);
    }
  });

  it("concerns those that were restored", async () => {
    const machine = await lost([
      project,
      ...[session(), run(), dispatch(1), ended(1), runEnded(1)].map(
        ([type, data]): Draft => [type, { ...data, sessionId: other }],
      ),
    ]);
    machine.files.appendTo(segment(1), Buffer.from("no record\n"));
    const life = await machine.recovered();
    expect([...life.context.journalDamage.keys()]).toEqual([id]);
    expect(life.context.journalDamage.get(id)).toMatchObject([{ path: segment(1) }]);
    await life.close();
  });

  it("concerns those with records in the same segment, where none was restored", async () => {
    const machine = await lost([...asked, ended(1), runEnded(1)], null);
    await machine.left(
      [session(), run(), dispatch(1), ended(1), runEnded(1)].map(
        ([type, data]): Draft => [type, { ...data, sessionId: other }],
      ),
    );
    machine.files.appendTo(segment(2), Buffer.from("no record\n"));
    machine.files.appendTo(segment(2), Buffer.from("none either\n"));
    const life = await machine.recovered();
    expect([...life.context.journalDamage.keys()]).toEqual([other]);
    await life.close();
  });
});
