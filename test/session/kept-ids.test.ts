import fc from "fast-check";
import { expect, it } from "vitest";
import { KeptIds, packIds } from "../../src/session/kept-ids.ts";

const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 4, maxLength: 4 });
const idLists = fc.uniqueArray(hex, { maxLength: 60 });
/** Names as a folder has them: ids, others, and in any order. */
const nameLists = fc.array(fc.oneof(hex, fc.string({ maxLength: 6 })), { maxLength: 60 });

function kept(ids: readonly string[]): KeptIds {
  const packed = packIds(ids);
  if (packed === undefined) throw new Error("these ids cannot be kept");
  return new KeptIds(JSON.parse(JSON.stringify(packed)));
}

it("knows each id by its number, and nothing else", () => {
  fc.assert(
    fc.property(idLists, nameLists, (ids, others) => {
      const list = kept(ids);
      expect(list.count).toBe(ids.length);
      expect(ids.map((_, number) => list.at(number))).toEqual(ids);
      for (const name of [...ids, ...others]) {
        const number = ids.indexOf(name);
        expect(list.numberOf(name)).toBe(number === -1 ? undefined : number);
      }
    }),
  );
});

it("tells which names are none of them, sorted or not, with ids missing and names doubled", () => {
  fc.assert(
    fc.property(idLists, nameLists, fc.nat(60), fc.boolean(), (ids, others, left, isSorted) => {
      const names = [...ids.slice(0, left), ...others, ...ids.slice(0, 3)];
      if (isSorted) names.sort();
      expect(kept(ids).missing(names)).toEqual(names.filter((name) => !ids.includes(name)));
    }),
  );
});

it("keeps no ids of different lengths, and none that are empty", () => {
  expect(packIds(["aa", "b"])).toBeUndefined();
  expect(packIds([""])).toBeUndefined();
  expect(kept([]).missing(["a"])).toEqual(["a"]);
});
