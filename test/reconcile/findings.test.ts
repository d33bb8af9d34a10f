/** Each finding: the smallest evidence that raises it, and the nearest that must not. */
import { describe, expect, it } from "vitest";
import type { Evidence } from "../../src/model/evidence.ts";
import type { FactBody } from "../../src/model/fact.ts";
import type { Finding, FindingCode, Severity } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import {
  attempt,
  call,
  codes,
  cutResult,
  damage,
  end,
  evidence,
  failure,
  J,
  L,
  missing,
  O,
  placesOf,
  prompt,
  result,
  S,
  started,
  text,
} from "./build.ts";

const p1 = prompt("p1");
const p2 = prompt("p2");
const [a, ra, b, rb] = [call("a"), result("a"), call("b"), result("b")];
const [ok, done, go] = [text("ok"), end(), started()];
const unknownType: FactBody = { kind: "unknown", type: "new.thing" };
const garbage: FactBody = { kind: "unreadable", reason: "not JSON" };

/** A run that came to its end, in all sources. */
const clean = [O(1, [go, a, ra, ok, done]), L([p1, a, ra, ok, done]), S([p1, a, ra, ok])];
/** The last start of a session whose agent is alive. */
const live = (number: number) => attempt(number, { liveness: "alive" });
const one = (...sources: Evidence["sources"]) => evidence([attempt(1)], sources);
const two = (...sources: Evidence["sources"]) => evidence([attempt(1), attempt(2)], sources);
const alive = (...sources: Evidence["sources"]) => evidence([live(1)], sources);

interface Row {
  readonly code: FindingCode;
  readonly why: string;
  readonly raises: Evidence;
  readonly silent: Evidence;
  readonly severity: Severity;
  readonly id: string;
  /** Each cause at its place; see `placesOf`. */
  readonly cites: readonly string[];
}

