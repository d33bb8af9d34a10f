/**
 * A stream gives each event once, whatever comes on record while it is read, and leaves nothing open.
 */
import { expect, it } from "vitest";
import { closeStreams, eventStream } from "../../src/orchestrator/sse.ts";
import { extendCovers } from "../../src/session/covers.ts";
import { readStream } from "../../src/session/view.ts";
import { agent, dispatch, ended, id, over, run, runEnded } from "./drafts.ts";
import { sessionOf, spoken } from "./machine.ts";

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

it("a client whose stream is ended while it is read is told nothing more, and not that it has everything", async () => {
  const machine = await two();
  const life = await machine.recovered();
  const open = new Set<() => void>();
  const piece = eventStream(life.context, sessionOf(life), undefined, open).next();
  closeStreams(open);
  expect(await piece).toBeUndefined();
  await life.close();
});
