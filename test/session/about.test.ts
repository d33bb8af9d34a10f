/**
 * Attempts that the journal has lost are taken back from their own copies, and lives begin from checkpoints.
 */
import { describe, expect, it } from "vitest";
import { restoreLost } from "../../src/session/about.ts";
import { checkpointPath, recordsPerCheckpoint } from "../../src/session/checkpoint.ts";
import { beginLife } from "../../src/session/life.ts";
import {
  agent,
  at,
  cover,
  type Draft,
  dispatch,
  ended,
  home,
  id,
  Machine,
  named,
  project,
  run,
  runEnded,
  session,
  sessionOf,
  settled,
  text,
  whole,
} from "./machine.ts";

const other = "00000000000000bb";
const segment = (generation: number) => `${home}/journal/0000000${generation}.journal`;

const copyOf = (drafts: readonly Draft[]) =>
  `${JSON.stringify(drafts.map(([type, data]) => ({ type, data })))}\n`;
const copy = [project, session(), run(), dispatch(1)];

/** The agent of attempt 1 is through; of the session the journal knows this, and its copy the rest. */
async function lost(known: readonly Draft[], about: string | null = copyOf(copy)) {
  const machine = new Machine();
  await machine.left(known);
  machine.put(`${machine.attempt(1)}/spool`, text(...whole));
  machine.put(`${machine.attempt(1)}/exit`, "0\n");
  if (about !== null) machine.put(`${machine.attempt(1)}/about.json`, about);
  return machine;
}

const types = async (machine: Machine, generation = 2) =>
  (await machine.records(generation)).map(([type]) => type);

