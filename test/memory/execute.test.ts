import { describe, expect, test } from "vitest";
import { assess } from "../../harness/campaign/assess.ts";
import { checks, judge } from "../../harness/check/index.ts";
import type { PortCall } from "../../harness/memory/calls.ts";
import { executeWithCrashes } from "../../harness/memory/crash.ts";
import { diskFaults, executeWithFault, fateOf } from "../../harness/memory/disk-faults.ts";
import { enumerate } from "../../harness/memory/enumerate.ts";
import { executeInMemory, isForMemory } from "../../harness/memory/execute.ts";
import { powerModels } from "../../harness/memory/power.ts";
import { generatePlan } from "../../harness/plan/generate.ts";
import type { Plan } from "../../harness/plan/plan.ts";
import { loadScenarios } from "../../scenarios/index.ts";
import { still } from "../../scenarios/scenario.ts";

const scenarios = (await loadScenarios()).filter(({ plan }) => isForMemory(plan));
const can = {
  resume: true,
  reload: ["node-watch", "tsx"] as const,
  flags: true,
  cursor: true,
  stop: true,
  damage: true,
};
const lost = scenarios.find(({ name }) => name === "result-known-only-from-the-stream");
if (lost === undefined) throw new Error("the scenario is gone");

describe("in memory", () => {
  test("plan and seed decide everything", async () => {
    for (let index = 0; index < 6; index += 1) {
      const plan = generatePlan({ can }, 7, index);
      const [one, other] = [await executeInMemory(plan, index), await executeInMemory(plan, index)];
      expect(JSON.stringify(one)).toBe(JSON.stringify(other));
    }
  });

  test("another seed is another order", async () => {
    const [one, other] = [await executeInMemory(lost.plan, 1), await executeInMemory(lost.plan, 2)];
    expect(JSON.stringify(one.history)).not.toBe(JSON.stringify(other.history));
  });

  test("a place by number is one place, whatever comes first", async () => {
    const fault = { kind: "kill", target: "both" } as const;
    const at = { session: 0, nth: 3 };
    const rounds: Plan["rounds"] = [{ at, position: "unsent", fault, orphan: still, damage: [] }];
    const places = new Set<string>();
    for (let seed = 1; seed <= 40; seed += 1) {
      const { history } = await executeInMemory({ ...lost.plan, mode: "lockstep", rounds }, seed);
      for (const entry of history) if (entry.kind === "fault") places.add(entry.at);
    }
    expect([...places]).toEqual(["user/log"]);
  });

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "%s passes under any order",
    async (_, { plan }) => {
      for (let seed = 1; seed <= 5; seed += 1) {
        const { verdict, why, defects } = assess(await executeInMemory(plan, seed));
        expect([verdict, why, defects]).toEqual(["pass", undefined, []]);
      }
    },
  );

  test("generated plans pass", async () => {
    for (let index = 0; index < 40; index += 1) {
      const { verdict, why, defects } = assess(
        await executeInMemory(generatePlan({ can }, 11, index), index),
      );
      expect([index, verdict, why, defects]).toEqual([index, "pass", undefined, []]);
    }
  }, 60_000);
});

describe("crashes at port calls", () => {
  test("a kill at every call of a run, and a pass after each", async () => {
    const found = await enumerate(lost.plan, { model: "kill", pairs: false });
    expect(found.failures).toEqual([]);
    expect(found.left).toBe(0);
    expect(found.calls).toBeGreaterThan(200);
  }, 60_000);

  test.each(powerModels)(
    "power cuts, spread over a run: %s",
    async (model) => {
      const found = await enumerate(lost.plan, { model, pairs: false, runsMax: 50 });
      expect(found.failures).toEqual([]);
    },
    60_000,
  );

  test("a call behind the last one is never reached", async () => {
    const { calls, hits } = await executeWithCrashes(lost.plan, 1, []);
    const beyond = await executeWithCrashes(lost.plan, 1, [
      { call: calls + 1, when: "before", model: "kill" },
    ]);
    expect([hits, beyond.hits]).toEqual([0, 0]);
  });

  test("nothing is published before what it depends on", async () => {
    let watched = 0;
    for (const { plan } of scenarios) {
      const { record } = await executeWithCrashes(plan, 1, []);
      if (record.early === undefined) continue;
      expect(record.early).toEqual([]);
      watched += 1;
    }
    // All but those whose files are damaged.
    expect(watched).toBeGreaterThan(8);
  });
});

describe("disk faults", () => {
  test("drop at each sync of a spool: it is written anew, and the next life's sync says what is so", async () => {
    const numbers: number[] = [];
    const watch = ({ number, op, path }: PortCall) => {
      if (op === "sync" && path.endsWith("/spool")) numbers.push(number);
    };
    await executeWithCrashes(lost.plan, 1, [], { watch });
    expect(numbers.length).toBeGreaterThan(3);
    for (const call of numbers) {
      const { record } = await executeWithFault(lost.plan, 1, { call, fault: "drop" });
      expect(record.early).toEqual([]);
    }
  });

  test.each(diskFaults.filter((fault) => fault !== "unreadable"))(
    "%s at some calls of a run",
    async (fault) => {
      const numbers: number[] = [];
      await executeWithCrashes(lost.plan, 1, [], {
        watch: (call) => {
          if (fateOf(fault, call) !== undefined) numbers.push(call.number);
        },
      });
      for (const call of numbers.filter((_, at) => at % 4 === 0)) {
        const { record } = await executeWithFault(lost.plan, 1, { call, fault });
        const { defects, verdict } = judge(
          record,
          checks.filter(({ promise }) => !promise.startsWith("flag-")),
        );
        expect([call, defects]).toEqual([call, []]);
        expect(["pass", "invalid"]).toContain(verdict);
      }
    },
    60_000,
  );
});
