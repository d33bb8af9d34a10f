/**
 * A start finds out where every session stands, whatever the life before it left of it.
 */
import { describe, expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agent,
  at,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  home,
  id,
  identity,
  Machine,
  named,
  project,
  run,
  runEnded,
  said,
  session,
  sessionOf,
  settled,
  text,
  whole,
} from "./machine.ts";

const open: readonly Draft[] = [project, session(), run(), dispatch(1)];

/** A machine on which an earlier life left this, and what its wrapper left of attempt 1. */
async function left(drafts: readonly Draft[], files: Readonly<Record<string, string>> = {}) {
  const machine = new Machine();
  await machine.left(drafts);
  for (const [name, content] of Object.entries(files)) machine.put(`${machine.attempt(1)}/${name}`, content);
  return machine;
}

const of = (records: [string, Record<string, unknown>][], wanted: string) =>
  records.filter(([type]) => type === wanted).map(([, data]) => data);

describe("an attempt that was to be started", () => {
  it("never starts any more where nobody had claimed it, and counts as never started", async () => {
    const machine = await left(open);
    const life = await machine.recovered();
    expect(machine.fenced).toContain(machine.attempt(1));
    expect(machine.files.folders).toContain(machine.attempt(1));
    const records = await machine.records(2);
    expect(of(records, "ended")).toMatchObject([
      {
        attempt: 1,
        exitCode: null,
        started: "no",
        tailBytes: 0,
        atMs: 1_000,
        seen: "the agent was never started: the server was gone before it could be",
      },
    ]);
    expect(of(records, "run-ended")).toMatchObject([
      { runId: "r1", attempt: 1, state: "interrupted", reason: "Its agent was never started." },
    ]);
    expect(sessionOf(life).attempts[0]?.ended?.started).toBe("no");
    expect(machine.idle).toEqual([id]);
    await life.close();
  });

  it("is not said never to have been where a power cut may have taken the marker", async () => {
    const machine = await left([project, session(), run(), dispatch(1, "r1", { bootId: "earlier" })]);
    const life = await machine.recovered();
    expect(of(await machine.records(2), "ended")).toMatchObject([
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
    expect(of(await machine.records(2), "ended")).toMatchObject([
      {
        started: "unknown",
        seen: "nothing tells whether the agent was started: its host was gone before it said so",
      },
    ]);
    expect(of(await machine.records(2), "run-ended")).toHaveLength(1);
    expect(machine.fenced).toEqual([machine.attempt(1)]);
    await life.close();
  });

  it("over pipes, is fenced where there is something to fence", async () => {
    const machine = await left([project, session(), run(), dispatch(1, "r1", { over: "pipes" })]);
    await (await machine.recovered()).close();
    expect(machine.fenced).toEqual([]);
    expect(of(await machine.records(2), "ended")).toHaveLength(1);
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
    const records = of(await machine.records(2), "ended");
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
    const machine = await left([...open, agent(1, 50)], { spool: text(...whole), started: "99 990\n" });
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(of(records, "cover")).toMatchObject([{ attempt: 1, fromByte: 0 }]);
    expect(of(records, "ended")).toMatchObject([{ attempt: 1, exitCode: 0, started: "yes" }]);
    expect(of(records, "run-ended")).toMatchObject([{ state: "completed" }]);
    expect(life.context.lives.get(id)).toMatchObject({ reconciling: false });
    expect(life.context.lives.get(id)?.follower).toBeUndefined();
    await life.close();
  });

  it("has spoken where its start marker is lost and its spool is not", async () => {
    const machine = await left(open, { spool: text(...whole), exit: "0\n" });
    const life = await machine.recovered();
    expect(machine.fenced).toEqual([]);
    expect(of(await machine.records(2), "ended")).toMatchObject([{ started: "yes" }]);
    await life.close();
  });

  it("has spoken where only the journal knows what it said", async () => {
    const machine = await left([...open, cover(1, whole)], { exit: "0\n" });
    const life = await machine.recovered();
    expect(of(await machine.records(2), "ended")).toMatchObject([{ started: "yes" }]);
    await life.close();
  });

  it("of an earlier attempt is read, too, where the journal has lost its end", async () => {
    const machine = await left([...open, dispatch(2)], { spool: text(...whole), exit: "3\n" });
    machine.put(`${machine.attempt(2)}/spool`, text(said.name, said.call("c9")));
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    const life = await machine.recovered();
    expect(of(await machine.records(2), "ended")).toMatchObject([
      { attempt: 1, exitCode: 3, started: "yes", at: { attempt: 1 } },
      { attempt: 2, exitCode: 0 },
    ]);
    expect(machine.files.watched.size).toBe(0);
    expect(machine.files.opened).toBe(0);
    await life.close();
  });

  it("of an earlier attempt has no end while nobody knows that it is gone", async () => {
    const machine = await left([...open, dispatch(2)], { spool: text(...whole) });
    machine.held.add(machine.attempt(1));
    machine.put(`${machine.attempt(2)}/spool`, text(said.name));
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(of(records, "ended").map((data) => data.attempt)).toEqual([2]);
    expect(of(records, "cover").map((data) => data.attempt)).toEqual([1, 2]);
    expect([machine.files.watched.size, machine.files.opened]).toEqual([0, 0]);
    const renewed = machine.files.calls.filter((call) =>
      call.startsWith(`renew ${machine.attempt(1)}/spool`),
    );
    expect(renewed).toHaveLength(1);
    await life.close();
  });

  it("of an earlier attempt is left alone where its spool is gone, or its end on record", async () => {
    const machine = await left([...open, dispatch(2), dispatch(3)]);
    machine.put(`${machine.attempt(3)}/spool`, text(said.name));
    machine.put(`${machine.attempt(3)}/exit`, "0\n");
    const life = await machine.recovered();
    expect(of(await machine.records(2), "ended").map((data) => data.attempt)).toEqual([3]);
    await life.close();
    const known = await left([...open, agent(1, 50), ended(1), dispatch(2)], { spool: text(...whole) });
    known.put(`${known.attempt(2)}/spool`, text(said.name));
    known.put(`${known.attempt(2)}/exit`, "0\n");
    await (await known.recovered()).close();
    expect(of(await known.records(2), "ended").map((data) => data.attempt)).toEqual([2]);
    expect(of(await known.records(2), "cover").map((data) => data.attempt)).toEqual([2]);
  });
});

describe("an agent that lives", () => {
  async function living(more: readonly Draft[] = [], spool = text(said.name)) {
    const machine = await left([...open, ...more], { spool, started: "49 490\n", pid: "50 500\n" });
    machine.running.set(50, identity(50));
    machine.held.add(machine.attempt(1));
    return machine;
  }

  it("is put on record, read and followed until it ends", async () => {
    const machine = await living();
    const life = await machine.recovered();
    const records = await machine.records(2);
    expect(of(records, "agent")).toEqual([{ sessionId: id, attempt: 1, identity: identity(50) }]);
    expect(of(records, "cover")).toHaveLength(1);
    expect(of(records, "ended")).toEqual([]);
    const own = life.context.lives.get(id);
    expect(own).toMatchObject({ reconciling: false });
    expect(own?.follower).toBeDefined();
    expect(machine.idle).toEqual([]);
    expect(of(records, "run-ended")).toEqual([]);
    await settled();
    machine.files.appendTo(`${machine.attempt(1)}/spool`, bytesOf(text(...whole.slice(1))));
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    machine.files.watched.get(machine.attempt(1))?.("exit");
    await settled();
    expect(of(await machine.records(2), "run-ended")).toMatchObject([{ state: "completed" }]);
    expect(own?.follower).toBeUndefined();
    await life.close();
  });

  it("is known by its record", async () => {
    const machine = await living([agent(1, 50)]);
    const life = await machine.recovered();
    expect(of(await machine.records(2), "agent")).toEqual([]);
    expect(of(await machine.records(2), "ended")).toEqual([]);
    await life.close();
    expect(machine.files.watched.size).toBe(0);
  });

  it("is looked at for what is wrong with our own files once the server is ready", async () => {
    const machine = await living([agent(1, 50), cover(1, [said.name, said.call("c1")])]);
    const life = await machine.recovered();
    await settled();
    const findings = of(await machine.records(2), "finding");
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
    const unseen = await left([...open, cancel], { spool: "", started: "49 490\n" });
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
    expect(of(await machine.records(2), "ended")).toMatchObject([{ exitCode: null, started: "yes" }]);
    await life.close();
  });
});

describe("a session of which only what waits is known", () => {
  it("is settled, and what waits may begin", async () => {
    const queued: Draft = ["queued", { sessionId: id, queueId: "q", prompt: "later", atMs: 1 }];
    const machine = new Machine();
    await machine.left([project, session(), queued]);
    const life = await machine.recovered();
    expect([machine.idle, machine.over, machine.reports]).toEqual([[id], [], []]);
    expect(await machine.records(2)).toEqual([]);
    await life.close();
  });
});

describe("a session that cannot be read", () => {
  it("is reported, stays so, and harms no other", async () => {
    const machine = await left([...open, agent(1, 50)], { spool: text(...whole), exit: "0\n" });
    const other = "00000000000000bb";
    const otherRun = (type: string, data: object): Draft => [type, { ...data, sessionId: other }];
    await machine.left([
      otherRun(...session()),
      otherRun(...run()),
      otherRun(...dispatch(1)),
      otherRun(...agent(1, 51)),
    ]);
    machine.put(`${machine.attempt(1, other)}/spool`, text(...whole));
    machine.put(`${machine.attempt(1, other)}/exit`, "0\n");
    machine.files.hook = (call, path) => {
      if (call === "read" && path === `${machine.attempt(1)}/spool`) throw new IoError("EIO", path, "read");
    };
    const life = await machine.recovered();
    expect(machine.reports).toEqual([
      `Session ${id} cannot be read: read failed with EIO on ${machine.attempt(1)}/spool. The others are not affected.`,
    ]);
    expect(life.context.lives.get(id)).toMatchObject({
      reconciling: false,
      trouble: `read failed with EIO on ${machine.attempt(1)}/spool`,
    });
    expect(of(await machine.records(3), "run-ended")).toMatchObject([
      { sessionId: other, state: "completed" },
    ]);
    expect(machine.over).toEqual([]);
    await life.close();
  });
});

describe("sessions that ended", () => {
  const over: readonly Draft[] = [...open, agent(1, 50), cover(1, whole), named(1), ended(1), runEnded(1)];

  it("are looked at again once the server is ready", async () => {
    const machine = await left(over, { spool: text(said.name) });
    const life = await machine.recovered();
    await settled();
    expect(of(await machine.records(2), "finding").length).toBeGreaterThan(0);
    expect(life.context.lives.get(id)?.verdict).toBeDefined();
    expect(machine.idle).toEqual([id]);
    await life.close();
  });

  it("are looked at again beside others that a start has settled", async () => {
    const other = "00000000000000bb";
    const dead = [session(), run(), dispatch(1)].map(
      ([type, data]): Draft => [type, { ...data, sessionId: other }],
    );
    const machine = await left([...over, ...dead], { spool: text(said.name) });
    const life = await machine.begin();
    expect(life.context.lives.get(other)).toMatchObject({ reconciling: true });
    expect(life.context.lives.get(id)).toBeUndefined();
    await life.ready;
    await settled();
    expect(machine.idle).toEqual([other, id]);
    await life.close();
  });

  it("are left alone by a life that is closed, and by one in which somebody looked", async () => {
    const machine = await left(over, { spool: text(said.name) });
    const life = await machine.begin();
    await life.close();
    expect(of(await machine.records(2), "finding")).toEqual([]);
  });

  it("are looked at fifty at a time, the latest ones", async () => {
    const machine = new Machine();
    const ids = Array.from({ length: 53 }, (_, index) => (index + 1).toString(16).padStart(16, "0"));
    await machine.left([
      project,
      ...ids.flatMap((one) =>
        over.slice(1).map(([type, data]): Draft => [type, { ...data, sessionId: one }]),
      ),
    ]);
    for (const one of ids) machine.put(`${machine.attempt(1, one)}/spool`, text(said.name));
    const life = await machine.recovered();
    for (let waited = 0; machine.idle.length < 50 && waited < 200; waited += 1) await settled();
    await settled();
    expect(machine.idle.toSorted()).toEqual(ids.slice(3));
    await life.close();
  });
});

describe("damage of the journal", () => {
  const other = "00000000000000bb";
  const of2 = ([type, data]: Draft): Draft => [type, { ...data, sessionId: other }];
  const over = [session(), run(), dispatch(1), agent(1, 50), ended(1), runEnded(1)];

  /** One life has recorded both sessions, a second one a finding of the first; bytes of that second segment are altered. */
  async function damaged(find: string, replace: string) {
    const machine = await left([project, ...over, ...over.map(of2)]);
    await machine.left([["finding-resolved", { sessionId: id, findingId: "none", at: at(1, 0, 1_000_009) }]]);
    const path = `${home}/journal/00000002.journal`;
    const content = Buffer.from(machine.files.bytes(path)).toString();
    expect(content).toContain(find);
    machine.put(path, content.replace(find, replace));
    const life = await machine.recovered();
    await life.close();
    return life.context.journalDamage;
  }

  it("concerns the sessions that are named in it", async () => {
    const found = await damaged('"findingId":"none"', '"findingId":"done"');
    expect([...found.keys()]).toEqual([id]);
    expect(found.get(id)).toMatchObject([{ path: `${home}/journal/00000002.journal` }]);
  });

  it("concerns all sessions where none is named and none is near", async () => {
    const found = await damaged(id, "0000000000zzzzzz");
    expect([...found.keys()].toSorted()).toEqual([id, other]);
  });
});

it("what stands in the workspace is not touched by a start", async () => {
  const machine = await left([...open, agent(1, 50)], { spool: text(...whole), exit: "0\n" });
  machine.put(`${cwd}/file`, "mine");
  await (await machine.recovered()).close();
  expect([...machine.files.nodes.keys()].filter((path) => path.startsWith(cwd))).toEqual([`${cwd}/file`]);
});