const rows: readonly Row[] = [
  {
    code: "snapshot-behind-log",
    why: "a prompt that the snapshot lacks",
    raises: one(O(1, [go]), L([go, p1]), S([])),
    silent: one(O(1, [go]), L([go, p1]), S([p1])),
    severity: "warning",
    id: "snapshot-behind-log/s/-/L:10",
    cites: ["L:10", "S /w/sessions/s.json"],
  },
  {
    code: "snapshot-behind-log",
    why: "a result; a call that nobody has a result of is not missed",
    raises: one(O(1, [go, a, ra]), L([p1, a, ra]), S([p1, a])),
    silent: one(O(1, [go, a, ra, b]), L([p1, a, ra, b]), S([p1, a, ra])),
    severity: "warning",
    id: "snapshot-behind-log/s/-/L:20",
    cites: ["L:20", "S:10"],
  },
  {
    code: "snapshot-behind-log",
    why: "the final text; while the agent lives its snapshot is behind by nature",
    raises: one(O(1, [go, ok]), L([p1, ok, done]), S([p1])),
    silent: alive(O(1, [go, ok]), L([p1, ok, done]), S([p1])),
    severity: "warning",
    id: "snapshot-behind-log/s/-/L:10",
    cites: ["L:10", "S:0"],
  },
  {
    code: "snapshot-behind-log",
    why: "the same text said twice; a rebuilt prompt without its preface is no lack",
    raises: one(O(1, [go, ok, ok]), L([p1, ok, ok]), S([p1, ok])),
    silent: evidence(
      [attempt(1, { prompt: "x\n\np1" })],
      [O(1, [go, ok]), L([prompt("x\n\np1"), ok]), S([p1, ok])],
    ),
    severity: "warning",
    id: "snapshot-behind-log/s/-/L:20",
    cites: ["L:20", "S:10"],
  },
  {
    code: "snapshot-ahead-of-log",
    why: "a call that only the snapshot has; what the stream knows is no lead",
    raises: one(O(1, [go]), L([p1]), S([p1, a, ra])),
    silent: one(O(1, [go, a, ra]), L([p1]), S([p1, a, ra])),
    severity: "blocks",
    id: "snapshot-ahead-of-log/r1/a/S:10",
    cites: ["S:10", "L:0"],
  },
  {
    code: "snapshot-unreadable",
    why: "half a snapshot; while the agent lives it may be writing it",
    raises: one(
      L([p1]),
      S([], { status: "unreadable", damage: [damage("snapshot-unreadable", "/w/sessions/s.json", 0)] }),
    ),
    silent: alive(
      L([p1]),
      S([], { status: "unreadable", damage: [damage("snapshot-unreadable", "/w/sessions/s.json", 0)] }),
    ),
    severity: "warning",
    id: "snapshot-unreadable/s/-/S:sessions:s.json:0",
    cites: ["S:0"],
  },
  {
    code: "snapshot-missing",
    why: "the log has a conversation; before there is one nothing is missing",
    raises: one(L([p1]), missing(S([]))),
    silent: one(L([go]), missing(S([]))),
    severity: "warning",
    id: "snapshot-missing/s/-/L:0",
    cites: ["S /w/sessions/s.json", "L:0"],
  },
  {
    code: "snapshot-conflict",
    why: "another text than the log; a shortened one is the same",
    raises: one(O(1, [go, a, ra]), L([p1, a, ra]), S([p1, a, result("a", "other")])),
    silent: one(O(1, [go, a, ra]), L([p1, a, ra]), S([p1, a, cutResult("a", "ou")])),
    severity: "warning",
    id: "snapshot-conflict/r1/a/S:20",
    cites: ["O1:20", "S:20"],
  },
  {
    code: "told-wrongly",
    why: "an error in the snapshot where the call was done; or where it failed",
    raises: one(O(1, [go, a, ra]), L([p1, a, ra]), S([p1, a, failure("a", "interrupted")])),
    silent: one(O(1, [go, a, failure("a")]), L([p1, a, failure("a")]), S([p1, a, failure("a")])),
    severity: "warning",
    id: "told-wrongly/r1/a/S:20",
    cites: ["O1:20", "S:20"],
  },
  {
    code: "log-missing",
    why: "the agent spoke; one that never spoke may not have written",
    raises: one(O(1, [go]), missing(L([])), S([])),
    silent: one(O(1, []), missing(L([])), S([])),
    severity: "warning",
    id: "log-missing/s/-/O1:0",
    cites: ["L /w/events/s.jsonl", "O1:0"],
  },
  {
    code: "log-missing",
    why: "a log without a record; one with only a header has its record",
    raises: one(O(1, []), L([]), S([])),
    silent: one(O(1, []), L([go]), S([])),
    severity: "warning",
    id: "log-missing/s/-/L",
    cites: ["L /w/events/s.jsonl"],
  },
  {
    code: "log-unreadable",
    why: "it cannot be read; or there is none yet",
    raises: one(O(1, []), L([], { status: "unreadable" }), S([])),
    silent: one(O(1, []), missing(L([])), S([])),
    severity: "warning",
    id: "log-unreadable/s/-/L",
    cites: ["L /w/events/s.jsonl"],
  },
  {
    code: "torn-tail",
    why: "half a last record; while the agent lives it may be writing it",
    raises: one(O(1, [go]), L([p1], { damage: [damage("torn-tail")] }), S([p1])),
    silent: alive(O(1, [go]), L([p1], { damage: [damage("torn-tail")] }), S([p1])),
    severity: "info",
    id: "torn-tail/s/-/L:events:s.jsonl:30",
    cites: ["L:30"],
  },
  {
    code: "corrupt-middle",
    why: "a run of NUL in the log; a record of an unknown type is readable",
    raises: one(O(1, [go]), L([p1], { damage: [damage("nul-run")] }), S([p1])),
    silent: one(O(1, [go]), L([p1, unknownType]), S([p1])),
    severity: "warning",
    id: "corrupt-middle/s/-/L:events:s.jsonl:30",
    cites: ["L:30"],
  },
  {
    code: "corrupt-middle",
    why: "garbage in the output, also while the agent lives",
    raises: alive(O(1, [go, garbage])),
    silent: alive(O(1, [go, unknownType])),
    severity: "warning",
    id: "corrupt-middle/r1/-/O1:10",
    cites: ["O1:10"],
  },
  {
    code: "glued-record",
    why: "two records on a line; or on two",
    raises: one(O(1, [go]), L([p1], { damage: [damage("glued-record")] }), S([p1])),
    silent: one(O(1, [go]), L([p1]), S([p1])),
    severity: "warning",
    id: "glued-record/s/-/L:events:s.jsonl:30",
    cites: ["L:30"],
  },
  {
    code: "record-lost",
    why: "covered bytes that changed; or are whole",
    raises: one(
      O(1, [go], { damage: [damage("checksum", "/run/1/spool", 7)] }),
      J([damage("truncated", "/j/1", 5)]),
    ),
    silent: one(O(1, [go]), J([])),
    severity: "warning",
    id: "record-lost/r1/-/O:1:spool:7",
    cites: ["O:7"],
  },
  {
    code: "journal-ahead",
    why: "a result in the stream that the log lacks; while the agent lives its log may lag",
    raises: one(O(1, [go, a, ra]), L([p1, a]), S([])),
    silent: alive(O(1, [go, a, ra]), L([p1, a]), S([])),
    severity: "warning",
    id: "journal-ahead/r1/a/O1:20",
    cites: ["O1:20", "L:10"],
  },
  {
    code: "journal-ahead",
    why: "a call; a log that cannot be read is not without it",
    raises: one(O(1, [go, a]), L([p1]), S([])),
    silent: one(O(1, [go, a]), L([], { status: "unreadable" }), S([])),
    severity: "warning",
    id: "journal-ahead/r1/a/O1:10",
    cites: ["O1:10", "L:0"],
  },
  {
    code: "agent-ahead",
    why: "a result in the log that the stream lacks; while the agent lives it may come",
    raises: one(O(1, [go, a]), L([p1, a, ra]), S([])),
    silent: alive(O(1, [go, a]), L([p1, a, ra]), S([])),
    severity: "warning",
    id: "agent-ahead/r1/a/L:20",
    cites: ["L:20", "O1:10"],
  },
  {
    code: "agent-ahead",
    why: "a turn that nobody here started; without a journal every turn is such",
    raises: one(O(1, [go, ok, done]), L([p1, ok, done, prompt("by hand")]), S([])),
    silent: evidence([], [L([p1, ok, done, prompt("by hand")]), S([])]),
    severity: "warning",
    id: "agent-ahead/s/-/L:30",
    cites: ["L:30", "J1 dispatch 1"],
  },
  {
    code: "ghost-running",
    why: "started, gone, no end; the log's last answer is an end",
    raises: one(O(1, [go, ok]), L([p1, ok]), S([p1, ok])),
    silent: one(O(1, [go, ok]), L([p1, ok, done]), S([p1, ok])),
    severity: "warning",
    id: "ghost-running/r1/-/attempt-1",
    cites: ["J1 dispatch 1", "P1 no such process"],
  },
  {
    code: "ghost-running",
    why: "how the process ended is no end of the turn; that the turn failed is one",
    raises: evidence(
      [attempt(1, { ended: { exitCode: 0, cite: { source: "J", value: "exit 0" } } })],
      [O(1, [go])],
    ),
    silent: one(O(1, [go, end("failed")])),
    severity: "warning",
    id: "ghost-running/r1/-/attempt-1",
    cites: ["J1 dispatch 1", "P1 no such process"],
  },
  {
    code: "ghost-running",
    why: "not started at all is no ghost",
    raises: evidence([attempt(1, { started: "unknown" })], [O(1, [])]),
    silent: evidence([attempt(1, { started: "no" })], [O(1, [])]),
    severity: "warning",
    id: "ghost-running/r1/-/attempt-1",
    cites: ["J1 dispatch 1", "P1 no such process"],
  },
  {
    code: "dangling-call",
    why: "no result anywhere; a person's word closes it",
    raises: one(O(1, [go, a]), L([p1, a]), S([p1])),
    silent: evidence([attempt(1)], [O(1, [go, a]), L([p1, a]), S([p1])], {
      decisions: [{ callId: "a", attempt: 1, outcome: "done", who: "me", cite: { source: "J", value: "y" } }],
    }),
    severity: "warning",
    id: "dangling-call/r1/a/O1:10",
    cites: ["O1:10", "P1 no such process"],
  },
  {
    code: "dangling-call",
    why: "a probe that can still change closes nothing",
    raises: evidence([attempt(1)], [O(1, [go, a]), L([p1, a]), S([p1])], {
      probes: [{ callId: "a", saw: "present", provisional: true, cite: { source: "W", value: "there" } }],
    }),
    silent: evidence([attempt(1)], [O(1, [go, a]), L([p1, a]), S([p1])], {
      probes: [{ callId: "a", saw: "present", provisional: false, cite: { source: "W", value: "there" } }],
    }),
    severity: "warning",
    id: "dangling-call/r1/a/O1:10",
    cites: ["O1:10", "P1 no such process"],
  },
  {
    code: "unexpected-live",
    why: "an agent that lives while a later one was started; the latest may live",
    raises: evidence([live(1), attempt(2)], [O(1, [go]), O(2, [go])]),
    silent: evidence([attempt(1), live(2)], [O(1, [go]), O(2, [go])]),
    severity: "blocks",
    id: "unexpected-live/r1/-/attempt-1",
    cites: ["P1 no such process", "J2 dispatch 2"],
  },
  {
    code: "unexpected-live",
    why: "alive after its end was recorded; that it said its last word and is not gone yet is no divergence",
    raises: evidence(
      [attempt(1, { liveness: "alive", ended: { exitCode: null, cite: { source: "J", value: "gone" } } })],
      [O(1, [go])],
    ),
    silent: alive(O(1, [go, ok, done])),
    severity: "blocks",
    id: "unexpected-live/r1/-/attempt-1",
    cites: ["P1 no such process", "J gone"],
  },
  {
    code: "unpaired-result",
    why: "a result without a call; one whose call only the log has is paired",
    raises: one(O(1, [go, ra]), L([p1]), S([p1])),
    silent: one(O(1, [go, ra]), L([p1, a]), S([p1])),
    severity: "warning",
    id: "unpaired-result/r1/a/O1:10",
    cites: ["O1:10"],
  },
  {
    code: "duplicate-event",
    why: "one call twice in one source; equal calls with two ids are two calls",
    raises: one(O(1, [go, a, a, ra]), L([p1, a, ra]), S([p1, a, ra])),
    silent: one(
      O(1, [go, a, call("b", "a"), ra, rb]),
      L([p1, a, call("b", "a"), ra, rb]),
      S([p1, a, call("b", "a"), ra, rb]),
    ),
    severity: "info",
    id: "duplicate-event/r1/a/O1:20",
    cites: ["O1:10", "O1:20"],
  },
  {
    code: "schema-unknown",
    why: "a record of an unknown type, once a type",
    raises: alive(O(1, [go, unknownType, unknownType])),
    silent: alive(O(1, [go])),
    severity: "info",
    id: "schema-unknown/r1/-/O1:10",
    cites: ["O1:10"],
  },
  {
    code: "id-conflict",
    why: "two results that differ; or where the log cuts",
    raises: one(O(1, [go, a, ra]), L([p1, a, result("a", "other")]), S([p1])),
    silent: one(O(1, [go, a, ra]), L([p1, a, cutResult("a", "out")]), S([p1])),
    severity: "blocks",
    id: "id-conflict/r1/a/L:20",
    cites: ["O1:20", "L:20"],
  },
  {
    code: "id-conflict",
    why: "done and failed",
    raises: one(O(1, [go, a, ra]), L([p1, a, failure("a", "out a")]), S([p1])),
    silent: one(O(1, [go, a, ra]), L([p1, a, ra]), S([p1])),
    severity: "blocks",
    id: "id-conflict/r1/a/L:20",
    cites: ["O1:20", "L:20"],
  },
  {
    code: "id-conflict",
    why: "one id for two calls of a turn; in two turns they are two calls",
    raises: one(O(1, [go, a, call("a", "other")]), L([p1]), S([p1])),
    silent: two(O(1, [go, a]), O(2, [go, call("a", "other")]), L([p1, p2]), S([p1])),
    severity: "blocks",
    id: "id-conflict/r1/a/O1:20",
    cites: ["O1:10", "O1:20"],
  },
  {
    code: "session-rebound",
    why: "the log names another session than the agent's output",
    raises: one(O(1, [started("s")]), L([started("t"), p1]), S([p1])),
    silent: one(O(1, [started("s")]), L([started("s"), p1]), S([p1])),
    severity: "blocks",
    id: "session-rebound/s/-/L:0",
    cites: ["O1:0", "L:0"],
  },
  {
    code: "second-writer",
    why: "the first agent's result behind the second one's prompt; or before it",
    raises: two(O(1, [go, a, ra]), O(2, [go, b, rb]), L([p1, a, p2, b, ra, rb]), S([])),
    silent: two(O(1, [go, a, ra]), O(2, [go, b, rb]), L([p1, a, ra, p2, b, rb]), S([])),
    severity: "blocks",
    id: "second-writer/r1/-/L:40",
    cites: ["L:40", "L:20"],
  },
  {
    code: "superseded",
    why: "an equal call after an interruption; after a turn that was completed it is a new one",
    raises: two(O(1, [go, a]), O(2, [go, call("b", "a")]), L([p1, a, p2, call("b", "a")]), S([])),
    silent: two(
      O(1, [go, a, ra, ok, done]),
      O(2, [go, call("b", "a")]),
      L([p1, a, ra, ok, done, p2, call("b", "a")]),
      S([]),
    ),
    severity: "warning",
    id: "superseded/r1/a/O2:10",
    cites: ["O1:10", "O2:10"],
  },
];

