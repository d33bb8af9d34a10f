/** Scenarios are plans that a run can take, and their faults wait for events that their agents come to. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { expandScript } from "../../harness/agent/steps.ts";
import { PlanSchema } from "../../harness/plan/plan.ts";
import { loadScenarios } from "../../scenarios/index.ts";

const scenarios = await loadScenarios();
const ScenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z]+(-[a-z]+)+$/),
  source: z.string().min(20),
  why: z.string().min(60),
  plan: PlanSchema,
  naive: z.union([
    z.strictObject({ breaks: z.string().regex(/^[a-z-]+$/) }),
    z.strictObject({ holds: z.string().min(20) }),
  ]),
});

it("has the reported failure and its kin", () => {
  expect(scenarios).toHaveLength(16);
  expect(scenarios.map(({ name }) => name)).toContain("interrupted-after-tool-result");
});

describe.each(scenarios)("$name", (scenario) => {
  it("is named as its file, and is a plan whose faults can fire", () => {
    const { name, plan } = ScenarioSchema.parse(scenario);
    expect(existsSync(new URL(`../../scenarios/${name}.ts`, import.meta.url))).toBe(true);
    expect(plan.rounds.length).toBeGreaterThan(0);
    for (const { at } of plan.rounds) {
      if (!("event" in at)) continue;
      const session = plan.sessions[at.session];
      // A later attempt is a further turn where there is one, and otherwise goes on with the last.
      const turn = Math.min(at.attempt ?? 1, session?.turns.length ?? 0) - 1;
      const script = session?.turns[turn]?.script;
      if (session === undefined || script === undefined) throw new Error("no such session or turn");
      const resumed = (at.attempt ?? 1) > 1;
      const events = expandScript(script, session.storeLag, { resumed }).map(({ event }) => event);
      expect(events).toContain(at.event);
    }
  });
});
