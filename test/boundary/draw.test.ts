/**
 * Ends that are drawn: only what was counted, the rare first, each draw with weights of its own.
 */
import { describe, expect, it } from "vitest";
import { BoundaryDraws } from "../../harness/boundary/draw.ts";
import { BoundaryPlans } from "../../harness/campaign/boundary-plans.ts";
import type { Outcome } from "../../harness/campaign/job.ts";
import { nothingSpent } from "../../harness/campaign/spent.ts";
import type { CountedBoundaries } from "../../harness/history.ts";
import { Random } from "../../harness/memory/random.ts";
import { boundaryPlan } from "../../harness/plan/directed.ts";
import { type Boundary, type Plan, PlanSchema } from "../../harness/plan/plan.ts";

type Life = CountedBoundaries["lives"][number];

const life = (number: number, ...steps: string[]): Life => ({
  life: number,
  script: "server.cjs",
  operations: steps.map((step) => ({
    op: step.split(" ")[0] ?? "",
    step,
    modes: step.startsWith("write") ? ["before", "after", "torn"] : ["before", "after"],
  })),
  unknown: [],
});
const lives = [life(1, "open log", "write log", "sync log"), life(2, "open log", "write log")];

const hit = (
  number: number,
  operation: number,
  step: string,
  mode: string,
): CountedBoundaries["hits"][number] => ({
  life: number,
  operation,
  mode,
  step,
  state: "",
});

describe("draws", () => {
  it("are of what was counted, in the lives that are asked for", () => {
    const draws = new BoundaryDraws(["kill"]);
    for (let seed = 0; seed < 200; seed += 1) {
      const end = draws.draw({ lives }, new Random(seed), 2);
      expect(end).toMatchObject({ life: 2, script: "server.cjs" });
      const operation = lives[1]?.operations[(end?.operation ?? 0) - 1];
      expect(operation?.modes).toContain(end?.mode);
    }
    expect(draws.draw({ lives: [] }, new Random(1))).toBeUndefined();
  });

  it("take what was met less often first", () => {
    const draws = new BoundaryDraws(["kill"]);
    draws.draw({ lives }, new Random(1));
    for (let time = 0; time < 100; time += 1)
      for (const mode of ["before", "after"]) draws.met([hit(1, 1, "open log", mode)]);
    const drawn = Array.from({ length: 200 }, (_, seed) => draws.draw({ lives }, new Random(seed)));
    const often = drawn.filter((end) => end?.life === 1 && end.operation === 1);
    // Two of eleven pairs, so 36 of 200 where nothing is known; only a swarm of nothing else still takes them.
    expect(often.length).toBeLessThan(12);
  });

  it("leave whole kinds out, however rare: a third of the swarms never sync", () => {
    const draws = new BoundaryDraws(["kill"]);
    draws.draw({ lives }, new Random(1));
    for (const { life: number, operations } of lives)
      for (const [index, { step, modes }] of operations.entries())
        for (const mode of step.startsWith("sync") ? [] : modes)
          for (let time = 0; time < 500; time += 1) draws.met([hit(number, index + 1, step, mode)]);
    const drawn = Array.from({ length: 120 }, (_, seed) => draws.draw({ lives }, new Random(seed)));
    const withoutSync = drawn.filter((end) => end?.operation !== 3);
    expect(withoutSync.length).toBeGreaterThan(20);
    expect(withoutSync.length).toBeLessThan(80);
  });

  it("cut the power where that is asked for", () => {
    const end = new BoundaryDraws(["ext4"]).draw({ lives }, new Random(3));
    expect(end).toMatchObject({ mode: "before", power: { model: "ext4" } });
  });

  it("tell what was met of what is known, by step and part of the run", () => {
    const draws = new BoundaryDraws(["kill"]);
    draws.draw({ lives }, new Random(1));
    draws.met([hit(2, 2, "write log", "torn")]);
    expect(draws.coverage()).toMatchObject({ known: 12, met: 1 });
    expect(draws.coverage().steps).toContainEqual({
      part: "later life",
      step: "write log",
      ends: { before: 0, after: 0, torn: 1 },
    });
  });
});

