/**
 * Metamorphic: a finding has a cause. Heal it, and that finding goes, the others stay, and none comes.
 *
 * Sessions are drawn that are whole in every source; then some of these harms are done to them, and undone one by one.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Evidence } from "../../src/model/evidence.ts";
import type { FactBody } from "../../src/model/fact.ts";
import type { FindingCode } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { attempt, call, damage, end, evidence, L, O, prompt, result, S, started, text } from "./build.ts";

/** Of each source what it holds, and what else is known. */
interface Session {
  readonly O: readonly FactBody[];
  readonly L: readonly FactBody[];
  readonly S: readonly FactBody[];
  readonly torn: boolean;
  readonly pidReused: boolean;
  readonly more: Partial<Evidence>;
}

/** Calls `c0`, `c1`, … each with its result; a text before some of them. */
function whole(texts: readonly boolean[]): Session {
  const said = texts.flatMap((isSaid, number): FactBody[] => [
    ...(isSaid ? [text(`words ${number}`)] : []),
    call(`c${number}`),
    result(`c${number}`),
  ]);
  const [ask, last] = [prompt("p1"), text("ok")];
  return {
    O: [started(), ...said, last, end()],
    L: [started(), ask, ...said, last, end()],
    S: [ask, ...said, last],
    torn: false,
    pidReused: false,
    more: {},
  };
}

interface Harm {
  readonly code: FindingCode;
  /** The call is drawn; of `calls` there are so many. */
  readonly done: (to: Session, callId: string) => Session;
}

const named = (version: string): FactBody => ({ kind: "session", agentSessionId: "s", version });
const isResultOf = (id: string) => (body: FactBody) => body.kind === "result" && body.callId === id;
const cite = { source: "P", value: "pid 7" } as const;

/** Each raises one finding; no two the same. */
const harms: readonly Harm[] = [
  { code: "snapshot-behind-log", done: (to) => ({ ...to, S: to.S.slice(0, -1) }) },
  {
    code: "dangling-call",
    done: (to, id) => {
      const without = (bodies: readonly FactBody[]) => bodies.filter((body) => !isResultOf(id)(body));
      return { ...to, O: without(to.O), L: without(to.L), S: without(to.S) };
    },
  },
  { code: "schema-unknown", done: (to) => ({ ...to, O: [...to.O, { kind: "unknown", type: "brand.new" }] }) },
  { code: "version-drift", done: (to) => ({ ...to, L: [named("1"), ...to.L, named("2")] }) },
  { code: "torn-tail", done: (to) => ({ ...to, torn: true }) },
  { code: "pid-reused", done: (to) => ({ ...to, pidReused: true }) },
  {
    code: "place-moved",
    done: (to) => ({
      ...to,
      more: { ...to.more, workspaceGone: { source: "W", path: "/w", value: "nothing is there" } },
    }),
  },
];

function judged({ O: spool, L: log, S: snapshot, torn, pidReused, more }: Session) {
  const sources = [O(1, spool), L(log, { damage: torn ? [damage("torn-tail")] : [] }), S(snapshot)];
  const one = attempt(1, pidReused ? { pidReused: cite } : {});
  return reconcile(evidence([one], sources, more)).findings;
}

const drawn = fc.record({
  texts: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  done: fc.subarray([...harms], { minLength: 1, maxLength: 4 }),
  at: fc.nat(4),
});

describe("a finding", () => {
  it("is there for its cause alone: healed, it goes, no other comes and none goes with it", () => {
    const property = fc.property(drawn, ({ texts, done, at }) => {
      const callId = `c${at % texts.length}`;
      const codesAfter = (some: readonly Harm[]) =>
        judged(some.reduce((session, harm) => harm.done(session, callId), whole(texts)))
          .map(({ code }) => code)
          .sort();
      expect(codesAfter(done)).toEqual(done.map(({ code }) => code).sort());
      for (const healed of done) {
        const left = done.filter((harm) => harm !== healed);
        expect(codesAfter(left)).toEqual(left.map(({ code }) => code).sort());
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
