import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignInOrder, mergeOrders } from "../../src/model/order.ts";

describe("alignInOrder", () => {
  const same = (left: string, right: string) => (left === right ? 1 : 0);

  it("pairs the most, without crossing, the earliest first", () => {
    expect(alignInOrder(["a", "b", "c"], ["b", "c"], same)).toEqual([undefined, 0, 1]);
    expect(alignInOrder(["a", "b"], ["b", "a"], same).filter((pair) => pair !== undefined).length).toBe(1);
    expect(alignInOrder(["a"], ["a", "a"], same)).toEqual([0]);
    expect(alignInOrder([], ["a"], same)).toEqual([]);
  });

  it("prefers the greater score", () => {
    const score = (left: number, right: number) => (left === right ? 10 : 1);
    expect(alignInOrder([1], [2, 1], score)).toEqual([1]);
  });

  it("never crosses and never pairs twice", () => {
    const words = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 12 });
    fc.assert(
      fc.property(words, words, (left, right) => {
        const pairs = alignInOrder(left, right, same).filter((pair) => pair !== undefined);
        expect(pairs).toEqual([...new Set(pairs)].sort((a, b) => a - b));
      }),
    );
  });
});

describe("mergeOrders", () => {
  it("puts what a later sequence adds behind what it follows there", () => {
    expect(
      mergeOrders([
        ["a", "c"],
        ["a", "b", "c"],
      ]),
    ).toEqual(["a", "b", "c"]);
    expect(mergeOrders([["a"], ["x", "a", "y"]])).toEqual(["x", "a", "y"]);
    expect(mergeOrders([[], ["a"], []])).toEqual(["a"]);
  });

  it("holds each key once, and keeps the order of the first sequence", () => {
    const words = fc.uniqueArray(fc.string({ maxLength: 2 }), { maxLength: 8 });
    fc.assert(
      fc.property(words, words, words, (one, two, three) => {
        const merged = mergeOrders([one, two, three]);
        expect([...merged].sort()).toEqual([...new Set([...one, ...two, ...three])].sort());
        expect(merged.filter((key) => one.includes(key))).toEqual(one);
      }),
    );
  });

  it("does not mind how long it is", () => {
    const long = Array.from({ length: 200_000 }, (_, index) => `${index}`);
    expect(mergeOrders([long, long.slice(5)])).toEqual(long);
  });
});
