/** One source beside another: what is a lack, and what only looks like one. */
import { describe, expect, it } from "vitest";
import type { FindingCode } from "../../src/model/verdict.ts";
import {
  attempt,
  call,
  damage,
  finding,
  judged,
  L,
  missing,
  O,
  prompt,
  result,
  S,
  started,
  text,
} from "./build.ts";

const [p1, p2, go, ok] = [prompt("p1"), prompt("p2"), started(), text("ok")];
const [a, ra, b, rb] = [call("a"), result("a"), call("b"), result("b")];
const broken = { status: "unreadable" } as const;

/** The place of each finding of that code. */
const lacks = (code: FindingCode, ...given: Parameters<typeof judged>) =>
  judged(...given)
    .findings.filter((found) => found.code === code)
    .map(({ id }) => id.slice(id.lastIndexOf("/") + 1));

describe("the stream and the log", () => {
  it("are compared call by call, at the first record of each that the other lacks", () => {
    expect(lacks("journal-ahead", [O(1, [go, a, ra, b, rb]), L([p1, a])])).toEqual(["O1:20", "O1:30"]);
    expect(lacks("agent-ahead", [O(1, [go, a]), L([p1, a, ra, b, rb])])).toEqual(["L:20", "L:30"]);
  });

  it("say whether a call's start or its result is missing", () => {
    const summary = (...spool: Parameters<typeof O>[1]) =>
      finding(judged([O(1, [go, ...spool]), L([p1, ok])]), "journal-ahead")?.summary;
    expect(summary(a, ra)).toContain("the start");
    expect(summary(ra)).toContain("the result");
  });

  it("are not compared by texts", () => {
    expect(lacks("journal-ahead", [O(1, [ok]), L([go])])).toEqual([]);
  });

  it("are compared also where one of them is empty, but not where it could not be read", () => {
    expect(lacks("agent-ahead", [O(1, []), L([p1, a, ra])])).toEqual(["L:10"]);
    expect(lacks("agent-ahead", [O(1, [], broken), L([p1, a, ra])])).toEqual([]);
    expect(lacks("agent-ahead", [O(1, [go, a], broken), L([p1, a, ra])])).toEqual(["L:20"]);
    expect(lacks("agent-ahead", [O(1, [go, a]), L([p1, a, ra]), S([], broken)])).toEqual(["L:20"]);
    expect(lacks("journal-ahead", [O(1, [go, a, ra]), L([], broken)])).toEqual([]);
    expect(lacks("journal-ahead", [O(1, [go, a, ra]), missing(L([]))])).toEqual(["O1:10"]);
  });
});

describe("the snapshot is behind", () => {
  const behind = (snapshot: Parameters<typeof S>[0], ...log: Parameters<typeof L>[0]) =>
    lacks("snapshot-behind-log", [L([p1, ...log]), S(snapshot)]);

  it("a call whose result it holds, a result whose call it holds, and a prompt", () => {
    expect(behind([p1, ra], a, ra)).toEqual(["L:10"]);
    expect(behind([p1, a], a, ra)).toEqual(["L:20"]);
    expect(behind([a, ra], a, ra)).toEqual(["L:0"]);
    expect(behind([p1, a, ra], a, ra)).toEqual([]);
  });

  it("not by an empty text, nor by what the log does not say of a conversation", () => {
    expect(behind([p1], text(""))).toEqual([]);
    expect(behind([p1], { kind: "reasoning", text: "hm" })).toEqual([]);
  });

  it("not by a result that nobody has the call of", () => {
    expect(behind([p1], ra)).toEqual([]);
  });
});

describe("the snapshot is ahead", () => {
  const ahead = (...given: Parameters<typeof judged>) => lacks("snapshot-ahead-of-log", ...given);
  const store = [p1, a, ra];

  it("of a log that is whole: a person decides; of one that is damaged or empty it is a warning", () => {
    const severity = (log: ReturnType<typeof L>) =>
      finding(judged([O(1, [go]), log, S(store)]), "snapshot-ahead-of-log")?.severity;
    expect(severity(L([p1]))).toBe("blocks");
    expect(severity(L([p1], { damage: [damage("corrupt-middle")] }))).toBe("warning");
    expect(severity(L([]))).toBe("warning");
  });

  it("not of a log that is missing, unreadable, or that nobody looked for", () => {
    expect(ahead([O(1, [go]), missing(L([])), S(store)])).toEqual([]);
    expect(ahead([O(1, [go]), L([], broken), S(store)])).toEqual([]);
    expect(ahead([O(1, [go]), S(store)])).toEqual([]);
  });

  it("not while an agent lives, nor if it cannot be read itself", () => {
    expect(ahead([O(1, [go]), L([p1]), S(store)], {}, [attempt(1, { liveness: "alive" })])).toEqual([]);
    expect(ahead([O(1, [go]), L([p1]), S(store, broken)])).toEqual([]);
    const half = { damage: [damage("snapshot-unreadable", "/w/sessions/s.json", 0)] };
    expect(ahead([O(1, [go]), L([p1]), S(store, half)])).toEqual([]);
  });
});

describe("two writers", () => {
  it("are proven by the last prompt before the earlier turn's record", () => {
    const attempts = [attempt(1), attempt(2), attempt(3)];
    const log = L([p1, a, p2, b, ra, rb, prompt("p3"), ok]);
    const given = [O(1, [go, a, ra]), O(2, [go, b, rb]), O(3, [go, ok]), log];
    const found = finding(judged(given, {}, attempts), "second-writer");
    expect(found?.id).toBe("second-writer/r1/-/L:40");
    expect(found?.cites.map(({ range }) => range?.fromByte)).toEqual([40, 20]);
  });
});
