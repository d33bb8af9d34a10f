import { describe, expect, it } from "vitest";
import type { Evidence } from "../../src/model/evidence.ts";
import type { FindingCode, RunState } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import {
  attempt,
  call,
  codes,
  damage,
  end,
  evidence,
  failure,
  finding,
  J,
  L,
  O,
  prompt,
  result,
  S,
  started,
  text,
  told,
} from "./build.ts";

interface Row {
  readonly name: string;
  readonly given: Evidence;
  readonly run: RunState;
  readonly calls: readonly string[];
  readonly findings: readonly FindingCode[];
  readonly action: "none" | "adopt" | "resume" | "ask";
  readonly sends: readonly string[];
}

const alive = { liveness: "alive" } as const;
const ghost = ["dangling-call", "ghost-running", "snapshot-behind-log"] as const;
const p1 = prompt("p1");
const a = call("a");
const b = call("b");
const c = call("c");
const go = started();

const rows: readonly Row[] = [
  {
    name: "A1 cut while a call ran: not running any more",
    given: evidence([attempt(1)], [O(1, [go, a]), L([p1, a]), S([])]),
    run: "interrupted-indeterminate",
    calls: ["a: unknown/no/indeterminate"],
    findings: ghost,
    action: "resume",
    sends: ["a unknown"],
  },
  {
    name: "A2 the agent lives: live, and nothing is flagged",
    given: evidence([attempt(1, alive)], [O(1, [go, a]), L([p1, a]), S([])]),
    run: "live",
    calls: ["a: running/no/running-adopted"],
    findings: [],
    action: "adopt",
    sends: ["a nothing"],
  },
  {
    name: "A3 finished, nobody recorded the end but the agent's log",
    given: evidence(
      [attempt(1)],
      [
        O(1, [go, a, result("a")]),
        L([p1, a, result("a"), text("ok"), end()]),
        S([p1, a, result("a"), text("ok")]),
      ],
    ),
    run: "completed",
    calls: ["a: done/yes/completed"],
    findings: [],
    action: "none",
    sends: ["a result"],
  },
  {
    name: "A4 an interrupted turn beside a later one that was finished",
    given: evidence(
      [attempt(1), attempt(2)],
      [
        O(1, [go, a, result("a")]),
        O(2, [go, text("ok"), end()]),
        L([p1, a, result("a"), prompt("p2"), text("ok"), end()]),
        S([p1, a, result("a"), prompt("p2"), text("ok")]),
      ],
    ),
    run: "completed",
    calls: ["a: done/yes/completed"],
    findings: [],
    action: "none",
    sends: ["a result"],
  },
  {
    name: "B1 one dangling call",
    given: evidence([attempt(1)], [O(1, [go, a]), L([p1, a]), S([])]),
    run: "interrupted-indeterminate",
    calls: ["a: unknown/no/indeterminate"],
    findings: ghost,
    action: "resume",
    sends: ["a unknown"],
  },
  {
    name: "B2 parallel calls, one of them done",
    given: evidence([attempt(1)], [O(1, [go, a, b, c, result("b")]), L([p1, a, b, c, result("b")]), S([])]),
    run: "interrupted-indeterminate",
    calls: ["a: unknown/no/indeterminate", "b: done/no/result-elsewhere", "c: unknown/no/indeterminate"],
    findings: ghost,
    action: "resume",
    sends: ["a unknown", "b result", "c unknown"],
  },
  {
    name: "B5 one id in two turns: only the second is open",
    given: evidence(
      [attempt(1), attempt(2)],
      [
        O(1, [go, a, result("a"), text("ok"), end()]),
        O(2, [go, call("a", "other")]),
        L([p1, a, result("a"), text("ok"), end(), prompt("p2"), call("a", "other")]),
        S([p1, a, result("a"), text("ok")]),
      ],
    ),
    run: "interrupted-indeterminate",
    calls: ["a: done/yes/completed", "a: unknown/no/indeterminate"],
    findings: ghost,
    action: "resume",
    sends: ["a result", "a unknown"],
  },
  {
    name: "B6 one id twice in one turn: flagged, and its neighbour works on",
    given: evidence(
      [attempt(1)],
      [
        O(1, [go, a, call("a", "other"), b, result("b")]),
        L([p1, a, call("a", "other"), b, result("b")]),
        S([]),
      ],
    ),
    run: "diverged",
    calls: ["a: unknown/no/id-conflict", "a: unknown/no/id-conflict", "b: done/no/result-elsewhere"],
    findings: ["dangling-call", "ghost-running", "id-conflict", "snapshot-behind-log"],
    action: "ask",
    sends: ["a unknown", "a unknown", "b result"],
  },
  {
    name: "B8 the second dangling call of a batch is marked too",
    given: evidence([attempt(1)], [O(1, [go, a, b]), L([p1, a, b]), S([])]),
    run: "interrupted-indeterminate",
    calls: ["a: unknown/no/indeterminate", "b: unknown/no/indeterminate"],
    findings: ghost,
    action: "resume",
    sends: ["a unknown", "b unknown"],
  },
  {
    name: "C2 a torn line with a new record behind it: both turns are kept",
    given: evidence(
      [attempt(1), attempt(2)],
      [
        O(1, [go, a, result("a")]),
        O(2, [go, text("ok"), end()]),
        L([p1, a, result("a"), prompt("p2"), text("ok"), end()], { damage: [damage("corrupt-middle")] }),
        S([p1, a, result("a"), prompt("p2"), text("ok")]),
      ],
    ),
    run: "completed",
    calls: ["a: done/yes/completed"],
    findings: ["corrupt-middle"],
    action: "none",
    sends: ["a result"],
  },
  {
    name: "C5 a bad record in the middle: what it held is known from the stream, its neighbours stand",
    given: evidence(
      [attempt(1)],
      [
        O(1, [go, a, result("a"), b, result("b")]),
        L([p1, a, b, result("b")], { damage: [damage("corrupt-middle", "/w/events/s.jsonl", 19)] }),
        S([]),
      ],
    ),
    run: "interrupted",
    calls: ["a: done/no/result-elsewhere", "b: done/no/result-elsewhere"],
    findings: ["corrupt-middle", "ghost-running", "journal-ahead", "snapshot-behind-log"],
    action: "resume",
    sends: ["a result", "b result"],
  },
  {
    name: "C7 an empty snapshot",
    given: evidence(
      [attempt(1)],
      [
        O(1, [go, a, result("a")]),
        L([p1, a, result("a")]),
        S([], { status: "unreadable", damage: [damage("snapshot-unreadable", "/w/sessions/s.json", 0)] }),
      ],
    ),
    run: "interrupted",
    calls: ["a: done/no/result-elsewhere"],
    findings: ["ghost-running", "snapshot-unreadable"],
    action: "resume",
    sends: ["a result"],
  },
  {
    name: "D4 the snapshot lacks what the log holds",
    given: evidence([attempt(1)], [O(1, [go, a, result("a")]), L([p1, a, result("a")]), S([])]),
    run: "interrupted",
    calls: ["a: done/no/result-elsewhere"],
    findings: ["ghost-running", "snapshot-behind-log"],
    action: "resume",
    sends: ["a result"],
  },
  {
    name: "E3 done, and only the stream says so",
    given: evidence([attempt(1)], [O(1, [go, a, result("a")]), L([p1]), S([])]),
    run: "interrupted",
    calls: ["a: done/no/result-elsewhere"],
    findings: ["ghost-running", "journal-ahead", "snapshot-behind-log"],
    action: "resume",
    sends: ["a result"],
  },
  {
    name: "E4 done, and only the agent's log says so",
    given: evidence([attempt(1)], [O(1, [go, a]), L([p1, a, result("a")]), S([])]),
    run: "interrupted",
    calls: ["a: done/no/result-elsewhere"],
    findings: ["agent-ahead", "ghost-running", "snapshot-behind-log"],
    action: "resume",
    sends: ["a result"],
  },
  {
    name: "a failed call is failed, and sent as its result",
    given: evidence([attempt(1)], [O(1, [go, a, failure("a")]), L([p1, a, failure("a")]), S([])]),
    run: "interrupted",
    calls: ["a: failed/no/failed"],
    findings: ["ghost-running", "snapshot-behind-log"],
    action: "resume",
    sends: ["a result"],
  },
  {
    name: "an attempt that never started leaves what was there, and its prompt is owed",
    given: evidence(
      [attempt(1), attempt(2, { started: "no" })],
      [
        O(1, [go, a, result("a"), text("ok"), end()]),
        L([p1, a, result("a"), text("ok"), end()]),
        S([p1, a, result("a"), text("ok")]),
        J([]),
      ],
    ),
    run: "interrupted",
    calls: ["a: done/yes/completed"],
    findings: [],
    action: "resume",
    sends: ["a result"],
  },
];

