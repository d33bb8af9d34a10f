/** Which call was issued again: each later one takes the place of one earlier one, or of none. */
import { describe, expect, it } from "vitest";
import type { Evidence } from "../../src/model/evidence.ts";
import type { FactBody } from "../../src/model/fact.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { attempt, call, end, evidence, failure, finding, L, O, prompt, result, started } from "./build.ts";

const go = started();
/** Equal calls, all of them. */
const [a, b, c, d] = [call("a", "x"), call("b", "x"), call("c", "x"), call("d", "x")];

/** What one turn did, and the next: which calls were superseded. */
function replaced(first: readonly FactBody[], second: readonly FactBody[], changes: Partial<Evidence> = {}) {
  const attempts = [attempt(1), attempt(2)];
  const verdict = reconcile(evidence(attempts, [O(1, [go, ...first]), O(2, [go, ...second])], changes));
  return verdict.calls.filter(({ marks }) => marks.includes("superseded")).map(({ id }) => id);
}
const notDone = (callId: string, number: number) => ({
  decisions: [
    { callId, attempt: number, outcome: "not-done", who: "me", cite: { source: "J", value: "no" } } as const,
  ],
});

describe("a call is superseded", () => {
  it("also where the turn before failed, and not where it came to its end", () => {
    expect(replaced([a, end("failed")], [c])).toEqual(["a"]);
    expect(replaced([a, end()], [c])).toEqual([]);
  });

  it("an uncertain one before a failed one, of finished ones the first", () => {
    expect(replaced([a, failure("a"), b], [c])).toEqual(["b"]);
    expect(replaced([a, result("a"), b, failure("b")], [c])).toEqual(["a"]);
  });

  it("by one that may have done something, not by one that is known not to have", () => {
    expect(replaced([a], [c])).toEqual(["a"]);
    expect(replaced([a], [c], notDone("c", 2))).toEqual([]);
  });

  it("not if it was never started: it waits for nothing", () => {
    expect(replaced([a], [c], notDone("a", 1))).toEqual([]);
  });

  it("at most once: further equal calls are new ones", () => {
    expect(replaced([a], [c, d])).toEqual(["a"]);
    expect(replaced([a, b], [c])).toEqual([]);
  });

  it("in a store without a journal as well", () => {
    const log = L([prompt("p1"), a, prompt("p2"), c, result("c")]);
    const verdict = reconcile(evidence([], [log]));
    expect(verdict.calls.map(({ state }) => state)).toEqual(["superseded", "completed"]);
  });

  it("and its place is the later one's, its effect perhaps there twice", () => {
    const summary = (...first: readonly FactBody[]) =>
      finding(
        reconcile(evidence([attempt(1), attempt(2)], [O(1, [go, ...first]), O(2, [go, c])])),
        "superseded",
      )?.summary;
    expect(summary(a)).toContain("may be there twice");
    expect(summary(a, failure("a"))).toContain("may be there twice");
    expect(summary(a, result("a"))).toContain("is there twice");
  });
});
