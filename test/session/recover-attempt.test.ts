/**
 * A start finds out what became of an attempt: whether it was made, how it ended, or that its agent lives.
 */
import { describe, expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { sessionsToRecover } from "../../src/session/recover.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agent,
  asked,
  at,
  begun,
  cover,
  type Draft,
  dispatch,
  ended,
  half,
  id,
  identity,
  project,
  run,
  said,
  session,
  text,
  whole,
} from "./drafts.ts";
import { dataOf, left, living, recorded, sessionOf, settled } from "./machine.ts";

describe("an attempt that was to be started", () => {
  it("never starts any more where nobody had claimed it, and counts as never started", async () => {
    const machine = await left(asked);
    const life = await machine.recovered();
    expect(machine.fenced).toContain(machine.attempt(1));
    expect(machine.files.folders).toContain(machine.attempt(1));
    const records = await machine.records(2);
    expect(dataOf(records, "ended")).toMatchObject([
      {
        attempt: 1,
        exitCode: null,
        started: "no",
        tailBytes: 0,
        atMs: 1_000,
        seen: "the agent was never started: the server was gone before it could be",
      },
    ]);
    expect(dataOf(records, "run-ended")).toMatchObject([
      { runId: "r1", attempt: 1, state: "interrupted", reason: "Its agent was never started." },
    ]);
    expect(sessionOf(life).attempts[0]?.ended?.started).toBe("no");
    expect(machine.idle).toEqual([id]);
    await life.close();
  });

  it("is not said never to have been where a power cut may have taken the marker", async () => {
    const machine = await left([project, session(), run(), dispatch(1, "r1", { bootId: "earlier" })]);
    const life = await machine.recovered();
    expect(dataOf(await machine.records(2), "ended")).toMatchObject([
      {
        started: "unknown",
        seen: "nothing tells whether the agent was started: no start marker survived the power cut",
      },
    ]);
    await life.close();
  });

  it("over pipes, is not said to have been started or not where its host had not said so", async () => {
    const machine = await left([project, session(), run(), dispatch(1, "r1", { over: "pipes" })], {
      spool: "",
    });
    const life = await machine.recovered();
    expect(dataOf(await machine.records(2), "ended")).toMatchObject([
      {
        started: "unknown",
        seen: "nothing tells whether the agent was started: its host was gone before it said so",
      },
    ]);
    expect(dataOf(await machine.records(2), "run-ended")).toHaveLength(1);
    expect(machine.fenced).toEqual([machine.attempt(1)]);
    await life.close();
  });

  it("over pipes, is fenced where there is something to fence", async () => {
    const machine = await left([project, session(), run(), dispatch(1, "r1", { over: "pipes" })]);
    await (await machine.recovered()).close();
    expect(machine.fenced).toEqual([]);
    expect(dataOf(await machine.records(2), "ended")).toHaveLength(1);
  });

  it.each([
    { what: "a wrapper", marker: "99 990\n", fence: "started", started: "unknown" },
    { what: "a fence", marker: "fenced\n", fence: "started", started: "no" },
    { what: "nobody yet", marker: undefined, fence: "never-started", started: "no" },
    { what: "a wrapper, meanwhile", marker: undefined, fence: "started", started: "unknown" },
    { what: "somebody who said nothing and is gone", marker: "", fence: "started", started: "no" },
    { what: "somebody who has said nothing", marker: "", held: true, fence: "started", started: undefined },
    {
      what: "somebody whose word a power cut took",
      marker: "",
      bootId: "x",
      fence: "started",
      started: "unknown",
    },
  ] as const)("by its start marker: $what", async (one) => {
    const { marker, fence, started } = one;
    const bootId = "bootId" in one ? one.bootId : "boot";
    const machine = await left([project, session(), run(), dispatch(1, "r1", { bootId })], { spool: "" });
    if (marker !== undefined) machine.put(`${machine.attempt(1)}/started`, marker);
    machine.fence = fence;
    if ("held" in one) machine.held.add(machine.attempt(1));
    const life = await machine.recovered();
    const records = dataOf(await machine.records(2), "ended");
    expect(records.map((data) => data.started)).toEqual(started === undefined ? [] : [started]);
    expect(records.filter(({ seen }) => String(seen).startsWith("nothing tells"))).toEqual([]);
    // Whoever never was is not followed, and what was is.
    expect(records.filter(({ seen }) => String(seen).startsWith("the agent was never started"))).toHaveLength(
      started === "no" ? 1 : 0,
    );
    await life.close();
  });
});

