/**
 * Defects that crashes in memory have found and that are not mended yet, each by what it breaks.
 *
 * One that breaks nothing any more, or something else, is noticed here: a mended one moves to found-runs.json.
 */
import { expect, test } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { type Crash, executeWithCrashes } from "../../harness/memory/crash.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import open from "./open-runs.json" with { type: "json" };

test.each(open)("$what", async (one) => {
  const { record } = await executeWithCrashes(one.plan as Plan, one.seed, one.crashes as Crash[]);
  expect(assess(record).defects.map(({ signature }) => signature)).toEqual(one.signatures);
});
