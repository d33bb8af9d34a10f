import { describe, expect, it } from "vitest";
import { sizeOf } from "../../harness/campaign/result.ts";
import { generatePlan } from "../../harness/plan/generate.ts";
import { type Plan, PlanSchema } from "../../harness/plan/plan.ts";
import { shrinkPlan, smallerPlans } from "../../harness/plan/shrink.ts";

const can = { resume: true, reload: [], flags: true, cursor: true, stop: true, damage: true } as const;
const plans = Array.from({ length: 40 }, (_, index) => generatePlan({ can }, 11, index));
const never = () => false;

function shrink(plan: Plan, fails: (plan: Plan) => boolean): Promise<Plan> {
  return shrinkPlan(plan, {
    stillFails: (candidate) => Promise.resolve(fails(candidate)),
    width: 3,
    isOver: never,
  });
}

describe("shrinking", () => {
  it("offers valid plans only, none of them the plan itself", () => {
    for (const plan of plans) {
      for (const smaller of smallerPlans(plan)) {
        expect(PlanSchema.parse(smaller)).toEqual(smaller);
        expect(smaller).not.toEqual(plan);
      }
    }
  });

  it("comes down to one call and one fault when everything fails", async () => {
    for (const plan of plans)
      expect(sizeOf(await shrink(plan, () => true))).toEqual({ events: 3, faults: 1 });
  });

  it("keeps what the failure needs", async () => {
    const hasLongResult = (plan: Plan) =>
      plan.sessions.some(({ turns }) =>
        turns.some(({ script }) =>
          script.replies.some(({ calls }) => calls.some(({ resultChars }) => resultChars > 1_000)),
        ),
      );
    const failing = plans.filter(hasLongResult);
    expect(failing.length).toBeGreaterThan(3);
    for (const plan of failing) {
      const smallest = await shrink(plan, hasLongResult);
      expect(hasLongResult(smallest)).toBe(true);
      expect(sizeOf(smallest)).toEqual({ events: 3, faults: 1 });
    }
  });

  it("is unchanged when nothing smaller fails", async () => {
    for (const plan of plans.slice(0, 5)) expect(await shrink(plan, () => false)).toBe(plan);
  });

  it("stops when its time is over", async () => {
    let asked = 0;
    const [plan] = plans;
    if (plan === undefined) throw new Error("no plan");
    await shrinkPlan(plan, { stillFails: async () => true, width: 1, isOver: () => ++asked > 2 });
    expect(asked).toBe(3);
  });
});
