/**
 * A start finds out where every session stands, whatever the life before it left of it.
 */
import { describe, expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import {
  agent,
  asked,
  at,
  cwd,
  type Draft,
  dispatch,
  ended,
  home,
  id,
  over,
  project,
  run,
  runEnded,
  said,
  session,
  text,
  whole,
} from "./drafts.ts";
import { dataOf, left, Machine, settled } from "./machine.ts";

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
    const machine = await left([...asked, agent(1, 50)], { spool: text(...whole), exit: "0\n" });
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
    expect(dataOf(await machine.records(3), "run-ended")).toMatchObject([
      { sessionId: other, state: "completed" },
    ]);
    expect(machine.over).toEqual([]);
    await life.close();
  });
});

describe("sessions that ended", () => {
  it("are looked at again once the server is ready", async () => {
    const machine = await left(over, { spool: text(said.name) });
    const life = await machine.recovered();
    await settled();
    expect(dataOf(await machine.records(2), "finding").length).toBeGreaterThan(0);
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
    expect(dataOf(await machine.records(2), "finding")).toEqual([]);
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
  const machine = await left([...asked, agent(1, 50)], { spool: text(...whole), exit: "0\n" });
  machine.put(`${cwd}/file`, "mine");
  await (await machine.recovered()).close();
  expect([...machine.files.nodes.keys()].filter((path) => path.startsWith(cwd))).toEqual([`${cwd}/file`]);
});
