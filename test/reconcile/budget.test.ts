import { describe, expect, it } from "vitest";
import { idleAttemptsMax } from "../../src/reconcile/budget.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { attempt, call, codes, evidence, finding, O, result, started } from "./build.ts";

/** Attempts 1 to n that were interrupted; those in `finishing` had finished a call. */
const judged = (n: number, finishing: readonly number[] = [], never: readonly number[] = []) => {
  const numbers = Array.from({ length: n }, (_, index) => index + 1);
  const attempts = numbers.map((number) =>
    attempt(number, { runId: "r", ...(never.includes(number) ? { started: "no" } : {}) }),
  );
  const spools = numbers.map((number) =>
    O(number, [started(), ...(finishing.includes(number) ? [call(`c${number}`), result(`c${number}`)] : [])]),
  );
  return reconcile(evidence(attempts, spools));
};

describe("a run's budget", () => {
  it("is spent after so many starts in a row without a finished call", () => {
    expect(codes(judged(idleAttemptsMax - 1))).not.toContain("budget-exhausted");
    const spent = judged(idleAttemptsMax);
    expect(spent.run.state).toBe("exhausted");
    expect(spent.recovery.action).toBe("ask");
    expect(finding(spent, "budget-exhausted")?.cites.length).toBeGreaterThan(1);
  });

  it("begins anew with progress, and starts that never were do not count", () => {
    expect(judged(idleAttemptsMax + 3, [idleAttemptsMax]).run.state).toBe("interrupted");
    expect(judged(idleAttemptsMax, [], [2]).run.state).toBe("interrupted");
    expect(judged(idleAttemptsMax + 1, [], [2]).run.state).toBe("exhausted");
  });

  it("keeps its finding while more starts come to nothing", () => {
    const id = finding(judged(idleAttemptsMax), "budget-exhausted")?.id;
    expect(finding(judged(idleAttemptsMax + 2), "budget-exhausted")?.id).toBe(id);
  });
});
