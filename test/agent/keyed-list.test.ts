/** The list by key beside a Map, which it stands for. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyedList } from "../../src/agent/keyed-list.ts";

test("it holds what a map holds, in the order of the first appearance", () => {
  const key = fc.nat(300).map((number) => `k${number}`);
  const step = fc.oneof(
    fc.tuple(fc.constant("set" as const), key, fc.nat(9)),
    fc.tuple(fc.constant("delete" as const), key, fc.constant(0)),
    fc.tuple(fc.constant("shift" as const), key, fc.constant(0)),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_200, size: "max" }), (steps) => {
      const map = new Map<string, number>();
      const list = new KeyedList<number>();
      for (const [kind, name, value] of steps) {
        if (kind === "set") {
          map.set(name, value);
          list.set(name, value);
        } else if (kind === "shift") {
          const [oldest] = map;
          if (oldest !== undefined) map.delete(oldest[0]);
          expect(list.shift()).toBe(oldest?.[1]);
        } else {
          map.delete(name);
          list.delete(name);
        }
        expect(list.oldest).toBe(map.keys().next().value);
      }
      expect([list.keys, list.values, list.size]).toEqual([[...map.keys()], [...map.values()], map.size]);
      expect(list.keys.map((name) => list.get(name))).toEqual(list.values);
    }),
    { numRuns: 100 },
  );
});