describe("an attempt that the journal has lost", () => {
  it("is on record again from its copy, and its spool is read", async () => {
    const machine = await lost([]);
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(records.slice(0, 5)).toEqual([
      ...copy,
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

  it("is not taken from a copy that is torn, of another attempt, or says too little", async () => {
    const wrong = [
      "",
      copyOf(copy).slice(0, -9),
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
    const known = copy.map(([type, data]) => ({ type, data }));
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
    const over = [...copy, agent(1, 50), cover(1, whole), ended(1), runEnded(1)];
    const machine = await lost(over, copyOf(copy));
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
      known.put(`${known.attempt(1)}/about.json`, copyOf(copy));
      known.files.folders.add(known.attempt(2));
      expect(await restoreLost(life.context, [id], [id])).toEqual(found);
      await life.close();
    }
  });

  it("is looked for in every session where the journal is damaged or empty, else in those that are recent", async () => {
    const over: readonly Draft[] = [...copy, agent(1, 50), cover(1, whole), named(1), ended(1), runEnded(1)];
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
  });

  it("stands in the evidence, where nothing else tells of it", async () => {
    const machine = await lost([]);
    const life = await machine.recovered();
    await settled();
    const findings = (await machine.records(2)).filter(([type]) => type === "finding");
    expect(JSON.stringify(findings)).toContain("no longer held attempt 1 of this session");
    await life.close();
  });
});

describe("damage that names nobody", () => {
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
    const machine = await lost([...copy, ended(1), runEnded(1)], null);
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

describe("a life", () => {
  const over: readonly Draft[] = [...copy, agent(1, 50), cover(1, whole), named(1), ended(1), runEnded(1)];
  const filler = (count: number): Draft[] =>
    Array.from({ length: count }, () => ["about", { sessionId: id, about: "x".repeat(9) }]);

  it("leaves a checkpoint where it read so many records, and the next one begins with it", async () => {
    // With the record of either life.
    const few = recordsPerCheckpoint - over.length - 2;
    const fewer = await lost([...over, ...filler(few - 1)], null);
    await (await fewer.recovered()).close();
    expect(fewer.files.nodes.has(checkpointPath(home))).toBe(false);
    const machine = await lost([...over, ...filler(few)], null);
    const second = await machine.recovered();
    await second.close();
    expect(machine.files.nodes.has(checkpointPath(home))).toBe(true);
    expect(machine.files.nodes.has(`${home}/checkpoint-${second.generation()}`)).toBe(true);
    const opened = machine.files.opened;
    const third = await machine.recovered();
    expect(machine.files.opened).toBe(opened + 1);
    expect(sessionOf(third).runs).toMatchObject([{ state: "completed" }]);
    await third.close();
    expect(machine.files.opened).toBe(opened);
    // What it covers is altered: all of the journal is read, and the checkpoint closed.
    machine.files.appendTo(segment(1), Buffer.from("late\n"));
    const fourth = await machine.recovered();
    expect(fourth.context.late).toHaveLength(1);
    expect(sessionOf(fourth).runs).toMatchObject([{ state: "completed" }]);
    expect(sessionOf(fourth).facts).toEqual(sessionOf(second).facts);
    expect(machine.files.opened).toBe(opened);
    await fourth.close();
    expect(machine.files.opened).toBe(opened);
  });

  it("leaves none of a journal with damage or late writes", async () => {
    for (const [harm, ends] of [
      ["no record\n", "before"],
      ["late\n", "behind"],
    ] as const) {
      const machine = await lost([...over, ...filler(recordsPerCheckpoint)], null);
      if (ends === "behind") await (await machine.recovered()).close();
      machine.files.nodes.delete(checkpointPath(home));
      machine.files.appendTo(segment(1), Buffer.from(harm));
      const life = await machine.recovered();
      expect(life.context.journalDamage.size + life.context.late.length).toBeGreaterThan(0);
      await life.close();
      expect(machine.files.nodes.has(checkpointPath(home))).toBe(false);
    }
  });

  it("passes by records that it does not know, and keeps their places", async () => {
    const machine = await lost([...over, ["of-tomorrow", { sessionId: id, at: at(1, 999) }]], null);
    const life = await machine.recovered();
    expect(sessionOf(life).passedAt).toEqual(at(1, 999));
    await life.close();
  });

  it("begins in a home that it makes, says who it is, and leaves nothing open", async () => {
    const machine = new Machine();
    machine.files.folders.delete(home);
    const life = await machine.recovered();
    expect(life.generation()).toBe(1);
    const written = Buffer.from(machine.files.bytes(segment(1))).toString();
    expect(written).toContain(JSON.stringify({ identity: machine.self, atMs: 1_000 }).slice(1, -1));
    await life.close();
    expect([machine.files.opened, machine.files.writing]).toEqual([0, 0]);
    expect(machine.over).toEqual([]);
    await expect(life.context.recorder.record(...(project as ["project", never]))).rejects.toThrow("closed");
  });

  it("does not begin over the link of somebody else", async () => {
    for (const name of ["journal", "sessions"]) {
      const machine = new Machine();
      Object.assign(machine.files, { isLink: async (path: string) => path === `${home}/${name}` });
      await expect(machine.begin()).rejects.toMatchObject({ code: "bad-argument" });
      expect(machine.files.nodes.size).toBe(0);
    }
  });

  it("lists its sessions in any order where the machine does that faster", async () => {
    const machine = await lost([]);
    machine.put(
      `${machine.attempt(1, other)}/about.json`,
      copyOf(copy).replaceAll(`"sessionId":"${id}"`, `"sessionId":"${other}"`),
    );
    const { list } = machine.files;
    const asked: string[] = [];
    Object.assign(machine.files, {
      listInAnyOrder: async (path: string) => {
        asked.push(path);
        return (await list.call(machine.files, path))?.toReversed();
      },
    });
    const life = await machine.recovered();
    expect(asked).toEqual([`${home}/sessions`]);
    expect(sessionOf(life).attempts).toHaveLength(1);
    const restored = (await machine.records(2)).filter(([type]) => type === "restored");
    expect(restored.map(([, data]) => data.sessionId)).toEqual([id, other]);
    await life.close();
  });

  it("ends when what it found cannot be told, and says why", async () => {
    const machine = await lost(copy, null);
    machine.files.hook = (call, path) => {
      if (call === "open" && path.endsWith("/spool")) throw new Error("a fault of ours");
    };
    const life = await machine.begin();
    await expect(life.ready).rejects.toThrow("a fault of ours");
    await settled();
    expect(machine.over).toEqual(["a fault of ours"]);
    await life.close();
  });

  it("asks nobody what may begin where nobody said so", async () => {
    const machine = await lost(copy, null);
    const hooks = { onOver: (why: string) => void machine.over.push(why), report: () => undefined };
    const life = await beginLife(machine.world, machine.config, hooks);
    await life.ready;
    expect(machine.over).toEqual([]);
    await life.close();
  });

  it("says once that another has taken over", async () => {
    const machine = await lost(copy, null);
    const life = await machine.begin();
    const next = await machine.begin();
    await expect(life.ready).rejects.toThrow("Another server has taken over");
    expect(machine.over).toHaveLength(1);
    await next.ready;
    await next.close();
  });

  it("that is closed waits for what is under way", async () => {
    const machine = await lost(copy, null);
    const life = await machine.recovered();
    let isDone = false;
    let finish = () => {};
    life.context.locks.set(
      "some",
      new Promise<void>((resolve) => (finish = resolve)).then(() => {
        isDone = true;
      }),
    );
    const closing = life.close();
    expect(life.context.closing).toBe(true);
    await settled();
    expect(machine.files.writing).toBe(1);
    finish();
    await closing;
    expect([isDone, machine.files.writing]).toEqual([true, 0]);
  });
});
