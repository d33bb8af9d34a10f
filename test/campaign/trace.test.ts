import { describe, expect, it } from "vitest";
import { firstDifference, traceHash } from "../../harness/campaign/trace.ts";

describe("traces", () => {
  it("do not depend on the order of the sources", () => {
    expect(traceHash({ a: ["1"], b: ["2"] })).toBe(traceHash({ b: ["2"], a: ["1"] }));
  });

  it("depend on the order within a source", () => {
    expect(traceHash({ a: ["1", "2"] })).not.toBe(traceHash({ a: ["2", "1"] }));
  });

  it("name the first difference, also where one has ended", () => {
    expect(firstDifference({ a: ["1", "2"] }, { a: ["1"] })).toBe('a, entry 2: "2" and "nothing"');
    expect(firstDifference({ a: ["1"] }, { a: ["1"], b: ["x"] })).toBe('b, entry 1: "nothing" and "x"');
    expect(firstDifference({ a: ["1"] }, { a: ["1"] })).toBeUndefined();
  });
});
