/**
 * A stream gives each event once, whatever comes on record while it is read, and leaves nothing open.
 */
import { expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { parsePosition } from "../../src/model/position.ts";
import { closeStreams, eventStream } from "../../src/orchestrator/sse.ts";
import { extendCovers } from "../../src/session/covers.ts";
import type { Life } from "../../src/session/life.ts";
import type { StreamEvent } from "../../src/session/stream.ts";
import { detailOf, readStream } from "../../src/session/view.ts";
import { agent, dispatch, ended, home, id, over, run, runEnded, whole } from "./drafts.ts";
import { sessionOf, settled, spoken } from "./machine.ts";

/** Two runs that are over. */
const two = () => spoken([...over, run("r2"), dispatch(2, "r2"), agent(2, 52), ended(2), runEnded(2, "r2")]);

it("what is put in before an event that was given is not given, nor that event again", async () => {
  const machine = await two();
  const life = await machine.recovered();
  const own = sessionOf(life);
  const reader = readStream(life.context, own);
  while ((await reader.next()).length > 0);
  const [first] = own.attempts;
  if (first === undefined) throw new Error("no attempt");
  const { recorder } = life.context;
  const end = { sessionId: id, runId: "r1", attempt: 1, state: "completed", reason: "so it was" };
  await recorder.factOf(own, first, "run-ended", end);
  expect(await reader.next()).toEqual([]);
  await recorder.fact(own, "run-ended", { ...end, runId: "r2", attempt: 2 });
  expect((await reader.next()).map(({ type, attempt }) => [type, attempt])).toEqual([["run-ended", 2]]);
  expect(await reader.next()).toEqual([]);
  await reader.close();
  await life.close();
});

it("that is closed as a spool is opened leaves none open", async () => {
  const machine = await two();
  const life = await machine.recovered();
  const { opened } = machine.files;
  const reader = readStream(life.context, sessionOf(life));
  const next = reader.next();
  await reader.close();
  // What we recorded stands behind what the agent said, which was not read.
  expect(await next).toEqual([]);
  expect(machine.files.opened).toBe(opened);
  await life.close();
});

it("what an agent said and what was recorded of it come in their order, also where both come on record at once", async () => {
  const machine = await two();
  const life = await machine.recovered();
  const own = sessionOf(life);
  const reader = readStream(life.context, own);
  while ((await reader.next()).length > 0);
  const [, last] = own.attempts;
  if (last === undefined) throw new Error("no attempt");
  const next = reader.next();
  // As both are folded in one turn, while the reader waits for what it found to be nothing.
  extendCovers(last.covers, { fromByte: 0, ends: [9], crcs: [0] });
  own.facts.push({ at: { attempt: 2, byte: 9, k: 1_000_000 }, type: "ended", body: {} });
  expect((await next).map(({ type }) => type)).toEqual(["hole"]);
  expect((await reader.next()).map(({ type }) => type)).toEqual(["ended"]);
  await reader.close();
  await life.close();
});

it("a client that goes on behind what is lost without a trace misses nothing, and no id means two things", async () => {
  const machine = await two();
  const finding = (of: string) =>
    ({ id: of, code: "torn-tail", severity: "info", summary: of, cites: [] }) as const;
  const tell = ({ context }: Life, of: string) =>
    context.recorder.fact(sessionOf({ context } as Life), "finding", { sessionId: id, finding: finding(of) });
  const eventsOf = async (life: Life, after?: string) => {
    const reader = readStream(
      life.context,
      sessionOf(life),
      after === undefined ? undefined : parsePosition(after),
    );
    const events: StreamEvent[] = [];
    for (let next = await reader.next(); next.length > 0; next = await reader.next()) events.push(...next);
    await reader.close();
    return events;
  };
  const life = await machine.recovered();
  await settled();
  for (const of of ["a", "b"]) await tell(life, of);
  const seen = await eventsOf(life);
  await life.close();
  // As a disk would leave it that lost the last two records.
  const segment = `${home}/journal/0000000${life.generation()}.journal`;
  const records = Buffer.from(machine.files.bytes(segment)).toString().split("\n");
  expect(records.slice(-3).map((record) => record.includes('"finding"'))).toEqual([true, true, false]);
  machine.files.put(segment, Buffer.from(`${records.slice(0, -3).join("\n")}\n`));
  const next = await machine.recovered();
  expect(next.context.journalDamage.size).toBe(0);
  await settled();
  for (const of of ["c", "d", "e"]) await tell(next, of);
  const missed = await eventsOf(next, seen.at(-1)?.id);
  expect(missed.map((event) => (event.finding as { id: string }).id)).toEqual(["c", "d", "e"]);
  const ids = new Set(seen.map((event) => event.id));
  expect(missed.filter((event) => ids.has(event.id))).toEqual([]);
  await next.close();
});

it("a hole stands in no event's place, and behind all of its last line", async () => {
  const machine = await two();
  const life = await machine.recovered();
  const whole = await readStream(life.context, sessionOf(life)).next();
  await life.close();
  const spool = `${machine.attempt(1)}/spool`;
  const bytes = Buffer.from(machine.files.bytes(spool));
  const [first] = bytes.toString().split("\n");
  const end = (first?.length ?? 0) + 1;
  machine.files.put(spool, bytes.fill("x", 3, 4));
  const next = await machine.recovered();
  const seen = whole.find((event) => event.id.startsWith(`e.1.${end}.`));
  const reader = readStream(next.context, sessionOf(next), parsePosition(seen?.id ?? ""));
  const [hole] = await reader.next();
  expect(hole).toMatchObject({ type: "hole", id: `e.1.${end}.999999`, range: { fromByte: 0, toByte: end } });
  await reader.close();
  await next.close();
});

it("bytes that the disk does not give are a hole, and hide nothing behind them", async () => {
  const machine = await spoken(over, whole);
  const spool = `${machine.attempt(1)}/spool`;
  const lines = Buffer.from(machine.files.bytes(spool)).toString().split("\n");
  const bad = {
    fromByte: (lines[0] ?? "").length + 1,
    toByte: (lines[0] ?? "").length + 1 + (lines[1] ?? "").length + 1,
  };
  const open = machine.files.openRead.bind(machine.files);
  machine.files.openRead = async (path) => {
    const file = await open(path);
    if (file === undefined || path !== spool) return file;
    const read = async (fromByte: number, toByte: number) => {
      if (fromByte < bad.toByte && toByte > bad.fromByte) throw new IoError("EIO", path, "read");
      return file.read(fromByte, toByte);
    };
    return { ...file, read };
  };
  const life = await machine.recovered();
  await settled();
  expect(machine.reports).toEqual([]);
  const { calls, history, findings } = await detailOf(life.context, sessionOf(life), true);
  const ofSpool = history.filter(({ attempt, range }) => attempt === 1 && range !== undefined);
  expect(ofSpool.map(({ type }) => type)).toEqual(["session", "hole", "result", "turn-end"]);
  expect(ofSpool[1]).toMatchObject({ range: bad, why: "the bytes cannot be read" });
  const ofDisk = findings.filter(({ code }) => code === "log-unreadable");
  expect(ofDisk).toMatchObject([{ cites: [{ source: "O", path: spool, range: bad }] }]);
  expect(calls).toMatchObject([{ id: "c1", effect: "done" }]);
  await life.close();
});

it("a client whose stream is ended while it is read is told nothing more, and not that it has everything", async () => {
  const machine = await two();
  const life = await machine.recovered();
  const open = new Set<() => void>();
  const piece = eventStream(life.context, sessionOf(life), undefined, open).next();
  closeStreams(open);
  expect(await piece).toBeUndefined();
  await life.close();
});
