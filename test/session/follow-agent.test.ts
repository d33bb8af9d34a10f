/**
 * An agent is followed by what its wrapper notes and by the process table until it is over.
 */
import { describe, expect, it } from "vitest";
import { lifeOf } from "../../src/session/context.ts";
import { Follower } from "../../src/session/follow.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agent,
  asked,
  at,
  begun,
  cover,
  type Draft,
  dispatch,
  id,
  identity,
  said,
  text,
  whole,
} from "./drafts.ts";
import { living, type Machine, recorded, says, sessionOf, settled } from "./machine.ts";

const ends = (machine: Machine, exit = "0\n") => {
  machine.put(`${machine.attempt(1)}/exit`, exit);
  machine.files.watched.get(machine.attempt(1))?.("exit");
};

describe("an agent", () => {
  it("is put on record as soon as its wrapper has noted it", async () => {
    const machine = await living(asked, [said.name], { pid: false });
    const life = await machine.recovered();
    await settled();
    expect(await recorded(machine, "agent")).toEqual([]);
    machine.put(`${machine.attempt(1)}/pid`, "50 500\n");
    says(machine, "", "pid");
    await settled();
    expect(await recorded(machine, "agent")).toEqual([{ sessionId: id, attempt: 1, identity: identity(50) }]);
    says(machine, "", "pid");
    await settled();
    expect(await recorded(machine, "agent")).toHaveLength(1);
    await life.close();
  });

  it("is over with what its wrapper noted, when all that it said is on record", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    machine.files.appendTo(`${machine.attempt(1)}/spool`, bytesOf(`${text(...whole.slice(1))}half`));
    ends(machine, "7\n");
    await settled();
    const records = await machine.records(2);
    const wanted = records.filter(([type]) => type === "cover" || type === "ended");
    expect(wanted.map(([type]) => type)).toEqual(["cover", "cover", "ended"]);
    expect(wanted.at(-1)?.[1]).toEqual({
      sessionId: id,
      attempt: 1,
      exitCode: 7,
      started: "yes",
      seen: "the wrapper noted exit code 7",
      tailBytes: 4,
      at: { attempt: 1, byte: text(...whole).length, k: 1_020_000 },
      atMs: 1_000,
    });
    expect(machine.files.watched.size).toBe(0);
    expect(machine.gone.size).toBe(0);
    await life.close();
    expect(machine.files.opened).toBe(0);
  });

  it("whose wrapper is gone is asked for, once a second, until it is gone, too", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    const gone = machine.gone.get(machine.attempt(1));
    expect(gone).toBeDefined();
    gone?.();
    await settled();
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([1_000]);
    await machine.pass();
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([1_000]);
    machine.running.delete(50);
    await machine.pass();
    expect(await recorded(machine, "ended")).toMatchObject([
      { exitCode: null, started: "yes", seen: "pid 50 (start time 500) is not in the process table" },
    ]);
    expect(machine.timers).toEqual([]);
    await life.close();
  });

  it("is over as its wrapper says also where that comes with the last look", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    machine.running.delete(50);
    machine.gone.get(machine.attempt(1))?.();
    const { identify } = machine.world.processes;
    machine.world.processes.identify = async (pid) => {
      machine.put(`${machine.attempt(1)}/exit`, "3\n");
      return identify(pid);
    };
    await settled();
    expect(await recorded(machine, "ended")).toMatchObject([
      { exitCode: 3, seen: "the wrapper noted exit code 3" },
    ]);
    await life.close();
  });

  it("that its killed wrapper had not noted is known by its mark", async () => {
    const machine = await living(asked, [said.name], { pid: false });
    machine.kin = [{ identity: identity(50), by: "marker", args: ["ada"] }];
    const life = await machine.recovered();
    await settled();
    machine.running.delete(49);
    machine.gone.get(machine.attempt(1))?.();
    await settled();
    expect(await recorded(machine, "agent")).toEqual([{ sessionId: id, attempt: 1, identity: identity(50) }]);
    await life.close();
  });

  it("is watched by its wrapper from the moment it was started, once", async () => {
    const machine = await living(asked, [said.name], { started: false });
    const life = await machine.recovered();
    await settled();
    expect(machine.gone.size).toBe(0);
    machine.put(`${machine.attempt(1)}/started`, "49 490\n");
    says(machine, "", "started");
    await settled();
    expect(machine.gone.size).toBe(1);
    machine.gone.clear();
    says(machine, "", "started");
    await settled();
    expect(machine.gone.size).toBe(0);
    await life.close();
  });

  it("that said nothing and was never seen has not been started where its wrapper could not say that it began", async () => {
    for (const [started, bootId, found] of [
      ["", "boot", "no"],
      ["", "earlier", "unknown"],
      ["49 490\n", "boot", "unknown"],
    ] as const) {
      const machine = await living([...asked.slice(0, 3), dispatch(1, "r1", { bootId })], [], { pid: false });
      machine.put(`${machine.attempt(1)}/started`, started);
      const life = await machine.begin();
      await life.ready;
      await settled();
      machine.held.clear();
      const follower = lifeOf(life.context, id).follower;
      follower?.wrapperIsGone();
      follower?.poke();
      await settled();
      const records = await recorded(machine, "ended");
      expect([started, bootId, records.map((data) => data.started)]).toEqual([started, bootId, [found]]);
      await life.close();
    }
  });

  it("that writes more than it may is ended, once, and its run failed", async () => {
    const machine = await living();
    machine.ends = () => false;
    const most = said.name.length + 1;
    const life = await machine.recovered({ spoolBytesMax: most });
    await settled();
    expect(machine.signals).toEqual([]);
    says(machine, "x");
    await settled();
    says(machine, "y");
    await settled();
    expect(await recorded(machine, "limit")).toEqual([
      {
        sessionId: id,
        attempt: 1,
        reason: `The agent wrote more than ${most} bytes to its stdout and was ended.`,
        at: { attempt: 1, byte: most, k: 1_020_000 },
      },
    ]);
    expect(machine.signals).toEqual(["50 SIGTERM"]);
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([100]);
    await life.close();
  });

  it("that wrote more than it may is ended by the next life where the one that told so went first", async () => {
    const limit: Draft = [
      "limit",
      { sessionId: id, attempt: 1, reason: "too much", at: at(1, said.name.length + 1) },
    ];
    const machine = await living([...begun, cover(1, [said.name]), limit]);
    machine.ends = () => false;
    const life = await machine.recovered();
    await settled();
    says(machine, "x");
    await settled();
    expect(machine.signals).toEqual(["50 SIGTERM"]);
    expect(await recorded(machine, "limit")).toEqual([]);
    await life.close();
  });

  it("that wrote more than it may and is through was not ended", async () => {
    const machine = await living(begun, whole);
    machine.running.delete(50);
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    const life = await machine.recovered({ spoolBytesMax: 3 });
    expect(await recorded(machine, "limit")).toEqual([]);
    expect(sessionOf(life).runs).toMatchObject([{ state: "completed" }]);
    await life.close();
  });

  it("that writes more than it may and that nobody can name is told, and ended when its name is known", async () => {
    const machine = await living(asked, [said.name], { pid: false });
    const life = await machine.recovered({ spoolBytesMax: 3 });
    await settled();
    expect(await recorded(machine, "limit")).toHaveLength(1);
    expect([machine.signals, machine.reports]).toEqual([[], []]);
    machine.put(`${machine.attempt(1)}/pid`, "50 500\n");
    says(machine, "", "pid");
    await settled();
    expect(await recorded(machine, "limit")).toHaveLength(1);
    expect(machine.signals).toEqual(["50 SIGTERM"]);
    await life.close();
  });

  it("has been started where it left a code, was seen, or has said something, each alone", async () => {
    for (const [drafts, lines, exit] of [
      [asked, [], "3\n"],
      [[...asked, agent(1, 50)], [], undefined],
      [asked, [said.name], undefined],
    ] as const) {
      const machine = await living(drafts, lines, { pid: false });
      machine.put(`${machine.attempt(1)}/started`, "");
      machine.running.delete(50);
      if (exit !== undefined) machine.put(`${machine.attempt(1)}/exit`, exit);
      const life = await machine.recovered();
      await settled();
      const follower = lifeOf(life.context, id).follower;
      machine.held.clear();
      follower?.wrapperIsGone();
      follower?.poke();
      await settled();
      const found = (await recorded(machine, "ended")).map((data) => [data.started, data.exitCode]);
      expect(found).toEqual([["yes", exit === undefined ? null : 3]]);
      await life.close();
    }
  });

  it("of a life that is closed is followed no more, and has no end for that", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    // Nobody has told of it yet.
    machine.files.appendTo(`${machine.attempt(1)}/spool`, bytesOf(`${said.call("c0")}\n`));
    await life.close();
    expect(await recorded(machine, "cover")).toHaveLength(1);
    expect([machine.files.watched.size, machine.gone.size, machine.files.opened]).toEqual([0, 0, 0]);
    says(machine, `${said.call("c1")}\n`);
    ends(machine);
    await settled();
    expect(await recorded(machine, "ended")).toEqual([]);
    expect(machine.reports).toEqual([]);
  });

  it("without a spool is followed all the same", async () => {
    const machine = await living([...asked, agent(1, 50)]);
    machine.files.nodes.delete(`${machine.attempt(1)}/spool`);
    const life = await machine.recovered();
    await settled();
    ends(machine);
    await settled();
    expect(await recorded(machine, "ended")).toMatchObject([{ exitCode: 0, started: "yes", tailBytes: 0 }]);
    await life.close();
  });

  it("is followed by whoever catches up first, and then by news", async () => {
    const machine = await living();
    const life = await machine.recovered();
    await settled();
    const attempt = sessionOf(life).attempts[0];
    if (attempt === undefined) throw new Error("It is on record.");
    const follower = new Follower(life.context, sessionOf(life), attempt);
    await follower.open();
    await follower.catchUp();
    machine.files.calls.length = 0;
    const running = follower.run();
    await settled();
    // It was just looked at.
    expect(machine.files.calls).toEqual([]);
    await follower.close();
    expect(await running).toBe(false);
    await life.close();
  });
});