describe("an agent that is gone", () => {
  it("is read to the end, and its run gets one", async () => {
    const machine = await left([...asked, agent(1, 50)], { spool: text(...whole), started: "99 990\n" });
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(dataOf(records, "cover")).toMatchObject([{ attempt: 1, fromByte: 0 }]);
    expect(dataOf(records, "ended")).toMatchObject([{ attempt: 1, exitCode: 0, started: "yes" }]);
    expect(dataOf(records, "run-ended")).toMatchObject([{ state: "completed" }]);
    expect(life.context.lives.get(id)).toMatchObject({ reconciling: false });
    expect(life.context.lives.get(id)?.follower).toBeUndefined();
    await life.close();
  });

  it("has spoken where its start marker is lost and its spool is not", async () => {
    const machine = await left(asked, { spool: text(...whole), exit: "0\n" });
    const life = await machine.recovered();
    expect(machine.fenced).toEqual([]);
    expect(dataOf(await machine.records(2), "ended")).toMatchObject([{ started: "yes" }]);
    await life.close();
  });

  it("has spoken where only the journal knows what it said", async () => {
    const machine = await left([...asked, cover(1, whole)], { exit: "0\n" });
    const life = await machine.recovered();
    expect(dataOf(await machine.records(2), "ended")).toMatchObject([{ started: "yes" }]);
    await life.close();
  });

  it("of an earlier attempt is read, too, where the journal has lost its end", async () => {
    const machine = await left([...asked, dispatch(2)], { spool: text(...whole), exit: "3\n" });
    machine.put(`${machine.attempt(2)}/spool`, text(said.name, said.call("c9")));
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    const life = await machine.recovered();
    expect(dataOf(await machine.records(2), "ended")).toMatchObject([
      { attempt: 1, exitCode: 3, started: "yes", at: { attempt: 1 } },
      { attempt: 2, exitCode: 0 },
    ]);
    expect(machine.files.watched.size).toBe(0);
    expect(machine.files.opened).toBe(0);
    await life.close();
  });

  it("of an earlier attempt has no end while nobody knows that it is gone", async () => {
    const machine = await left([...asked, dispatch(2)], { spool: text(...whole) });
    machine.held.add(machine.attempt(1));
    machine.put(`${machine.attempt(2)}/spool`, text(said.name));
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(dataOf(records, "ended").map((data) => data.attempt)).toEqual([2]);
    expect(dataOf(records, "cover").map((data) => data.attempt)).toEqual([1, 2]);
    expect([machine.files.watched.size, machine.files.opened]).toEqual([0, 0]);
    const renewed = machine.files.calls.filter((call) =>
      call.startsWith(`renew ${machine.attempt(1)}/spool`),
    );
    expect(renewed).toHaveLength(1);
    await life.close();
  });

  it("of an earlier attempt gets its end where its spool is gone as well, and no later start looks again", async () => {
    const machine = await left([...asked, dispatch(2), cover(2, half), dispatch(3)]);
    machine.put(`${machine.attempt(3)}/spool`, text(said.name));
    machine.put(`${machine.attempt(3)}/exit`, "0\n");
    const life = await machine.recovered();
    expect(dataOf(await machine.records(2), "ended")).toMatchObject([
      { attempt: 1, exitCode: null, started: "unknown", at: { attempt: 1 } },
      { attempt: 2, exitCode: null, started: "yes", at: { attempt: 2 } },
      { attempt: 3, exitCode: 0 },
    ]);
    expect(sessionsToRecover(life.context)).toEqual([]);
    expect([machine.files.watched.size, machine.files.opened]).toEqual([0, 0]);
    await life.close();
    await (await machine.recovered()).close();
    expect(dataOf(await machine.records(3), "ended")).toEqual([]);
  });

  it("of an earlier attempt is left alone where its end is on record, or its spool gone and its FIFO held", async () => {
    const known = await left([...asked, agent(1, 50), ended(1), dispatch(2)], { spool: text(...whole) });
    known.put(`${known.attempt(2)}/spool`, text(said.name));
    known.put(`${known.attempt(2)}/exit`, "0\n");
    await (await known.recovered()).close();
    expect(dataOf(await known.records(2), "ended").map((data) => data.attempt)).toEqual([2]);
    expect(dataOf(await known.records(2), "cover").map((data) => data.attempt)).toEqual([2]);
    const held = await left([...asked, dispatch(2)]);
    held.held.add(held.attempt(1));
    held.put(`${held.attempt(2)}/spool`, text(said.name));
    held.put(`${held.attempt(2)}/exit`, "0\n");
    await (await held.recovered()).close();
    expect(dataOf(await held.records(2), "ended").map((data) => data.attempt)).toEqual([2]);
  });
});

