import fc from "fast-check";
import { expect, it } from "vitest";
import { isoTime } from "../../src/model/time.ts";

it("isoTime writes every moment as Date does", () => {
  const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: last }), (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString());
    }),
    { numRuns: 1_000, examples: [[0], [Date.UTC(2000, 1, 29)], [Date.UTC(2100, 2, 1) - 1], [last]] },
  );
});