describe("scenarios", () => {
  for (const { name, given, run, calls, findings, action, sends } of rows) {
    it(name, () => {
      const verdict = reconcile(given);
      expect(verdict.run.state).toBe(run);
      expect(told(verdict)).toEqual(calls);
      expect(codes(verdict)).toEqual([...findings].sort());
      expect(verdict.recovery.action).toBe(action);
      expect(verdict.recovery.sends.map(({ callId, as }) => `${callId} ${as}`)).toEqual(sends);
      for (const { cites } of verdict.findings) expect(cites.length).toBeGreaterThan(0);
      // It is stored as JSON: nothing in it may be lost on the way.
      expect(JSON.parse(JSON.stringify(verdict))).toStrictEqual(verdict);
    });
  }

  it("A4: the earlier turn reads interrupted", () => {
    const row = rows.find(({ name }) => name.startsWith("A4"));
    const verdict = reconcile(row?.given ?? evidence([], []));
    expect(verdict.attempts.map(({ state }) => state)).toEqual(["interrupted", "completed"]);
  });

  it("D4: the finding points at the first record that is missing, and does not move", () => {
    const before = [O(1, [go, a, result("a")]), L([p1, a, result("a")]), S([])];
    const after = [O(1, [go, a, result("a"), b]), L([p1, a, result("a"), b]), S([])];
    const first = finding(reconcile(evidence([attempt(1)], before)), "snapshot-behind-log");
    const later = finding(reconcile(evidence([attempt(1)], after)), "snapshot-behind-log");
    expect(first?.id).toBe("snapshot-behind-log/s/-/L:0");
    expect(later?.id).toBe(first?.id);
    expect(first?.cites[0]).toMatchObject({ source: "L", range: { fromByte: 0 }, value: "prompt: p1" });
  });

  it("D6 a cut result known only from the log", () => {
    const long = "x".repeat(2_000);
    const cutBody = { kind: "result", callId: "a", content: long, isError: false, cut: true } as const;
    const verdict = reconcile(evidence([attempt(1)], [O(1, [go, a]), L([p1, a, cutBody]), S([])]));
    expect(told(verdict)).toEqual(["a: done/no/result-cut"]);
    expect(verdict.calls[0]?.result).toEqual({ content: long, isError: false, cut: true });
  });

  it("D6 the whole result in another source is taken, and is no contradiction", () => {
    const whole = "x".repeat(3_000);
    const cutBody = {
      kind: "result",
      callId: "a",
      content: whole.slice(0, 2_000),
      isError: false,
      cut: true,
    } as const;
    const sources = [
      O(1, [go, a, result("a", whole), text("ok"), end()]),
      L([p1, a, cutBody, text("ok"), end()]),
      S([p1, a, result("a", whole), text("ok")]),
    ];
    const verdict = reconcile(evidence([attempt(1)], sources));
    expect(told(verdict)).toEqual(["a: done/yes/completed"]);
    expect(verdict.calls[0]?.result).toEqual({ content: whole, isError: false, cut: false });
    expect(codes(verdict)).toEqual([]);
  });

  it("B7 a result that comes after the recovery: the call is done, and both are kept", () => {
    const decisions = [
      { callId: "a", attempt: 1, outcome: "not-done", who: "me", cite: { source: "J", value: "no" } },
    ] as const;
    const open = evidence([attempt(1)], [O(1, [go, a]), L([p1, a]), S([])], { decisions });
    expect(reconcile(open).calls[0]?.effect).toBe("not-started");
    const late = { ...open, sources: [O(1, [go, a, result("a")]), L([p1, a]), S([])] };
    const [late1] = reconcile(late).calls;
    expect(late1?.effect).toBe("done");
    expect(late1?.cites.map(({ value }) => value)).toContain("no");
  });
});