describe("an agent that lives", () => {
  async function living(more: readonly Draft[] = [], spool = text(said.name)) {
    const machine = await left([...asked, ...more], { spool, started: "49 490\n", pid: "50 500\n" });
    machine.running.set(50, identity(50));
    machine.held.add(machine.attempt(1));
    return machine;
  }

  it("is put on record, read and followed until it ends", async () => {
    const machine = await living();
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(dataOf(records, "agent")).toEqual([{ sessionId: id, attempt: 1, identity: identity(50) }]);
    expect(dataOf(records, "cover")).toHaveLength(1);
    expect(dataOf(records, "ended")).toEqual([]);
    const own = life.context.lives.get(id);
    expect(own).toMatchObject({ reconciling: false });
    expect(own?.follower).toBeDefined();
    expect(machine.idle).toEqual([]);
    expect(dataOf(records, "run-ended")).toEqual([]);
    await settled();
    machine.files.appendTo(`${machine.attempt(1)}/spool`, bytesOf(text(...whole.slice(1))));
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    machine.files.watched.get(machine.attempt(1))?.("exit");
    await settled();
    expect(dataOf(await machine.records(2), "run-ended")).toMatchObject([{ state: "completed" }]);
    expect(own?.follower).toBeUndefined();
    await life.close();
  });

  it("is known by its record", async () => {
    const machine = await living([agent(1, 50)]);
    const life = await machine.recovered();
    expect(dataOf(await machine.records(2), "agent")).toEqual([]);
    expect(dataOf(await machine.records(2), "ended")).toEqual([]);
    await life.close();
    expect(machine.files.watched.size).toBe(0);
  });

  it("is looked at for what is wrong with our own files once the server is ready", async () => {
    const machine = await living([agent(1, 50), cover(1, [said.name, said.call("c1")])]);
    const life = await machine.recovered();
    await settled();
    const findings = dataOf(await machine.records(2), "finding");
    expect(findings).toMatchObject([{ finding: { code: "record-lost" } }]);
    expect(life.context.lives.get(id)?.unnoted).toBeUndefined();
    await life.close();
  });

  it("is ended where a person had stopped its run", async () => {
    const cancel: Draft = [
      "cancel",
      { sessionId: id, runId: "r1", attempt: 1, who: "me", why: "stop", at: at(1, 0, 1_000_005) },
    ];
    const stopped = await living([agent(1, 50), cancel]);
    stopped.ends = () => false;
    const life = await stopped.recovered();
    expect(stopped.signals).toEqual(["50 SIGTERM"]);
    await stopped.pass();
    expect(stopped.signals).toEqual(["50 SIGTERM", "50 SIGKILL"]);
    await life.close();
    const given = await living([agent(1, 50), [cancel[0], { ...cancel[1], why: "abandon" }]]);
    await (await given.recovered()).close();
    expect(given.signals).toEqual([]);
    // Whom nobody can name gets no signal, and harms no start.
    const unseen = await left([...asked, cancel], { spool: "", started: "49 490\n" });
    unseen.held.add(unseen.attempt(1));
    const third = await unseen.recovered();
    expect([unseen.signals, unseen.over]).toEqual([[], []]);
    expect(third.context.lives.get(id)?.follower).toBeDefined();
    await third.close();
  });

  it("over pipes, is asked for once a second", async () => {
    const machine = await left(
      [project, session(), run(), dispatch(1, "r1", { over: "pipes" }), agent(1, 50)],
      { spool: text(said.name) },
    );
    machine.running.set(50, identity(50));
    const life = await machine.recovered();
    await settled();
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([1_000]);
    machine.running.delete(50);
    await machine.pass();
    expect(dataOf(await machine.records(2), "ended")).toMatchObject([{ exitCode: null, started: "yes" }]);
    await life.close();
  });
});

it("an attempt whose folder somebody has removed has its end when its agent has", async () => {
  const machine = await living([...begun, cover(1, [said.name])]);
  const folder = machine.attempt(1);
  for (const path of machine.files.nodes.keys())
    if (path.startsWith(`${folder}/`)) machine.files.nodes.delete(path);
  machine.files.folders.delete(folder);
  machine.held.clear();
  machine.world.agents.whenGone = async (_, onGone) => {
    queueMicrotask(onGone);
    return { close: () => undefined };
  };
  const { watchFolder } = machine.files;
  machine.files.watchFolder = (path, onChange) => {
    if (path !== undefined && !machine.files.folders.has(path)) throw new IoError("ENOENT", path, "watch");
    return watchFolder.call(machine.files, path, onChange);
  };
  const life = await machine.recovered();
  await settled();
  expect([machine.reports, await recorded(machine, "ended")]).toEqual([[], []]);
  machine.running.delete(50);
  await machine.pass();
  expect(await recorded(machine, "ended")).toMatchObject([{ attempt: 1, exitCode: null, started: "yes" }]);
  expect(sessionOf(life).runs).toMatchObject([{ state: "interrupted" }]);
  await life.close();
});