describe("findings", () => {
  it("second-writer: not behind a hole with no later prompt before it, though a later attempt said the same words", () => {
    const x = text("I will look at it.");
    const log = L([p1, a, garbage, ra, x]);
    const torn = two(O(1, [go, a, ra, x]), O(2, [go, x]), log, S([]));
    expect(codes(reconcile(torn))).not.toContain("second-writer");
  });

  it("second-writer: by the first record that stands behind a later prompt of the same log, though others stand behind a hole", () => {
    const [c, rc, p3] = [call("c"), result("c"), prompt("p3")];
    const spools = [O(1, [go, a, ra, c, rc]), O(2, [go, b, rb]), O(3, [go])];
    const three = (...logs: Evidence["sources"]) =>
      reconcile(evidence([attempt(1), attempt(2), attempt(3)], [...spools, ...logs, S([])]));
    const own = [p1, a, c, garbage, ra, b, rb];
    const found = three(L([...own, p3, rc])).findings.filter(({ code }) => code === "second-writer");
    expect(found.map(placesOf)).toEqual([["L:80", "L:70"]]);
    const path = "/w/events/other.jsonl";
    const later = L([p3]);
    const other = { ...later, path, facts: later.facts.map((fact) => ({ ...fact, path })) };
    expect(codes(three(L(own), other))).not.toContain("second-writer");
  });

  for (const { code, why, raises, silent, severity, id, cites } of rows) {
    it(`${code}: ${why}`, () => {
      const found = reconcile(raises).findings.filter((finding: Finding) => finding.code === code);
      expect(found.map((finding) => finding.id)).toEqual([
        id,
        ...found.slice(1).map((finding) => finding.id),
      ]);
      expect(found[0]?.severity).toBe(severity);
      expect(found[0] === undefined ? [] : placesOf(found[0])).toEqual(cites);
      expect(found[0]?.summary).toMatch(/^[A-Z].*\.$/s);
      expect(codes(reconcile(silent))).not.toContain(code);
    });
  }

  it("none after a clean run", () => {
    expect(reconcile(one(...clean)).findings).toEqual([]);
    expect(reconcile(evidence([], clean.slice(1))).findings).toEqual([]);
  });

  it("none while the agent works, whatever its files look like just now", () => {
    const unreadable = S([], { status: "unreadable" });
    expect(reconcile(alive(O(1, [go, a, ra, b]), L([p1, a]), unreadable)).findings).toEqual([]);
  });

  it("a live second attempt: the divergence of the first is still told, the second one's is not", () => {
    const given = evidence(
      [attempt(1), live(2)],
      [O(1, [go, a, ra]), O(2, [go, b]), L([p1, a, p2]), S([p1, a, ra])],
    );
    expect(reconcile(given).findings.map(({ id }) => id)).toEqual(["journal-ahead/r1/a/O1:20"]);
  });

  it("unknown types: once a type", () => {
    const given = alive(O(1, [go, unknownType, { kind: "unknown", type: "other" }, unknownType]));
    expect(reconcile(given).findings.map(({ id }) => id)).toEqual([
      "schema-unknown/r1/-/O1:10",
      "schema-unknown/r1/-/O1:20",
    ]);
  });

  it("a person's word on a contradicted call lets the recovery go on", () => {
    const sources = [O(1, [go, a, ra]), L([p1, a, result("a", "other")]), S([p1])];
    expect(reconcile(one(...sources)).recovery.action).toBe("ask");
    const decisions = [
      { callId: "a", attempt: 1, outcome: "done", who: "me", cite: { source: "J", value: "y" } },
    ] as const;
    const decided = reconcile(evidence([attempt(1)], sources, { decisions }));
    expect(decided.recovery).toMatchObject({ action: "resume", sends: [{ callId: "a", as: "result" }] });
    expect(codes(decided)).toContain("id-conflict");
  });
});
