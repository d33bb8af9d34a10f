/** Findings about the agent's files: what each names, where, and when it is not yet the time to say it. */
import { describe, expect, it, test } from "vitest";
import type { Evidence, SourceCut } from "../../src/model/evidence.ts";
import type { Damage, FactBody, Oddity } from "../../src/model/fact.ts";
import type { Finding } from "../../src/model/verdict.ts";
import {
  attempt,
  call,
  codes,
  damage,
  finding,
  J,
  judged,
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

const [p1, go, a, ra] = [prompt("p1"), started(), call("a"), result("a")];
const broken = { status: "unreadable" } as const;

const living = [attempt(1, { liveness: "alive" })];
const said = (one: Finding | undefined) => one && [one.id, one.severity, ...placesOf(one)];

test.each([
  ["torn-tail", "torn-tail", "info"],
  ["corrupt-middle", "corrupt-middle", "warning"],
  ["glued-record", "glued-record", "warning"],
  ["nul-run", "corrupt-middle", "warning"],
  ["oversized-record", "corrupt-middle", "warning"],
  ["checksum", "record-lost", "warning"],
  ["truncated", "record-lost", "warning"],
  ["seq-gap", "seq-gap", "warning"],
  ["seq-repeat", "seq-repeat", "warning"],
  ["seq-regression", "seq-regression", "warning"],
  ["chain-break", "chain-break", "warning"],
  ["chain-cycle", "chain-cycle", "warning"],
  ["late-write", "late-write", "warning"],
  ["snapshot-unreadable", "snapshot-unreadable", "warning"],
  ["snapshot-missing", "snapshot-missing", "warning"],
  ["log-missing", "log-missing", "warning"],
  ["log-unreadable", "log-unreadable", "warning"],
] as const)("damage %s is told as %s (%s), with its bytes", (code, named, severity) => {
  const [found, ...others] = judged([O(1, [go]), L([p1], { damage: [damage(code)] })]).findings.filter(
    ({ code: raised }) => raised !== "ghost-running",
  );
  expect(others).toEqual([]);
  expect(said(found)).toEqual([`${named}/s/-/L:events:s.jsonl:30`, severity, "L:30"]);
  expect(found?.cites[0]).toStrictEqual({
    source: "L",
    path: "/w/events/s.jsonl",
    range: { fromByte: 30, toByte: 40 },
    value: `Damage: ${code}`,
  });
});

test.each([
  ["fork", "fork", "warning"],
  ["clock-skew", "clock-skew", "info"],
  ["not-read", "schema-unknown", "warning"],
] as const)("an oddity, %s, is told as %s (%s), with its bytes", (code, named, severity) => {
  const range = { fromByte: 3, toByte: 9 };
  const odd: Oddity = { code, path: "/w/events/s.jsonl", range, detail: "It is odd" };
  const found = judged([{ ...L([p1]), oddities: [odd] }], {}, []).findings;
  expect(found).toStrictEqual([
    {
      id: `${named}/s/-/L:events:s.jsonl:3`,
      code: named,
      severity,
      summary: "It is odd.",
      cites: [{ source: "L", path: "/w/events/s.jsonl", range, value: "It is odd" }],
    },
  ]);
});

test("damage is told in one sentence, with its bytes and its file, however its reader ends its own", () => {
  const harm: Damage = { ...damage("seq-gap"), detail: "Record 3. is missing." };
  const found = finding(judged([L([p1], { damage: [harm] })], {}, []), "seq-gap");
  expect(found?.summary).toBe("Record 3. is missing (bytes 30 to 40 of /w/events/s.jsonl).");
});

describe("what an agent may just be writing", () => {
  const torn = { damage: [damage("torn-tail")] };

  it("is the end of its own spool while it lives, and no other one's", () => {
    const attempts = [attempt(1), attempt(2, { liveness: "alive" })];
    const found = judged([O(1, [go], torn), O(2, [go], torn)], {}, attempts).findings;
    expect(found.map(({ id, attempt: number }) => [id.split("/")[1], number])).toEqual([["r1", 1]]);
    expect(codes(judged([O(1, [go], torn)], {}, [attempt(1, { liveness: "unknown" })]))).toEqual([]);
  });

  it("is the end of the agent's log, whichever attempt lives", () => {
    const attempts = [attempt(1), attempt(2, { liveness: "alive" })];
    expect(codes(judged([O(1, [go]), O(2, [go]), L([p1], torn)], {}, attempts))).toEqual([]);
  });

  it("is never our journal's, which nobody writes while it is read, nor damage in the middle", () => {
    expect(codes(judged([O(1, [go]), J([damage("torn-tail", "/j/1")])], {}, living))).toEqual(["torn-tail"]);
    expect(codes(judged([O(1, [go]), L([p1], { damage: [damage("corrupt-middle")] })], {}, living))).toEqual([
      "corrupt-middle",
    ]);
  });

  it("is a spool without a record while any agent may live", () => {
    expect(codes(judged([O(1, [], torn)], {}, living))).toEqual([]);
    expect(codes(judged([O(1, [], torn)]))).toContain("torn-tail");
  });

  it("is no longer that of a start that nobody has on record", () => {
    expect(codes(judged([O(1, [go], torn)], {}, []))).toEqual(["torn-tail"]);
  });
});

describe("a file that cannot be read", () => {
  it("is told once, whether its reader gives a status alone or damage with it", () => {
    const log = judged([L([], broken)]).findings.filter(({ code }) => code === "log-unreadable");
    expect(log.map(said)).toEqual([["log-unreadable/s/-/L", "warning", "L /w/events/s.jsonl"]]);
    const both = judged([L([], { ...broken, damage: [damage("log-unreadable")] })]).findings;
    expect(both.filter(({ code }) => code === "log-unreadable").map(said)).toEqual([
      ["log-unreadable/s/-/L:events:s.jsonl:30", "warning", "L:30"],
    ]);
    const other = judged([L([], { ...broken, damage: [damage("torn-tail")] })]);
    expect(codes(other)).toEqual(["ghost-running", "log-unreadable", "torn-tail"]);
  });

  it("the snapshot only when nobody may be writing it, the log always", () => {
    expect(codes(judged([L([p1]), S([], broken)], {}, living))).toEqual([]);
    expect(said(finding(judged([L([p1]), S([], broken)]), "snapshot-unreadable"))).toEqual([
      "snapshot-unreadable/s/-/S",
      "warning",
      "S /w/sessions/s.json",
    ]);
    expect(codes(judged([L([], broken)], {}, living))).toEqual(["log-unreadable"]);
  });

  it("is not compared with anything", () => {
    const half = S([a, ra], { damage: [damage("snapshot-unreadable", "/w/sessions/s.json", 0)] });
    expect(codes(judged([L([p1]), half]))).toEqual(["ghost-running", "snapshot-unreadable"]);
    const other = S([], { damage: [damage("torn-tail", "/w/sessions/s.json", 0)] });
    expect(codes(judged([L([p1]), other]))).toContain("snapshot-behind-log");
  });

  it("without a path is cited by its source", () => {
    const { path: _, ...pathless } = L([], broken);
    expect(finding(judged([pathless]), "log-unreadable")?.cites).toStrictEqual([
      { source: "L", value: "could not be read" },
    ]);
  });
});

describe("a log that is not there", () => {
  const spoken = (...bodies: readonly FactBody[]) => O(1, bodies);
  const lacks = (log: SourceCut, spool: SourceCut, attempts = [attempt(1)]) =>
    said(finding(judged([spool, log], {}, attempts), "log-missing"));
  const { prompt: _, ...behind } = L([]).abilities;

  it("is missed once the agent has spoken; what is no word of it proves nothing", () => {
    const words = { kind: "unknown", type: "banner" } as const;
    const garbage = { kind: "unreadable", reason: "?" } as const;
    expect(codes(judged([spoken(words, garbage), missing(L([]))], {}, []))).toEqual([
      "corrupt-middle",
      "schema-unknown",
    ]);
    expect(lacks(missing(L([])), spoken(words, garbage, text("hi")))).toEqual([
      "log-missing/s/-/O1:20",
      "warning",
      "L /w/events/s.jsonl",
      "O1:20",
    ]);
  });

  it("is not missed while an agent may live, nor of one that writes it later, nor if it is damaged", () => {
    expect(lacks(missing(L([])), spoken(go), living)).toBeUndefined();
    expect(lacks({ ...missing(L([])), abilities: behind }, spoken(go))).toBeUndefined();
    const late = { ...L([]).abilities, prompt: { order: "write-behind", synced: false } } as const;
    expect(lacks({ ...missing(L([])), abilities: late }, spoken(go))).toBeUndefined();
    expect(lacks(L([], { damage: [damage("nul-run")] }), spoken(go))).toBeUndefined();
    expect(lacks(L([], broken), spoken(go))).toBeUndefined();
  });

  it("says what is there instead", () => {
    const value = (log: SourceCut) => finding(judged([spoken(go), log]), "log-missing")?.cites[0]?.value;
    expect(value(missing(L([])))).toBe("no such file");
    expect(value(L([]))).toBe("the file is empty");
  });
});

describe("a snapshot that is not there", () => {
  it("is missed only when nobody may be about to write it", () => {
    expect(codes(judged([L([p1]), missing(S([]))], {}, living))).toEqual([]);
    expect(finding(judged([L([p1]), missing(S([]))]), "snapshot-missing")?.cites[0]).toStrictEqual({
      source: "S",
      path: "/w/sessions/s.json",
      value: "no such file",
    });
  });

  it("is missed where only the output holds the conversation still", () => {
    const found = finding(judged([O(1, [go, a]), L([go]), missing(S([]))]), "snapshot-missing");
    expect(found?.cites.map(({ source }) => source)).toEqual(["S", "O"]);
    expect(codes(judged([O(1, [go]), L([go]), missing(S([]))]))).not.toContain("snapshot-missing");
  });
});

describe("another session in a file", () => {
  const rebound = (sources: Evidence["sources"], attempts = [attempt(1)]) =>
    said(finding(judged(sources, {}, attempts), "session-rebound"));

  it("the snapshot's as well as the log's", () => {
    expect(rebound([O(1, [go]), S([started("t"), p1])])).toEqual([
      "session-rebound/s/-/S:0",
      "blocks",
      "O1:0",
      "S:0",
    ]);
  });

  it("the output's own, in a later attempt", () => {
    const two = [O(1, [go]), O(2, [started("t")])];
    expect(rebound(two, [attempt(1), attempt(2)])).toEqual([
      "session-rebound/r2/-/O2:0",
      "blocks",
      "O1:0",
      "O2:0",
    ]);
  });

  it("of a store without a journal, the one that its folder is named by", () => {
    expect(rebound([L([started("t"), p1])], [])).toEqual(["session-rebound/s/-/L:0", "blocks", "L:0"]);
    expect(rebound([L([started("s"), p1])], [])).toBeUndefined();
  });

  it("not where the agent has not yet said which it is: our own id is another name", () => {
    expect(rebound([O(1, [text("hi")]), L([started("t"), p1])])).toBeUndefined();
  });

  it("not by our journal, which names nothing of the agent's", () => {
    const ours = { ...J([]), facts: [{ ...L([started("t")]).facts[0], source: "J" }] as never };
    expect(rebound([O(1, [go]), ours])).toBeUndefined();
  });
});

test("each type that is not known and each line that is no record is told, in whose file it stands", () => {
  const odd: readonly FactBody[] = [
    { kind: "unknown", type: "x" },
    { kind: "unreadable", reason: "?" },
  ];
  const summaries = judged([O(1, odd), L(odd), S(odd)], {}, []).findings.map(({ summary }) => summary);
  expect(summaries.length).toBe(6);
  const [ofO, lineO, ofL, lineL, ofS, lineS] = summaries;
  for (const one of [ofO, lineO]) expect(one).toMatch(/\bagent's output\b/);
  for (const one of [ofL, lineL]) expect(one).toMatch(/\bagent's log\b/);
  for (const one of [ofS, lineS]) expect(one).toMatch(/\bagent's snapshot\b/);
  for (const one of summaries) expect(one).toMatch(/^(The|A) [a-z][^A-Z]*\.$/);
});
