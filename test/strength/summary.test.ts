/** What a measurement of the harness is worth: where nothing was hunted, or repeated, nothing was found. */
import { expect, it } from "vitest";
import type { Measured } from "../../harness/strength/measure.ts";
import { strengthPage } from "../../harness/strength/page.ts";
import { exitCodeOf, summaryOf } from "../../harness/strength/summary.ts";

const hunt = { seed: 1, runs: 3, cpuMs: 1, doubtful: {}, samples: [] };
const caught = {
  run: 3,
  layer: "gates",
  promises: ["settles"],
  signatures: ["settles/stuck/settled"],
} as const;
const row = { id: "b", class: "A", story: "", like: "", expected: ["settles"], chooser: "ours" } as const;
const found: Measured = {
  rows: [{ ...row, hunts: [{ ...hunt, caught }] }],
  sound: [
    {
      chooser: "ours",
      runs: 3,
      cpuMs: 1,
      alarms: [],
      doubtful: 0,
      nearMisses: 0,
      flags: { due: 0, raised: 0 },
      layers: {},
    },
  ],
  failed: [],
};
const again = { id: "b", seed: 1, run: 3, memory: "pass", real: "pass", agrees: true };

it.each<[what: string, code: number, more: Partial<Measured>]>([
  ["every bug is found", 0, {}],
  ["processes agree", 0, { repeated: [again] }],
  ["a bug is missed", 3, { rows: [{ ...row, hunts: [hunt] }] }],
  ["no bug was hunted", 3, { rows: [] }],
  ["only others hunted", 3, { rows: [{ ...row, chooser: "time", hunts: [{ ...hunt, caught }] }] }],
  ["no hunt of it was made", 3, { rows: [{ ...row, hunts: [] }] }],
  ["the sound build ran nothing", 3, { sound: [] }],
  ["no process repeated a run, though asked", 3, { repeated: [] }],
  ["a process disagreed", 3, { repeated: [again, { ...again, agrees: false }] }],
  ["a bug could not be built", 3, { failed: [{ id: "c", why: "no" }] }],
  [
    "the sound build raised something",
    1,
    { sound: found.sound.map((one) => ({ ...one, alarms: [{ ...caught, seed: 1 }] })) },
  ],
])("%s: %i", (_, code, more) => {
  const measured = { ...found, ...more };
  expect(exitCodeOf(measured, summaryOf(measured, 200))).toBe(code);
});

/** What the page says to each thing that is asked. */
function barsOf(more: Partial<Measured>): Record<string, string> {
  const measured = { ...found, ...more };
  const of = { seeds: 1, runsMax: 200 };
  const page = strengthPage(measured, summaryOf(measured, 200), {
    command: "",
    date: "",
    commit: "",
    machine: "",
    ...of,
    against: of,
  });
  return Object.fromEntries(
    [...page.matchAll(/^\| ([^|]+) \| (yes|no|not measured) \|/gm)].map((bar) => bar.slice(1)),
  );
}

it("its page says yes to nothing that was not measured", () => {
  const every = "every bug is found by every seed";
  const expected = "nine in ten finds are by a promise that was expected to break";
  const agrees = "a sample on real processes agrees";
  expect(barsOf({ repeated: [again] })).toMatchObject({ [every]: "yes", [expected]: "yes", [agrees]: "yes" });
  expect(barsOf({ rows: [], repeated: [] })).toMatchObject({
    [every]: "not measured",
    [expected]: "not measured",
    [agrees]: "not measured",
  });
  expect(barsOf({ failed: [{ id: "c", why: "no" }] })).toMatchObject({ [every]: "no" });
});
