/**
 * A life of a server begins, from a checkpoint where there is one, and ends.
 */
import { describe, expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { checkpointPath, readCheckpoint, recordsPerCheckpoint } from "../../src/session/checkpoint.ts";
import { beginLife } from "../../src/session/life.ts";
import { asked, at, type Draft, home, id, over, project, text, whole } from "./drafts.ts";
import { left, Machine, sessionOf, settled } from "./machine.ts";

/** The agent of attempt 1 is through. */
const through = (drafts: readonly Draft[]) => left(drafts, { spool: text(...whole), exit: "0\n" });

const segment = (generation: number) => `${home}/journal/0000000${generation}.journal`;

describe("a life", () => {
  const filler = (count: number): Draft[] =>
    Array.from({ length: count }, () => ["about", { sessionId: id, about: "x".repeat(9) }]);

  it("leaves a checkpoint where it read so many records, and the next one begins with it", async () => {
    // With the record of either life.
    const few = recordsPerCheckpoint - over.length - 2;
    const fewer = await through([...over, ...filler(few - 1)]);
    await (await fewer.recovered()).close();
    expect(fewer.files.nodes.has(checkpointPath(home))).toBe(false);
    const machine = await through([...over, ...filler(few)]);
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

  /** The disk does not give the sessions of a checkpoint, by machines that read one where it is. */
  const unreadable = (machine: Machine, isBad: (path: string) => boolean) => {
    const open = machine.files.openRead.bind(machine.files);
    machine.files.openRead = async (path) => {
      const file = await open(path);
      if (file === undefined || !path.startsWith(`${home}/checkpoint-`)) return file;
      const readNow = (fromByte: number, toByte: number) => {
        if (isBad(path)) throw new IoError("EIO", path, "read");
        return machine.files.bytes(path).slice(fromByte, toByte);
      };
      return { ...file, readNow };
    };
  };
  const withCheckpoint = async () => {
    const machine = await through([...over, ...filler(recordsPerCheckpoint)]);
    const first = await machine.recovered();
    await first.close();
    return { machine, facts: sessionOf(first).facts };
  };

  it("reads the whole journal where a session of the checkpoint cannot be read, says so, and leaves none for the next", async () => {
    for (const damage of ["", "no record\n"]) {
      const { machine, facts } = await withCheckpoint();
      unreadable(machine, (path) => path === `${home}/checkpoint-2`);
      // In a segment that the checkpoint does not cover: then every session is looked at.
      machine.files.appendTo(segment(2), Buffer.from(damage));
      const { opened } = machine.files;
      const life = await machine.recovered();
      expect(sessionOf(life).facts.slice(0, facts.length)).toEqual(facts);
      expect(machine.over).toEqual([]);
      const why = `The checkpoint is not used, and the whole journal was read: read failed with EIO on ${home}/checkpoint-2.`;
      expect(machine.reports).toEqual([why]);
      expect(machine.files.opened).toBe(opened);
      await life.close();
      // Of what is whole another one was made.
      expect(machine.files.nodes.has(checkpointPath(home))).toBe(damage === "");
      await (await machine.recovered()).close();
      expect(machine.reports).toHaveLength(1);
    }
  });

  it("removes a checkpoint of which a session cannot be read later: the next start reads the journal", async () => {
    const { machine } = await withCheckpoint();
    let isBad = false;
    unreadable(machine, () => isBad);
    await (await machine.recovered()).close();
    isBad = true;
    const kept = await readCheckpoint(machine.files, home);
    expect(() => kept?.state.sessions.get(id)).toThrow(IoError);
    await kept?.close();
    expect(await readCheckpoint(machine.files, home)).toBeUndefined();
    expect(machine.files.opened).toBe(0);
  });

  it("leaves none of a journal with damage or late writes", async () => {
    for (const [harm, ends] of [
      ["no record\n", "before"],
      ["late\n", "behind"],
    ] as const) {
      const machine = await through([...over, ...filler(recordsPerCheckpoint)]);
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
    const machine = await through([...over, ["of-tomorrow", { sessionId: id, at: at(1, 999) }]]);
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

  it("ends when what it found cannot be told, and says why", async () => {
    const machine = await through(asked);
    machine.files.appendTo(segment(1), Buffer.from("no record\n"));
    let looks = 0;
    machine.files.hook = (call, path) => {
      // First the journal is read, then whom its damage concerns.
      if (call === "open" && path === segment(1) && ++looks === 2) throw new Error("a fault of ours");
    };
    const life = await machine.begin();
    await expect(life.ready).rejects.toThrow("a fault of ours");
    await settled();
    expect(machine.over).toEqual(["a fault of ours"]);
    await life.close();
  });

  it("asks nobody what may begin where nobody said so", async () => {
    const machine = await through(asked);
    const hooks = { onOver: (why: string) => void machine.over.push(why), report: () => undefined };
    const life = await beginLife(machine.world, machine.config, hooks);
    await life.ready;
    expect(machine.over).toEqual([]);
    await life.close();
  });

  it("says once that another has taken over", async () => {
    const machine = await through(asked);
    const life = await machine.begin();
    const next = await machine.begin();
    await expect(life.ready).rejects.toThrow("Another server has taken over");
    expect(machine.over).toHaveLength(1);
    await next.ready;
    await next.close();
  });

  it("that is closed waits for what is under way", async () => {
    const machine = await through(asked);
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
