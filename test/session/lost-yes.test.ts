/**
 * That a call was never let go is said only where no yes can have been lost.
 */
import { expect, it } from "vitest";
import { settle } from "../../src/session/settle.ts";
import { bytesOf } from "../journal/memory-files.ts";
import { lines, opened } from "./asking.ts";
import { at, type Draft, home, id, run, session, text } from "./drafts.ts";
import { left, type Machine, sessionOf } from "./machine.ts";

const other = "00000000000000bb";
const ofOther = (drafts: readonly Draft[]) =>
  drafts.map(([type, data]): Draft => [type, { ...data, sessionId: other }]);

const yes: Draft = [
  "approval",
  {
    sessionId: id,
    attempt: 1,
    requestId: "7",
    callId: "c1",
    optionId: "yes",
    allows: true,
    who: "me",
    atMs: 1,
    at: at(1, 999),
  },
];
const neighbour = ofOther([session(), run()]);

/** What becomes of the call whose agent waited for a word, when the agent is gone. */
async function effect(segments: readonly (readonly Draft[])[], harm: (machine: Machine) => void = () => {}) {
  const [first = [], ...later] = segments;
  const machine = await left(first, { spool: text(...lines), exit: "1\n" });
  for (const drafts of later) await machine.left(drafts);
  harm(machine);
  const life = await machine.recovered();
  const { verdict } = await settle(life.context, sessionOf(life));
  await life.close();
  return verdict.calls.map((call) => [call.id, call.effect]);
}

const segment = (generation: number) => `${home}/journal/0000000${generation}.journal`;

function altered(machine: Machine, generation: number, change: (words: string) => string): void {
  const words = Buffer.from(machine.files.bytes(segment(generation))).toString("latin1");
  expect(change(words)).not.toBe(words);
  machine.files.put(segment(generation), Buffer.from(change(words), "latin1"));
}

it("is said where none is on record, and not where one is", async () => {
  expect(await effect([opened])).toEqual([["c1", "not-started"]]);
  expect(await effect([[...opened, yes]])).toEqual([["c1", "unknown"]]);
});

it("is not said where damage that names another session may hold one", async () => {
  const blotted = (words: string) =>
    words.replace(
      /(run"\t[^\n]*key r1[^\n]*)\n(j1[^\n]*approval[^\n]*)/,
      (_, before, lost) => `${before}${"\0".repeat(lost.length + 1)}`,
    );
  const harm = (machine: Machine) => altered(machine, 2, blotted);
  expect(await effect([opened, [...neighbour, yes]], harm)).toEqual([["c1", "unknown"]]);
});

it("is not said where a segment is empty", async () => {
  const harm = (machine: Machine) => machine.files.put(segment(2), bytesOf(""));
  expect(await effect([opened, [yes]], harm)).toEqual([["c1", "unknown"]]);
});

it("is said of a call of an attempt that began behind an empty segment, or was over before it", async () => {
  const machine = await left([], { spool: text(...lines), exit: "1\n" });
  await machine.left([]);
  machine.files.put(segment(2), bytesOf(""));
  await machine.left(opened);
  const life = await machine.recovered();
  const effectsOf = async () =>
    (await settle(life.context, sessionOf(life))).verdict.calls.map((call) => [call.id, call.effect]);
  expect(await effectsOf()).toEqual([["c1", "not-started"]]);
  await life.close();
  // A life that was killed before it wrote anything.
  machine.files.put(segment(5), bytesOf(""));
  const next = await machine.recovered();
  const { verdict } = await settle(next.context, sessionOf(next));
  expect(verdict.calls.map((call) => [call.id, call.effect])).toEqual([["c1", "not-started"]]);
  await next.close();
});

it("is said where one record of another session is damaged, and no more", async () => {
  const harm = (machine: Machine) => altered(machine, 2, (words) => words.replace("key r1", "key rX"));
  expect(await effect([opened, neighbour], harm)).toEqual([["c1", "not-started"]]);
});
