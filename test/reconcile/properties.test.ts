import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Evidence, SourceCut } from "../../src/model/evidence.ts";
import type { FactBody } from "../../src/model/fact.ts";
import type { CallVerdict, Verdict } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import {
  attempt,
  call,
  cutResult,
  damage,
  end,
  evidence,
  failure,
  L,
  missing,
  O,
  prompt,
  result,
  S,
  started,
  text,
} from "./build.ts";

const id = fc.constantFrom("a", "b", "c");
const body: fc.Arbitrary<FactBody> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(id, fc.constantFrom("x", "y")).map(([name, input]) => call(name, input)) },
  { weight: 3, arbitrary: id.map((name) => result(name)) },
  id.map((name) => failure(name)),
  id.map((name) => cutResult(name, "out")),
  fc.constantFrom("one", "two").map(text),
  fc.constantFrom<FactBody>(end(), end("failed"), started(), started("t")),
  fc.constantFrom<FactBody>(
    { kind: "unknown", type: "new" },
    { kind: "unreadable", reason: "?" },
    { kind: "reasoning", text: "hm" },
  ),
);
const bodies = fc.array(body, { maxLength: 8 });
const logged = fc.array(
  fc.oneof({ weight: 4, arbitrary: body }, fc.constantFrom("p1", "p2", "p9").map(prompt)),
  {
    maxLength: 12,
  },
);
const life = fc.record({
  started: fc.constantFrom("yes", "no", "unknown"),
  liveness: fc.constantFrom("alive", "dead", "unknown"),
} as const);

const anyEvidence: fc.Arbitrary<Evidence> = fc
  .record({
    lives: fc.array(life, { maxLength: 2 }),
    spools: fc.tuple(bodies, bodies),
    log: logged,
    snapshot: logged,
    lost: fc.subarray(["L", "S"]),
    harm: fc.subarray(["torn-tail", "corrupt-middle", "nul-run"] as const),
    bootChanged: fc.boolean(),
    gated: fc.boolean(),
  })
  .map(({ lives, spools, log, snapshot, lost, harm, bootChanged, gated }) => {
    const agentLog = L(log, { damage: harm.map((code) => damage(code)) });
    const sources: SourceCut[] = [
      ...lives.map((_, index) => O(index + 1, spools[index] ?? [])),
      lost.includes("L") ? missing(agentLog) : agentLog,
      lost.includes("S") ? missing(S([])) : S(snapshot),
    ];
    return evidence(
      lives.map((changes, index) => attempt(index + 1, changes)),
      sources,
      { bootChanged, session: { id: "s", agent: "ada", gated }, approvals: [] },
    );
  });

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

const key = ({ id: callId, attempt: number, turn, name, input }: CallVerdict) =>
  JSON.stringify([callId, number ?? `turn ${turn}`, name, input]);

