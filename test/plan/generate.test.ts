import { describe, expect, it } from "vitest";
import { faultNames } from "../../harness/fault/index.ts";
import { directedPlans } from "../../harness/plan/directed.ts";
import { generatePlan } from "../../harness/plan/generate.ts";
import { type Plan, PlanSchema } from "../../harness/plan/plan.ts";
import type { Abilities } from "../../harness/subject/contract.ts";

const can: Abilities = {
  resume: true,
  reload: ["tsx", "node-watch"],
  flags: true,
  cursor: true,
  stop: true,
  damage: true,
};
const plans = Array.from({ length: 400 }, (_, index) => generatePlan({ can }, 7, index));

/** Faults after which the server starts again. */
function restarts(plan: Plan): boolean {
  return plan.rounds.some(
    ({ fault }) =>
      fault.kind === "term" || fault.kind === "reload" || (fault.kind === "kill" && fault.target !== "agent"),
  );
}

describe("generated plans", () => {
  it("fit the schema, and survive being stored as JSON", () => {
    for (const plan of plans) expect(PlanSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it("are the same for the same seed and number, whatever was generated before", () => {
    expect(generatePlan({ can }, 7, 123)).toEqual(plans[123]);
    expect(generatePlan({ can }, 8, 123)).not.toEqual(plans[123]);
  });

  it("restart the server at least once", () => {
    expect(plans.filter((plan) => !restarts(plan))).toEqual([]);
  });

  it("are free in at least 30 of 100", () => {
    expect(plans.filter(({ mode }) => mode === "free").length).toBeGreaterThanOrEqual(120);
  });

  it("end the server by a reload under one watcher, and have a person who does not wait, here and there", () => {
    const reloads = plans.map(({ rounds }) =>
      rounds.flatMap(({ fault }) => (fault.kind === "reload" ? [fault.by] : [])),
    );
    expect(reloads.filter(({ length }) => length > 0).length).toBeGreaterThan(12);
    expect(reloads.filter((ways) => new Set(ways).size > 1)).toEqual([]);
    expect(plans.filter(({ rounds }) => rounds.some(({ insists }) => insists)).length).toBeGreaterThan(60);
    const byPrompt = { ...can, resumesByPrompt: true };
    const patient = Array.from({ length: 100 }, (_, index) => generatePlan({ can: byPrompt }, 7, index));
    expect(patient.filter(({ rounds }) => rounds.some(({ insists }) => insists))).toEqual([]);
  });

  it("point only at sessions that exist, and let calls equal only earlier ones", () => {
    for (const plan of plans) {
      for (const { at } of plan.rounds)
        if ("session" in at) expect(at.session).toBeLessThan(plan.sessions.length);
      const replies = plan.sessions.flatMap(({ turns }) => turns.flatMap(({ script }) => script.replies));
      for (const { calls } of replies) {
        for (const [at, { equalTo }] of calls.entries())
          if (equalTo !== undefined) expect(equalTo).toBeLessThan(at);
      }
    }
  });

  it("damage files only where every agent is killed with the server", () => {
    const damaged = plans.flatMap(({ rounds }) => rounds).filter(({ damage }) => damage.length > 0);
    expect(damaged.length).toBeGreaterThan(10);
    for (const { fault } of damaged) expect(fault).toEqual({ kind: "kill", target: "tree" });
  });

  it("damage no file of several sessions where there is to be one course", () => {
    const several = plans.filter(({ sessions }) => sessions.length > 1);
    const damagedIn = (mode: Plan["mode"]) =>
      several.filter((plan) => plan.mode === mode && plan.rounds.some(({ damage }) => damage.length > 0));
    expect(damagedIn("lockstep")).toEqual([]);
    expect(damagedIn("free").length).toBeGreaterThan(0);
  });

  it("use only the faults that were asked for", () => {
    const only = Array.from({ length: 100 }, (_, index) => generatePlan({ can, faults: ["term"] }, 3, index));
    expect(new Set(only.flatMap(({ rounds }) => rounds.map(({ fault }) => fault.kind)))).toEqual(
      new Set(["term"]),
    );
  });
});

describe("directed plans", () => {
  it("fit the schema", () => {
    for (const plan of directedPlans(can, faultNames)) expect(PlanSchema.parse(plan)).toEqual(plan);
  });

  it("leave out what the subject cannot do", () => {
    const kinds = directedPlans({ ...can, reload: [], damage: false }, faultNames).flatMap(
      ({ rounds }) => rounds,
    );
    expect(kinds.some(({ fault, damage }) => fault.kind === "reload" || damage.length > 0)).toBe(false);
  });
});
