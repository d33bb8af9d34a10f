import fc from "fast-check";
import { expect, test } from "vitest";
import { FactKeeper } from "../../src/agent/keep.ts";
import type { KeepLimits } from "../../src/agent/resume-types.ts";
import type { Evidence } from "../../src/model/evidence.ts";
import type { Fact, FactBody } from "../../src/model/fact.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { call, end, prompt, result, text } from "../reconcile/build.ts";

const limits: KeepLimits = { textCharsMax: 100, bytesMax: 20_000 };

function factsOf(bodies: readonly FactBody[]): Fact[] {
  return bodies.map((body, at) => ({
    source: "L",
    path: "/l",
    range: { fromByte: at, toByte: at + 1 },
    k: 0,
    body,
  }));
}

function kept(bodies: readonly FactBody[], keep: KeepLimits | undefined = limits): FactKeeper {
  const keeper = new FactKeeper(keep);
  for (const fact of factsOf(bodies)) keeper.add([fact]);
  return keeper;
}

const turn = (number: number) => [
  prompt(`p${number}`),
  ...[1, 2, 3].flatMap((at) => [call(`c${number}_${at}`), result(`c${number}_${at}`)]),
  text("done"),
  end(),
];
const many = Array.from({ length: 300 }, (_, number) => turn(number)).flat();

function verdictOn(facts: readonly Fact[]) {
  const cut = { source: "L", path: "/l", status: "read", abilities: {}, facts, damage: [] } as const;
  const evidence: Evidence = {
    schema: 1,
    session: { id: "s", agent: "codex", gated: false },
    attempts: [],
    sources: [cut],
    decisions: [],
    probes: [],
    bootChanged: false,
    resumesFrom: "log",
  };
  return reconcile(evidence);
}

test("without limits everything is kept as it is", () => {
  const facts = factsOf(many);
  const keeper = new FactKeeper(undefined);
  keeper.add(facts);
  expect([keeper.facts, keeper.leftOut]).toEqual([facts, undefined]);
});

test("a short history is kept whole", () => {
  expect(kept(many.slice(0, 90), { ...limits, bytesMax: 1_000_000 }).facts).toHaveLength(90);
});

test("of a long one finished turns are left out, and counted", () => {
  const keeper = kept([...many, prompt("last"), call("open")]);
  const { turns = 0, calls = 0 } = keeper.leftOut ?? {};
  expect(calls).toBe(3 * turns);
  expect(keeper.facts.length + turns * 9).toBe(many.length + 2);
  expect(turns).toBeGreaterThan(250);
  expect(verdictOn(keeper.facts).calls.find(({ id }) => id === "open")?.effect).toBe("unknown");
});

test("an answer that is written twice counts as one, two different ones do not", () => {
  const twice = (content?: string) =>
    many.flatMap((body): FactBody[] =>
      body.kind === "result" ? [body, { ...body, content: content ?? body.content }] : [body],
    );
  expect(kept(twice()).leftOut?.turns).toBeGreaterThan(250);
  expect(kept(twice("other")).leftOut).toBeUndefined();
});

test("a turn that is too long by itself goes in the same way, but for what is open", () => {
  const pairs = Array.from({ length: 500 }, (_, at) => [call(`c${at}`), result(`c${at}`)]).flat();
  const keeper = kept([prompt("p"), call("lost"), ...pairs, call("open")]);
  expect(keeper.leftOut?.calls).toBeGreaterThan(400);
  const open = verdictOn(keeper.facts).calls.filter(({ effect }) => effect === "unknown");
  expect(open.map(({ id }) => id)).toEqual(["lost", "open"]);
});

test("long texts that are equal stay equal, and those that differ stay different", () => {
  const long = "x".repeat(500);
  const texts = [long, long, `${long.slice(0, 250)}y${long.slice(251)}`];
  const [one, same, other] = kept(texts.map((content, at) => result(`c${at}`, content))).facts.map(
    ({ body }) => (body.kind === "result" ? body.content : ""),
  );
  expect([one === same, one === other, (one ?? "").length < 400]).toEqual([true, false, true]);
});

test("another source loses the turns that are left out here, and no other", () => {
  const other = factsOf(many.slice(0, 18)).map((fact): Fact => ({ ...fact, source: "S" }));
  const keeper = new FactKeeper(limits, other);
  expect(keeper.comparable()).toHaveLength(18);
  for (const fact of factsOf(many)) keeper.add([fact]);
  expect(keeper.comparable()).toEqual([]);
});

test("whatever is left out, what is open, doubled or unreadable is judged as before", () => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.nat(200).map(turn) },
    fc.nat(5).map((id) => [call(`x${id}`)]),
    fc.nat(5).map((id) => [result(`x${id}`)]),
    fc.constant([prompt("again")]),
    fc.constant<FactBody[]>([{ kind: "unreadable", reason: "bad" }]),
  );
  const open = (facts: readonly Fact[]) =>
    verdictOn(facts)
      .calls.filter(({ effect }) => effect !== "done")
      .map(({ id, effect }) => `${id} ${effect}`);
  fc.assert(
    fc.property(fc.array(piece, { minLength: 10, maxLength: 60 }), (pieces) => {
      const bodies = pieces.flat();
      expect(open(kept(bodies, { textCharsMax: 100, bytesMax: 4_000 }).facts)).toEqual(open(factsOf(bodies)));
    }),
    { numRuns: 200 },
  );
});
