/** The state of the run and what is safe to do, where several things are true at once. */
import { describe, expect, it } from "vitest";
import {
  attempt,
  call,
  codes,
  end,
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

const [p1, go, ok, done] = [prompt("p1"), started(), text("ok"), end()];
const [a, ra, b] = [call("a"), result("a"), call("b")];
const cite = { source: "P", value: "pid 7" } as const;

const outcome = (...given: Parameters<typeof judged>) => {
  const { run, recovery } = judged(...given);
  return `${run.state} ${recovery.action}`;
};

describe("the run", () => {
  it("is the latest one, by its id; a store without a journal has none", () => {
    const attempts = [attempt(1), attempt(2), attempt(3)];
    expect(judged([O(3, [go, ok, done])], {}, attempts).run).toStrictEqual({ id: "r3", state: "completed" });
    expect(judged([L([p1, ok, done])], {}, []).run).toStrictEqual({ state: "completed" });
  });

  it("lives on in the attempt whose agent is there, though a start after it never came to be", () => {
    const attempts = [attempt(1, { liveness: "alive" }), attempt(2, { started: "no" })];
    expect(outcome([O(1, [go, a])], {}, attempts)).toBe("live adopt");
  });

  it("whose last start never came to be is owed, unless a person cancelled it", () => {
    const ended = [O(1, [go, ok, done]), O(2, [go, ok, done])];
    const last = (changes: Parameters<typeof attempt>[1]) =>
      outcome(ended, {}, [attempt(1), attempt(2), attempt(3, changes)]);
    expect(last({ started: "no" })).toBe("interrupted resume");
    expect(last({ started: "no", cancelled: { source: "J", value: "cancel" } })).toBe("cancelled none");
  });

  it("that has ended is over, whatever blocks: only a second agent is still to be looked at", () => {
    const conflict = [O(1, [go, a, ra, ok, done]), L([p1, a, result("a", "other"), ok, done])];
    expect(codes(judged(conflict))).toContain("id-conflict");
    expect(outcome(conflict)).toBe("completed none");
    expect(outcome([O(1, [go, a, ra, ok, done])], { stranger: { certain: true, cite } })).toBe(
      "live-unowned ask",
    );
  });

  it("with a tool that lives on is uncertain, and the call is put to the agent as that", () => {
    const verdict = judged([O(1, [go, a])], { tools: [{ callId: "a", cite }] });
    expect(verdict.run.state).toBe("interrupted-indeterminate");
    expect(verdict.recovery).toMatchObject({ action: "ask", sends: [{ callId: "a", as: "unknown" }] });
  });

  it("whose uncertain call was done again is certain, and the call speaks through the later one", () => {
    const again = [O(1, [go, a]), O(2, [go, call("b", "a"), result("b")])];
    const verdict = judged(again, {}, [attempt(1), attempt(2)]);
    expect(verdict.run.state).toBe("interrupted");
    expect(verdict.recovery.sends).toStrictEqual([
      { callId: "a", as: "nothing", turn: 1 },
      { callId: "b", as: "result", turn: 2 },
    ]);
  });

  it("is unreadable when nothing of it is known and a file cannot be read", () => {
    const broken = { status: "unreadable" } as const;
    expect(outcome([L([], broken), missing(S([]))], {}, [])).toBe("unreadable ask");
    expect(outcome([missing(L([])), missing(S([]))], {}, [])).toBe("interrupted resume");
    expect(outcome([L([], broken), S([p1])], {}, [])).toBe("interrupted resume");
    expect(outcome([O(1, []), L([], broken)])).toBe("interrupted resume");
  });

  it("says how much there is to hand over", () => {
    const why = judged([O(1, [go, a, ra, b, call("c")])]).recovery.why;
    expect(why).toMatch(/\b1 finished and 2 uncertain\b/);
    expect(judged([O(1, [go, a, ra, b, result("b"), call("c")])]).recovery.why).toMatch(
      /\b2 finished and 1 uncertain\b/,
    );
  });
});

describe("a stranger", () => {
  const stranger = (certain: boolean) => ({ stranger: { certain, cite } });

  it("works on the last turn, if on any", () => {
    const verdict = judged([L([p1, a, prompt("p2"), b])], stranger(true), []);
    expect(verdict.calls.map(({ effect }) => effect)).toEqual(["unknown", "running"]);
    const dangling = verdict.findings.filter(({ code }) => code === "dangling-call");
    expect(dangling.map(({ callId }) => callId)).toEqual(["a"]);
  });

  it("that may be there may still write what the snapshot lacks", () => {
    const store = [L([p1, a, ra]), S([p1, a])];
    expect(judged(store, stranger(false), []).calls[0]?.state).toBe("completed");
    expect(codes(judged(store, stranger(false), []))).toEqual([]);
    expect(judged(store, {}, []).calls[0]?.state).toBe("result-elsewhere");
    expect(codes(judged(store, {}, []))).toEqual(["snapshot-behind-log"]);
  });

  it("beside a living agent of ours is its business, beside a dead one unexpected", () => {
    const beside = (liveness: "alive" | "dead") =>
      judged([O(1, [go, a])], stranger(true), [attempt(1, { liveness })]).findings;
    expect(beside("alive")).toEqual([]);
    const found = beside("dead").find(({ code }) => code === "unexpected-live");
    expect(found).toMatchObject({ id: "unexpected-live/s/-/stranger", severity: "blocks" });
  });
});

it("an agent that is there, though its start is on record as one that never was, is unexpected", () => {
  const { findings } = judged([], {}, [attempt(1, { started: "no", liveness: "alive" })]);
  expect(findings.map((one) => [one.code, ...placesOf(one)])).toEqual([
    ["unexpected-live", "P1 no such process", "J1 dispatch 1"],
  ]);
  expect(findings[0]?.summary).not.toContain("undefined");
});

describe("a store without a journal", () => {
  it("has no end while a call of its last turn is open, whatever the log says last", () => {
    expect(outcome([L([p1, a, ok, done])], {}, [])).toBe("interrupted-indeterminate resume");
    expect(outcome([L([p1, a, ra, ok, done])], {}, [])).toBe("completed none");
  });
});
