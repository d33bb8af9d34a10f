/** What an enumeration says of itself: exhaustive only where it is. */
import { expect, test } from "vitest";
import { tableOf } from "../../harness/memory/cli.ts";
import type { Enumeration } from "../../harness/memory/enumerate.ts";

const found: Enumeration = {
  rows: [],
  calls: 3,
  states: 2,
  pairs: 0,
  runs: 2,
  known: 0,
  sampled: 0,
  left: 0,
  failures: [],
  cpuMs: 10,
  curve: [],
};
const told = (more: Partial<Enumeration>) => tableOf("a scenario", "posix", { ...found, ...more });

test("it is exhaustive where the runs stand for every legal state", () => {
  const text = told({ coverage: { legal: 7n, covered: 7n, apart: 0, untold: 0 } });
  expect(text).toContain("Exhaustive: the runs stand for all 7 legal states of all calls.");
});

test.each([
  ["runs were left out", { coverage: { legal: 7n, covered: 6n, apart: 0, untold: 0 } }],
  [
    "not every subset of pages was taken",
    { coverage: { legal: 7n, covered: 7n, apart: 0, untold: 0 }, sampled: 1 },
  ],
  ["states were sampled", { sampled: 1 }],
  [
    "second power cuts were left out",
    {
      coverage: { legal: 7n, covered: 6n, apart: 0, untold: 0 },
      coverageOfPairs: { legal: 70n, covered: 69n, apart: 0, untold: 0 },
    },
  ],
] as const)("it is not where %s", (_, more) => {
  expect(told(more)).not.toContain("Exhaustive:");
});

test("it says of how many pairs", () => {
  const text = told({
    coverage: { legal: 7n, covered: 7n, apart: 0, untold: 0 },
    coverageOfPairs: { legal: 70n, covered: 69n, apart: 2, untold: 0 },
  });
  expect(text).toContain(
    "Not exhaustive: of 70 legal states of all calls in the recoveries of these runs the runs stand for 69. 2 calls needed runs of their own.",
  );
});
