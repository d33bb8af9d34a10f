import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanSchema } from "../../harness/plan/plan.ts";
import naive from "../../harness/subject/naive.ts";
import reference from "../../harness/subject/reference.ts";
import { loadScenarios } from "../../scenarios/index.ts";
import { Runs, told } from "../support/runs.ts";

const scenarios = await loadScenarios();
let runs: Runs;
beforeAll(async () => {
  runs = await Runs.open();
});
afterAll(() => runs.close());

describe.each(scenarios)("scenario $name", ({ name, plan, naive: expected }) => {
  it("is a valid plan with a reason", () => {
    expect(PlanSchema.parse(plan)).toEqual(plan);
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it("is passed by the reference orchestrator", async () => {
    const run = await runs.run(plan, reference);
    expect(told(run)).toEqual({ verdict: "pass", why: undefined, infra: undefined, defects: [] });
  });

  it("does to the naive orchestrator what it says", async () => {
    const run = await runs.run(plan, naive);
    const broken = run.assessment.defects.map(({ promise }) => promise);
    if ("breaks" in expected) expect(broken).toContain(expected.breaks);
    else expect(broken.filter((promise) => promise !== "flag-iff-divergent")).toEqual([]);
  });
});
