import { expect, it } from "vitest";
import { charsKeptMax, KeptFacts } from "../../src/agent/kept-facts.ts";
import type { Fact, FactBody } from "../../src/model/fact.ts";

const fact = (body: FactBody): Fact => ({
  source: "O",
  path: "/spool",
  range: { fromByte: 0, toByte: 1 },
  k: 0,
  body,
});
const text = (chars: number) => fact({ kind: "text", text: "t".repeat(chars) });
const result = (callId: string, chars: number) =>
  fact({ kind: "result", callId, content: "r".repeat(chars), isError: false, cut: false });
const charsOf = ({ facts }: KeptFacts) =>
  facts.map(({ body }) => ("text" in body ? body.text.length : "content" in body ? body.content.length : 0));

it("what was said gives way to what is said, and no result to it", () => {
  const kept = new KeptFacts(1_000);
  kept.add([result("c1", 5_000), text(600)]);
  kept.add([result("c2", 5_000), text(600)]);
  kept.add([text(300)]);
  expect(charsOf(kept)).toEqual([5_000, 200, 5_000, 200, 300]);
});

it("as many facts as one line can hold are kept", () => {
  const kept = new KeptFacts(1_000);
  kept.add(Array.from({ length: 300_000 }, () => text(0)));
  expect(kept.facts).toHaveLength(300_000);
});

it("a result gives way when all together is too much, and says that only its beginning is left", () => {
  const kept = new KeptFacts(1_000);
  kept.add([result("c1", charsKeptMax - 100), text(300)]);
  expect(charsOf(kept)).toEqual([200, 300]);
  expect(kept.facts[0]?.body).toMatchObject({ cut: true });
});
