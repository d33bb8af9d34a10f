/**
 * The mutants on three seeds, each within 200 runs and by its own promise, where the unmutated build is green.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import reference from "../../harness/subject/reference.ts";
import { hunt, loadMutants, planOf } from "../mutants/mutants.ts";
import { Runs, told } from "../support/runs.ts";

const mutants = await loadMutants();
let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

describe.each([1, 2, 3])("seed %i", (seed) => {
  let longest = 0;

  it.each(mutants)("$name is found", async (mutant) => {
    const found = await hunt(runs, mutant, seed, 200);
    console.log(`${mutant.name}, seed ${seed}: by ${found.promise} in plan ${found.plans}`);
    expect(found.promise).toBeOneOf([...mutant.expected]);
    longest = Math.max(longest, found.plans ?? 0);
  });

  it("the unmutated build is green on the same plans", async () => {
    for (let index = 0; index < longest; index += 1) {
      const run = await runs.run(planOf(reference, seed, index), reference);
      expect(told(run)).toEqual({ verdict: "pass", why: undefined, infra: undefined, defects: [] });
    }
  });
});
