import { describe, expect, it } from "vitest";
import { idleAttemptsMax } from "../../src/reconcile/budget.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import {
  attempt,
  call,
  codes,
  end,
  evidence,
  failure,
  finding,
  O,
  placesOf,
  result,
  started,
} from "./build.ts";

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
    expect(judged(idleAttemptsMax + 1, [1]).run.state).toBe("exhausted");
    expect(judged(idleAttemptsMax, [], [2]).run.state).toBe("interrupted");
    expect(judged(idleAttemptsMax + 1, [], [2]).run.state).toBe("exhausted");
  });

  it("keeps its finding while more starts come to nothing", () => {
    const id = finding(judged(idleAttemptsMax), "budget-exhausted")?.id;
    expect(finding(judged(idleAttemptsMax + 2), "budget-exhausted")?.id).toBe(id);
  });

  it("is not spent by starts of an earlier run", () => {
    const runs = (...ids: readonly string[]) =>
      reconcile(
        evidence(
          ids.map((runId, index) => attempt(index + 1, { runId })),
          ids.map((_, index) => O(index + 1, [started()])),
        ),
      );
    expect(codes(runs("q", "q", "q", "q", "q", "r"))).not.toContain("budget-exhausted");
    const spent = finding(runs("q", "r", "r", "r", "r", "r"), "budget-exhausted");
    expect(spent?.id).toBe("budget-exhausted/r/-/attempt-2");
    expect(spent && placesOf(spent)).toEqual(["J2 dispatch 2", "J6 dispatch 6", "P6 no such process"]);
  });

  it("counts what came to an end or finished a call as progress, a call that was only begun not", () => {
    const spent = (second: Parameters<typeof O>[1], others: Parameters<typeof O>[1]) => {
      const numbers = [1, 2, 3, 4, 5, 6];
      const spools = numbers.map((number) => O(number, [started(), ...(number === 2 ? second : others)]));
      const attempts = numbers.map((number) => attempt(number, { runId: "r" }));
      return codes(reconcile(evidence(attempts, spools))).includes("budget-exhausted");
    };
    expect(spent([], [])).toBe(true);
    expect(spent([], [call("open")])).toBe(true);
    expect(spent([end("failed")], [])).toBe(false);
    expect(spent([call("a"), failure("a")], [])).toBe(false);
    expect(spent([call("a"), result("a")], [call("open")])).toBe(false);
  });
});
