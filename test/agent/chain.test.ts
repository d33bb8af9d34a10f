/** The compact links of a log against the plain ones: a map of ids. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Chain } from "../../src/agent/chain.ts";
import { SentLines } from "../../src/agent/sent-lines.ts";
import type { Fact, FactBody } from "../../src/model/fact.ts";
import { call, prompt, result } from "../reconcile/build.ts";

const idOf = (number: number) => `line-${number}`;
const lines = fc.array(fc.tuple(fc.nat(30), fc.option(fc.nat(30), { nil: undefined })), { maxLength: 60 });

test("finds what a map finds: repeated ids, parents that come later, parents that never come, cycles", () => {
  fc.assert(
    fc.property(lines, (pairs) => {
      const chain = new Chain();
      const last = new Map<number, number>();
      pairs.forEach(([id, parent], at) => {
        expect(chain.length).toBe(at);
        const isOrphan = parent !== undefined && !last.has(parent);
        const parentId = parent === undefined ? undefined : idOf(parent);
        expect(chain.add(idOf(id), parentId)).toEqual({ isRepeated: last.has(id), isOrphan });
        last.set(id, at);
      });
      pairs.forEach(([, parent], at) => {
        expect(chain.parentOf(at)).toBe(parent === undefined ? undefined : last.get(parent));
      });
      const way: number[] = [];
      for (let at = pairs.length - 1; at >= 0 && !way.includes(at); ) {
        way.push(at);
        const parent = pairs[at]?.[1];
        at = parent === undefined ? -1 : (last.get(parent) ?? -1);
      }
      expect(pairs.length === 0 ? [] : [...chain.way(pairs.length - 1)]).toEqual(way);
    }),
  );
});

test("200,000 lines cost less than 12 MB and are walked to the first", () => {
  const before = process.memoryUsage();
  const chain = new Chain();
  for (let at = 0; at < 200_000; at += 1) chain.add(idOf(at), at === 0 ? undefined : idOf(at - 1));
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(12 * 1024 * 1024);
  let walked = 0;
  for (const _ of chain.way(chain.length - 1)) walked += 1;
  expect(walked).toBe(200_000);
  expect(chain.find(idOf(77))).toBe(77);
  expect(chain.find("another")).toBeUndefined();
});

test("a line goes when all of its facts went, and keeps what is left of it", () => {
  const said = new SentLines();
  const at = (body: FactBody): Fact => ({ source: "L", range: { fromByte: 7, toByte: 9 }, k: 0, body });
  said.add({ fromByte: 7, toByte: 9 }, 0, [
    { role: "user" },
    { role: "assistant", callId: "a" },
    { role: "tool", callId: "a", answer: "result" },
    { role: "assistant", callId: "b" },
  ]);
  for (const body of [call("a"), result("a"), prompt("p")]) said.forget(at(body));
  expect(said.lines).toEqual([
    { range: { fromByte: 7, toByte: 9 }, line: 0, sends: [{ role: "assistant", callId: "b" }] },
  ]);
  said.forget(at(call("b")));
  expect(said.lines).toEqual([]);
});