describe("reconcile", () => {
  it("is pure: it changes nothing, and says the same twice and after storing", () => {
    const property = fc.property(anyEvidence, (given) => {
      const first = reconcile(frozen(given));
      expect(reconcile(given)).toEqual(first);
      expect(reconcile(JSON.parse(JSON.stringify(given)))).toEqual(first);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("gives each finding one id, a cause and a sentence", () => {
    const property = fc.property(anyEvidence, (given) => {
      const { findings } = reconcile(given);
      expect(new Set(findings.map((finding) => finding.id)).size).toBe(findings.length);
      for (const { id: findingId, code, cites, summary } of findings) {
        expect(findingId.startsWith(`${code}/`)).toBe(true);
        expect(cites.length).toBeGreaterThan(0);
        expect(summary).not.toBe("");
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  /** A file that was read at two moments: what was there first is still there. */
  it("never takes back what was done, whatever is added to the files or comes as a new one", () => {
    const property = fc.property(
      fc.tuple(bodies, bodies),
      fc.tuple(bodies, bodies),
      fc.boolean(),
      bodies,
      ([spool, moreSpool], [log, moreLog], withSnapshot, snapshot) => {
        const before = evidence([attempt(1)], [O(1, spool), L([prompt("p1"), ...log])]);
        const sources = [O(1, [...spool, ...moreSpool]), L([prompt("p1"), ...log, ...moreLog])];
        const after = evidence(
          [attempt(1)],
          withSnapshot ? [...sources, S([prompt("p1"), ...snapshot])] : sources,
        );
        expectMonotone(reconcile(before), reconcile(after));
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });

  it("never takes back what was done when a source is added to none", () => {
    const property = fc.property(bodies, logged, logged, (spool, log, snapshot) => {
      const withLog = [O(1, spool), L([prompt("p1"), ...log.filter(({ kind }) => kind !== "prompt")])];
      const one = reconcile(evidence([attempt(1)], [O(1, spool)]));
      const two = reconcile(evidence([attempt(1)], withLog));
      const more = S([prompt("p1"), ...snapshot.filter(({ kind }) => kind !== "prompt")]);
      expectMonotone(one, two);
      expectMonotone(two, reconcile(evidence([attempt(1)], [...withLog, more])));
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it("claims nothing done or failed without a result in a source", () => {
    const property = fc.property(anyEvidence, (given) => {
      const facts = given.sources.flatMap((cut) => cut.facts.map(({ body: said }) => said));
      for (const { id: callId, effect } of reconcile(given).calls) {
        if (effect !== "done" && effect !== "failed") continue;
        expect(facts.some((said) => said.kind === "result" && said.callId === callId)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("passes records of unknown types on: they are named, and change nothing else", () => {
    const property = fc.property(bodies, fc.nat(20), (spool, place) => {
      const without = spool.filter(({ kind }) => kind !== "unknown");
      const withIt = without.toSpliced(place, 0, { kind: "unknown", type: "brand.new" });
      const [plain, odd] = [without, withIt].map((said) => reconcile(evidence([attempt(1)], [O(1, said)])));
      const named = odd?.findings.filter(({ code }) => code === "schema-unknown") ?? [];
      expect(named.length).toBe(1);
      expect(odd?.run).toEqual(plain?.run);
      expect(odd?.calls.map(({ cites: _, ...rest }) => rest)).toEqual(
        plain?.calls.map(({ cites: _, ...rest }) => rest),
      );
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("keeps the ids of findings while the files grow", () => {
    const property = fc.property(bodies, bodies, logged, (spool, log, more) => {
      const grown = more.filter(({ kind }) => kind !== "prompt");
      const before = reconcile(evidence([attempt(1)], [O(1, spool), L([prompt("p1"), ...log]), S([])]));
      const after = reconcile(
        evidence([attempt(1)], [O(1, spool), L([prompt("p1"), ...log, ...grown]), S([])]),
      );
      const behind = (verdict: Verdict) =>
        verdict.findings.filter(({ code }) => code === "snapshot-behind-log").map((finding) => finding.id);
      expect(behind(before)).toEqual(["snapshot-behind-log/s/-/L:0"]);
      expect(behind(after)).toEqual(behind(before));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

/**
 * Done stays done. Failed stays failed, unless a source says done: then it is said that they contradict. A result
 * without a call may find its call.
 */
function expectMonotone(before: Verdict, after: Verdict): void {
  for (const one of before.calls) {
    const same = after.calls.filter((later) => later.id === one.id && later.attempt === one.attempt);
    const now = same.find((later) => key(later) === key(one)) ?? same[0];
    if (one.effect === "done") expect(now?.effect).toBe("done");
    if (one.effect !== "failed" || now?.effect === "failed") continue;
    expect(now?.effect).toBe("done");
    const said = after.findings.filter(({ callId }) => callId === one.id).map(({ code }) => code);
    expect(said.some((code) => code === "id-conflict" || code === "told-wrongly")).toBe(true);
  }
}
