/**
 * Lockstep plans have one course: executed twice, their traces are equal; and different plans have different ones.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { firstDifference, traceHash, traceOf } from "../../harness/campaign/trace.ts";
import { generatePlan } from "../../harness/plan/generate.ts";
import reference from "../../harness/subject/reference.ts";
import { Runs } from "../support/runs.ts";

let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

const lockstep = Array.from({ length: 200 }, (_, index) => generatePlan({ can: reference.can }, 4, index))
  .filter(({ mode }) => mode === "lockstep")
  .slice(0, 50);

it("50 lockstep plans, each executed twice: equal traces, at least 45 distinct", async () => {
  expect(lockstep).toHaveLength(50);
  const traces = new Set<string>();
  const different: string[] = [];
  for (const [index, plan] of lockstep.entries()) {
    const [first, second] = [await runs.run(plan, reference), await runs.run(plan, reference)];
    const difference = firstDifference(traceOf(first.record), traceOf(second.record));
    if (difference !== undefined) different.push(`plan ${index}: ${difference}`);
    traces.add(traceHash(traceOf(first.record)));
  }
  console.log(`${traces.size} distinct traces among 50 plans`);
  expect(different).toEqual([]);
  expect(traces.size).toBeGreaterThanOrEqual(45);
});
