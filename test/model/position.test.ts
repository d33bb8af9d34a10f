/** Positions as clients hold them. */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  comparePositions,
  formatPosition,
  lastK,
  type Position,
  parsePosition,
} from "../../src/model/position.ts";

const position = fc.record({
  epoch: fc.stringMatching(/^[a-z0-9]{1,32}$/),
  attempt: fc.nat({ max: 999_999_999 }),
  byteOffset: fc.maxSafeNat().map((n) => n % 10 ** 15),
  k: fc.oneof(fc.nat(), fc.constant(lastK)),
});

it("is read as it was written", () => {
  const again = (one: Position) => {
    expect(parsePosition(formatPosition(one))).toEqual(one);
  };
  fc.assert(fc.property(position, again));
});

it("behind everything at a byte is one that can be read, and none is behind it", () => {
  const at: Position = { epoch: "e", attempt: 1, byteOffset: 9, k: lastK };
  expect(parsePosition(formatPosition({ ...at, k: lastK + 1 }))).toBeUndefined();
  fc.assert(fc.property(position, ({ k }) => comparePositions({ ...at, k }, at) <= 0));
});

it.each(["", "e", "e.1.2", "e.1.2.3.4", "E.1.2.3", "e.01.2.3", "e.1.-2.3", "e.1.2.3 ", "e.1.2.1e3"])(
  "that we cannot have written is none: %j",
  (text) => {
    expect(parsePosition(text)).toBeUndefined();
  },
);
