/** What of the hunters' runs real processes repeat, and when the two agree. */
import { describe, expect, it } from "vitest";
import type { RunRecord } from "../../harness/history.ts";
import type { Draw } from "../../harness/memory/chooser/chooser.ts";
import { executeInMemory, memoryAbilities } from "../../harness/memory/execute.ts";
import type { Damage, Plan } from "../../harness/plan/plan.ts";
import { agree, isForProcesses, isSampled } from "../../harness/strength/sample.ts";

const plan: Plan = { version: 1, mode: "lockstep", sessions: [], clients: 1, rounds: [] };
const draw = (more: Partial<Draw> = {}): Draw => ({ plan, seed: 1, crashes: [], layer: "gates", ...more });
const nothing: RunRecord = {
  plan,
  subject: { name: "none", can: memoryAbilities },
  history: [],
  ledgers: [],
  cuts: [],
  tokens: [],
  sessionIds: [],
  durationMs: 0,
};
const seeds = Array.from({ length: 2_000 }, (_, seed) => seed);

describe("sampled", () => {
  it("is every run that broke a promise, and one in twenty of the others", () => {
    expect(seeds.every((seed) => isSampled(draw(), nothing, "defect", seed))).toBe(true);
    const others = seeds.filter((seed) => isSampled(draw(), nothing, "pass", seed)).length;
    expect(others).toBeGreaterThan(60);
    expect(others).toBeLessThan(140);
  });

  it("is no run that only memory can make", () => {
    const crashes = [{ call: 3, when: "before", model: "kill" }] as const;
    expect(isSampled(draw({ crashes }), nothing, "defect", 1)).toBe(false);
    expect(isSampled(draw({ plan: { ...plan, mode: "free" } }), nothing, "defect", 1)).toBe(false);
  });

  it("is no run that ends while its server is under way: how far it has come, no plan says", () => {
    const killedAt = (phase: "starting" | "ready" | "resuming"): Plan => {
      const still = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
      const fault = { kind: "kill", target: "server" } as const;
      return { ...plan, rounds: [{ at: { phase }, position: "unsent", fault, orphan: still, damage: [] }] };
    };
    const sampled = (["starting", "ready", "resuming"] as const).map((phase) =>
      isSampled(draw({ plan: killedAt(phase) }), nothing, "defect", 1),
    );
    expect(sampled).toEqual([false, true, false]);
  });

  it("is no run in which a number means another record of a journal each time", () => {
    const still = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
    const fault = { kind: "kill", target: "tree" } as const;
    const struck = (damage: Pick<Damage, "role" | "how" | "is">): boolean => {
      const round = { at: { session: 0, nth: 1 }, position: "unsent", fault, orphan: still } as const;
      const rounds = [{ ...round, damage: [{ file: 0, record: 3, ...damage }] }];
      return isSampled(draw({ plan: { ...plan, rounds } }), nothing, "defect", 1);
    };
    const is = (kind: string) => ({ kind, session: 0, nth: 0 });
    expect([
      struck({ role: "journal", how: "alter" }),
      struck({ role: "journal", how: "alter", is: { ...is("cover"), nth: 1 } }),
      struck({ role: "journal", how: "alter", is: is("cover") }),
      struck({ role: "journal", how: "alter", is: is("run") }),
      struck({ role: "journal", how: "empty" }),
      struck({ role: "spool", how: "alter" }),
    ]).toEqual([false, false, true, true, true, true]);
  });

  it("is no run in which the server ends before it has noted whom it started", async () => {
    const call = { outcome: "append", resultChars: 10, style: "ascii" } as const;
    const script = { replies: [{ calls: [call], parallel: false }], finalText: "done" };
    const still = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
    const sampledOf = async (event: string, target: "tree" | "agent"): Promise<readonly boolean[]> => {
      const fault = { kind: "kill", target } as const;
      const at = { session: 0, event };
      const rounds: Plan["rounds"] = [{ at, position: "unsent", fault, orphan: still, damage: [] }];
      const whole: Plan = { ...plan, sessions: [{ storeLag: "ada", turns: [{ script }] }], rounds };
      const sampled = seeds
        .slice(0, 12)
        .map(async (seed) =>
          isSampled(draw({ plan: whole }), await executeInMemory(whole, seed), "defect", 1),
        );
      return [...new Set(await Promise.all(sampled))].sort();
    };
    expect(await sampledOf("start/out", "tree")).toEqual([false, true]);
    expect(await sampledOf("start/out", "agent")).toEqual([true]);
    expect(await sampledOf("result:1/out", "tree")).toEqual([true]);
  });

  it("is for processes, unless all that broke is what only memory sees", () => {
    const of = (...promises: string[]) => isForProcesses({ verdict: "defect", promises });
    expect([of("durable-before-shown"), of("durable-before-shown", "settles")]).toEqual([false, true]);
    expect(isForProcesses({ verdict: "pass", promises: [] })).toBe(true);
  });
});

describe("both agree", () => {
  const of = (verdict: string, ...promises: string[]) => ({ verdict, promises });

  it("where the verdict is one, and a broken promise", () => {
    expect(agree(of("pass"), of("pass"))).toBe(true);
    expect(agree(of("defect", "settles", "no-lost-run"), of("defect", "no-lost-run"))).toBe(true);
  });

  it("and not where one is blind, or sees something else, or cannot tell", () => {
    expect(agree(of("defect", "settles"), of("pass"))).toBe(false);
    expect(agree(of("pass"), of("defect", "settles"))).toBe(false);
    expect(agree(of("defect", "settles"), of("defect", "no-lost-run"))).toBe(false);
    expect(agree(of("pass"), of("infra"))).toBe(false);
    expect(agree(of("unknown"), of("unknown"))).toBe(false);
  });
});
