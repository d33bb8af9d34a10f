/** What a finding and a call point at: a person who doubts a verdict looks there. */
import { describe, expect, it, test } from "vitest";
import type { Evidence } from "../../src/model/evidence.ts";
import type { FactBody } from "../../src/model/fact.ts";
import { citeFact, citesMax, placeOf, placeOfDamage } from "../../src/reconcile/finding.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import {
  attempt,
  call,
  evidence,
  failure,
  finding,
  L,
  O,
  placesOf,
  prompt,
  result,
  S,
  started,
  text,
} from "./build.ts";

const [p1, go] = [prompt("p1"), started()];
const [a, ra, b, rb] = [call("a"), result("a"), call("b"), result("b")];
const ask = { callId: "a", name: "run_command", input: { command: "make" } };

const said: readonly (readonly [string, FactBody])[] = [
  ['call a run_command {"command":"make"}', { kind: "call", ...ask }],
  ['reply names call a run_command {"command":"make"}', { kind: "announced", ...ask }],
  [
    'asks for call a run_command {"command":"make"}',
    { kind: "permission", requestId: "r", ...ask, options: [] },
  ],
  ["result a out", result("a", "out")],
  ["error a bad", failure("a", "bad")],
  ["turn completed", { kind: "turn-end", outcome: "completed" }],
  ["turn failed: no money", { kind: "turn-end", outcome: "failed", reason: "no money" }],
  ["session s", started()],
  ["record of type new.thing", { kind: "unknown", type: "new.thing" }],
  ["unreadable: not JSON", { kind: "unreadable", reason: "not JSON" }],
  ["text: hello", text("hello")],
];

test.each(said)("a cite quotes what was said: %s", (value, body) => {
  const [fact] = O(2, [body]).facts;
  expect(fact && citeFact(fact)).toStrictEqual({
    source: "O",
    path: "/run/2/spool",
    attempt: 2,
    range: { fromByte: 0, toByte: 9 },
    value,
  });
});

describe("a place", () => {
  it("tells several facts of one record apart", () => {
    const [fact] = L([text("hello")]).facts;
    expect(fact && [placeOf(fact), placeOf({ ...fact, k: 2 })]).toEqual(["L:0", "L:0.2"]);
  });

  it("of damage is the file's last two names and the byte", () => {
    const range = { fromByte: 7, toByte: 9 };
    expect(placeOfDamage("J", { path: "/data/s/journal/00000002.journal", range })).toBe(
      "J:journal:00000002.journal:7",
    );
  });
});

describe("an id", () => {
  it("of a finding is plain whatever the agent calls its calls", () => {
    const given = evidence([attempt(1)], [O(1, [go, call("a/b \ud800")]), L([p1])]);
    expect(finding(reconcile(given), "dangling-call")?.id).toBe("dangling-call/r1/a%2Fb%20%EF%BF%BD/O1:10");
  });

  it("of a call and its attempt stand beside the finding, where it is about one", () => {
    const verdict = reconcile(evidence([attempt(1)], [O(1, [go, a]), L([p1, a])]));
    expect(finding(verdict, "dangling-call")).toMatchObject({ callId: "a", attempt: 1 });
    expect(finding(verdict, "ghost-running")).toMatchObject({ attempt: 1 });
    expect(finding(verdict, "ghost-running")).not.toHaveProperty("callId");
  });
});

