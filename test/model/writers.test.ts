/** Whose facts are whose in a log of two writers: the index answers what looking at every turn would. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Fact, FactBody } from "../../src/model/fact.ts";
import { callKey, type Shared, separateWriters } from "../../src/model/writers.ts";

const ids = fc.constantFrom("a", "b", "c");
const call = fc
  .tuple(ids, fc.constantFrom(1, 2))
  .map(([callId, input]): FactBody => ({ kind: "call", callId, name: "t", input }));
const result = ids.map(
  (callId): FactBody => ({ kind: "result", callId, content: "", isError: false, cut: false }),
);
const bodies = fc.array(fc.oneof(call, result), { maxLength: 5 });
const turns = fc.array(fc.record({ O: bodies, L: bodies }), { maxLength: 5 });

function factsOf(source: "O" | "L", said: readonly FactBody[]): Fact[] {
  return said.map((body, k) => ({ source, path: "p", range: { fromByte: k, toByte: k + 1 }, k, body }));
}

function rowsOf(drawn: readonly { O: readonly FactBody[]; L: readonly FactBody[] }[]): Shared[] {
  return drawn.map(({ O, L }) => ({ O: factsOf("O", O), L: factsOf("L", L), interleaved: [] }));
}

test("the index moves what a look at every earlier turn moves", () => {
  fc.assert(
    fc.property(turns, (drawn) => {
      const [fast, slow] = [rowsOf(drawn), rowsOf(drawn)];
      separateWriters(fast);
      separateByLooking(slow);
      expect(fast).toEqual(slow);
    }),
    { numRuns: 2_000 },
  );
});

test("a result behind the next prompt goes back to the turn that waits for it", () => {
  const made: FactBody = { kind: "call", callId: "a", name: "t", input: 1 };
  const told: FactBody = { kind: "result", callId: "a", content: "", isError: false, cut: false };
  const rows = rowsOf([
    { O: [], L: [made] },
    { O: [], L: [told] },
  ]);
  separateWriters(rows);
  expect(rows.map(({ L }) => L.map(({ body }) => body.kind))).toEqual([["call", "result"], []]);
  expect(rows[0]?.interleaved).toHaveLength(1);
});

/** What is meant, without any index. */
function separateByLooking(rows: readonly Shared[]): void {
  const has = (facts: readonly Fact[], kind: string, id: string) =>
    facts.some(({ body }) => body.kind === kind && "callId" in body && body.callId === id);
  const keyOf = ({ body }: Fact) => (body.kind === "call" ? callKey(body.callId, body.name, body.input) : "");
  rows.forEach((row, index) => {
    const earlier = rows.slice(0, index);
    for (const fact of [...row.L]) {
      const { body } = fact;
      if ((body.kind !== "call" && body.kind !== "result") || has(row.O, "call", body.callId)) continue;
      const { callId } = body;
      if (body.kind === "result" && has(row.L, "call", callId)) continue;
      const owner =
        body.kind === "call"
          ? earlier.findLast(
              ({ O, L }) => O.some((one) => keyOf(one) === keyOf(fact)) && !has(L, "call", callId),
            )
          : earlier.findLast(({ O, L }) => has([...O, ...L], "call", callId) && !has(L, "result", callId));
      if (owner === undefined) continue;
      row.L.splice(row.L.indexOf(fact), 1);
      owner.L.push(fact);
      owner.interleaved.push(fact);
    }
  });
}
