import { afterAll, beforeAll, describe, expect, it } from "vitest";
import reference from "../../harness/subject/reference.ts";
import { Runs, told } from "../support/runs.ts";
import { hunt, loadMutants } from "./mutants.ts";

const mutants = await loadMutants();
const seed = 1;
const plansMax = 200;
let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

it("there are six", () => {
  expect(mutants.length).toBeGreaterThanOrEqual(6);
});

describe.each(mutants)("mutant $name", (mutant) => {
  it("is found by its promise, where the unmutated build is green", { timeout: 200_000 }, async () => {
    const found = await hunt(runs, mutant, seed, plansMax);
    expect(found.promise).toBeOneOf([...mutant.expected]);
    if (found.plan === undefined) throw new Error("found without a plan");
    expect(told(await runs.run(found.plan, reference))).toEqual({
      verdict: "pass",
      why: undefined,
      infra: undefined,
      defects: [],
    });
  });
});