describe("plans with a drawn end", () => {
  const outcome = (plan: Plan, counted: readonly Life[] = lives): Outcome => ({
    id: 0,
    verdict: "pass",
    defects: [],
    promises: {},
    met: [],
    flags: { truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0, either: 0, changed: 0 },
    counts: true,
    executions: 1,
    traceHash: "",
    mode: plan.mode,
    boundaries: {
      lives: counted,
      hits: (plan.boundaries?.ends ?? []).map((end) => hit(end.life, end.operation, "write log", end.mode)),
    },
    durationMs: 1,
    spent: nothingSpent,
  });
  const played = async (index: number, answer: (plan: Plan) => Outcome = (plan) => outcome(plan)) => {
    const plans = new BoundaryPlans(7, ["kill"], ["kill", "boundary"]);
    const all: Plan[] = [];
    const { plan, outcome: told } = await plans.play(boundaryPlan, index, async (plan) => {
      all.push(PlanSchema.parse(plan));
      return answer(plan);
    });
    return { plans, all, told, plan };
  };
  const endsOf = (plan: Plan | undefined): readonly Boundary[] => plan?.boundaries?.ends ?? [];

  it("are counted first; a second end is in a later life", async () => {
    const sizes = new Set<number>();
    for (let index = 0; index < 30; index += 1) {
      const { all, told } = await played(index);
      expect(endsOf(all[0])).toEqual([]);
      expect(endsOf(all[1])).toHaveLength(1);
      const [first, second] = endsOf(all.at(-1));
      if (second !== undefined) expect(second.life).toBeGreaterThan(first?.life ?? 9);
      expect(told).toMatchObject({ executions: all.length });
      sizes.add(all.length);
    }
    expect(sizes).toEqual(new Set([2, 3]));
  });

  it("end with what is no pass", async () => {
    const { all, told } = await played(1, (plan) => ({ ...outcome(plan), verdict: "invalid" }));
    expect(all).toHaveLength(1);
    expect(told).toMatchObject({ verdict: "invalid" });
  });

  const without = (plan: Plan): Outcome => ({
    ...outcome(plan),
    verdict: "invalid",
    boundaries: { lives, hits: [] },
  });

  it("draw another end where one does not come, and say how often that was", async () => {
    let left = 2;
    const { all, told, plans } = await played(1, (plan) => {
      if (endsOf(plan).length === 0 || left === 0) return outcome(plan);
      left -= 1;
      return without(plan);
    });
    expect(plans.neverCame).toBe(2);
    expect(told).toMatchObject({ verdict: "pass", executions: all.length });
    expect(all.length).toBeGreaterThan(3);
    const [first, second, third] = all.slice(1).map((plan) => JSON.stringify(endsOf(plan)[0]));
    expect(new Set([first, second, third]).size).toBeGreaterThan(1);
  });

  it("tell the run without it where none comes, at the cost of all", async () => {
    const { plan, told, plans } = await played(1, (tried) =>
      endsOf(tried).length === 0 ? outcome(tried) : without(tried),
    );
    expect(told).toMatchObject({ verdict: "pass", executions: 5 });
    expect([endsOf(plan).length, plans.neverCame]).toEqual([0, 4]);
  });

  it("tell the run with one end where the first does not come again beside a second", async () => {
    const told = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        played(index, (tried) => (endsOf(tried).length < 2 ? outcome(tried) : without(tried))),
      ),
    );
    for (const { plan } of told) expect(endsOf(plan)).toHaveLength(1);
    expect(told.map(({ plans }) => plans.neverCame)).toContain(4);
  });

  it("tell another reason why a run is invalid as it is", async () => {
    const { told, all } = await played(1, (tried) => ({
      ...outcome(tried),
      verdict: endsOf(tried).length === 0 ? "pass" : "invalid",
    }));
    expect(told).toMatchObject({ verdict: "invalid", executions: 2 });
    expect(all).toHaveLength(2);
  });

  it("say why there are none where nothing is counted, and are asked for no more", async () => {
    const { plans } = await played(1, (plan) => outcome(plan, []));
    expect(plans.whyNone).toMatch(/no Node process/);
    expect(plans.isOne(23, 24)).toBe(false);
  });

  it("are left out where a watcher would outlive the server", () => {
    const plans = new BoundaryPlans(7, ["kill"], ["kill", "boundary", "reload"]);
    const [round] = boundaryPlan.rounds;
    if (round === undefined) throw new Error("the plan has no round");
    const reloaded: Plan = {
      ...boundaryPlan,
      rounds: [round, { ...round, fault: { kind: "reload", by: "node-watch" } }],
    };
    expect([plans.canEnd(boundaryPlan), plans.canEnd(reloaded)]).toEqual([true, false]);
  });

  it("are the last directed plan and one in eight of the others", () => {
    const plans = new BoundaryPlans(7, ["kill"], ["kill", "boundary"]);
    const those = Array.from({ length: 48 }, (_, index) => index).filter((index) => plans.isOne(index, 24));
    expect(those).toEqual([23, 31, 39, 47]);
  });
});
