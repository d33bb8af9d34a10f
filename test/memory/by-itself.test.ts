/** A server in memory that ends by itself though nothing of its machine failed has broken a promise, also once. */
import { expect, it } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { faultNames } from "../../harness/fault/index.ts";
import { executeWithCrashes } from "../../harness/memory/crash.ts";
import { memoryAbilities } from "../../harness/memory/execute.ts";
import { directedPlans } from "../../harness/plan/directed.ts";

const [plan] = directedPlans(memoryAbilities, faultNames);

/** The server ends at its 60th call, and would come back. */
async function endedOnce(more: Parameters<typeof executeWithCrashes>[3] = {}) {
  if (plan === undefined) throw new Error("no plan");
  let calls = 0;
  const { record } = await executeWithCrashes({ ...plan, rounds: [] }, 1, [], {
    ...more,
    watch: (_, { stage, computer }) => {
      calls += 1;
      if (calls !== 60 || stage.life === undefined) return;
      stage.onOver();
      computer.end(stage.life.process, 1, null);
    },
  });
  const { verdict, defects } = assess(record);
  return [verdict, ...defects.map(({ signature }) => signature)];
}

it("where nothing had failed", async () => {
  expect(await endedOnce()).toEqual(["defect", "settles/server-ended-by-itself/settled"]);
});

it("a server that answers 500 for ever is judged by that", async () => {
  if (plan === undefined) throw new Error("no plan");
  const answer = { status: 500, text: "no", body: undefined };
  const { record } = await executeWithCrashes({ ...plan, rounds: [] }, 1, [], {
    watch: ({ number }, { stage }) => {
      if (number > 60 && stage.life !== undefined) Object.assign(stage.life, { request: async () => answer });
    },
  });
  const { verdict, defects } = assess(record);
  expect([verdict, defects.map(({ signature }) => signature)]).toEqual([
    "defect",
    ["settles/server-fails/settled"],
  ]);
});

it("is started again where its disk may fail", async () => {
  expect(await endedOnce({ fate: () => ({ kind: "go" }) })).toEqual(["pass"]);
});