describe("a call cites", () => {
  it("every source that has it, the person who decided and the look at the workspace", () => {
    const cite = (source: "J" | "W", value: string) => ({ source, value });
    const decisions = [
      { callId: "b", attempt: 1, outcome: "done", who: "me", cite: cite("J", "by hand") },
    ] as const;
    const probes = [
      { callId: "b", saw: "cannot-tell", provisional: false, cite: cite("W", "looked") },
    ] as const;
    const sources = [O(1, [go, a, ra, b]), L([p1, a, ra, b]), S([p1, a, ra])];
    const { calls } = reconcile(evidence([attempt(1)], sources, { decisions, probes }));
    expect(calls.map(placesOf)).toEqual([
      ["O1:10", "L:10", "S:10", "O1:20", "L:20", "S:20"],
      ["O1:30", "L:30", "J by hand", "W looked"],
    ]);
  });

  it("the process of its tool, which lives on", () => {
    const tools = [{ callId: "a", cite: { source: "P", value: "pid 7" } }] as const;
    const verdict = reconcile(evidence([attempt(1)], [O(1, [go, a])], { tools }));
    expect(verdict.calls.map(placesOf)).toEqual([["O1:10", "P pid 7"]]);
    expect(verdict.findings.map((one) => [one.code, placesOf(one)])).toEqual([
      ["ghost-running", ["J1 dispatch 1", "P1 no such process"]],
      ["orphan-tool", ["P pid 7", "O1:10"]],
    ]);
  });
});

describe("what a source lacks is cited by how far it reaches", () => {
  const places = (code: Parameters<typeof finding>[1], ...sources: Evidence["sources"]) => {
    const found = finding(reconcile(evidence([attempt(1)], sources)), code);
    return found && placesOf(found);
  };

  it("its last record of the turn", () => {
    expect(places("journal-ahead", O(1, [go, a, ra, b, rb]), L([p1, a, ra, b]))).toEqual(["O1:40", "L:30"]);
    expect(places("snapshot-behind-log", L([p1, a, ra]), S([p1, text("hi"), go]))).toEqual(["L:10", "S:10"]);
  });

  it("its file, where it has nothing of the turn; its name, where it is no file", () => {
    expect(places("journal-ahead", O(1, [go, a]), L([go]))).toEqual(["O1:10", "L /w/events/s.jsonl"]);
    expect(places("agent-ahead", L([p1, a, ra]))).toEqual(["L:10", "O nothing of this turn"]);
    expect(places("snapshot-behind-log", L([p1]), S([go]))).toEqual(["L:0", "S /w/sessions/s.json"]);
    const { path: _, ...pathless } = S([]);
    expect(places("snapshot-behind-log", L([p1]), pathless)).toEqual(["L:0", "S no messages"]);
    const found = finding(reconcile(evidence([], [L([p1]), pathless])), "snapshot-behind-log");
    expect(found?.cites[1]).toStrictEqual({ source: "S", value: "no messages" });
  });

  it("of records that lie behind one another in the file the first, whichever turn it belongs to", () => {
    const log = L([p1, a, prompt("p2"), b, ra, rb]);
    const given = evidence([attempt(1), attempt(2)], [O(1, [go, a, ra]), O(2, [go, b, rb]), log, S([p1, a])]);
    const found = finding(reconcile(given), "snapshot-behind-log");
    expect(found?.id).toBe("snapshot-behind-log/s/-/L:20");
    expect(found?.summary).toContain("(4 entries)");
  });

  it("a turn that somebody else opened, by the last start of ours", () => {
    const log = L([p1, text("ok"), prompt("p2"), prompt("by hand")]);
    const given = evidence([attempt(1), attempt(2)], [O(1, [go, text("ok")]), O(2, [go]), log]);
    const found = finding(reconcile(given), "agent-ahead");
    expect(found && placesOf(found)).toEqual(["L:30", "J2 dispatch 2"]);
  });
});

test("a finding is no longer than a record may be, however often the agent says the same", () => {
  const many = Array.from({ length: 2_000 }, (_, n) => call("a", `${n}`));
  const conflict = finding(reconcile(evidence([attempt(1)], [O(1, [go, ...many])])), "id-conflict");
  expect(conflict?.summary).toContain("stands for 2000 different calls");
  expect(conflict?.cites.map(({ range }) => range?.fromByte)).toEqual(
    Array.from({ length: citesMax }, (_, n) => 10 * (n + 1)),
  );
});
