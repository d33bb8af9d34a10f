/** Which facts speak of one call, and what the sources together say became of it. */
import { describe, expect, it } from "vitest";
import type { Evidence } from "../../src/model/evidence.ts";
import type { FactBody } from "../../src/model/fact.ts";
import type { CallVerdict } from "../../src/model/verdict.ts";
import {
  attempt,
  call,
  codes,
  damage,
  end,
  failure,
  finding,
  J,
  judged,
  L,
  O,
  placesOf,
  prompt,
  result,
  S,
  started,
  text,
  told,
} from "./build.ts";

const [p1, p2, go, ok] = [prompt("p1"), prompt("p2"), started(), text("ok")];
const [a, ra, b, rb] = [call("a"), result("a"), call("b"), result("b")];
const cite = { source: "J", value: "by hand" } as const;

const word = (outcome: "done" | "not-done", number = 1, callId = "a") =>
  ({ callId, attempt: number, outcome, who: "me", cite }) as const;
/** Per call what its name, input and answer are. */
const answers = (calls: readonly CallVerdict[]) =>
  calls.map(({ input, result: answer }) => [JSON.stringify(input), answer?.content]);

describe("one id for two calls of a turn", () => {
  const other = call("a", "other");

  it("each result belongs to the latest call that has none yet, a further one to the latest call", () => {
    const third = call("a", "third");
    const verdict = judged([
      O(1, [go, a, other, third, result("a", "1"), result("a", "2"), result("a", "3"), result("a", "4")]),
    ]);
    expect(verdict.calls.map(placesOf)).toEqual([
      ["O1:10", "O1:60"],
      ["O1:20", "O1:50"],
      ["O1:30", "O1:40", "O1:70"],
    ]);
  });

  it("a result said twice by one source stays with its call", () => {
    const verdict = judged([O(1, [go, a, ra, ra, b])]);
    expect(verdict.calls.map(placesOf)).toEqual([["O1:10", "O1:20", "O1:30"], ["O1:40"]]);
  });

  it("a result whose source has no call belongs to each of them", () => {
    const verdict = judged([O(1, [go, a, other]), L([p1, ra])]);
    expect(answers(verdict.calls)).toEqual([
      ['{"command":"a"}', "out a"],
      ['{"command":"other"}', "out a"],
    ]);
  });

  it("is one finding for each id and turn, at the second call", () => {
    const sources = [O(1, [go, a, b, other, call("b", "other")]), L([p1, a, b, other, call("b", "other")])];
    const found = judged(sources).findings.filter(({ code }) => code === "id-conflict");
    expect(found.map(({ id }) => id)).toEqual(["id-conflict/r1/a/O1:30", "id-conflict/r1/b/O1:40"]);
    const again = judged([O(1, [go, a, other]), O(2, [go, a, other])], {}, [attempt(1), attempt(2)]);
    const twice = again.findings.filter(({ code }) => code === "id-conflict");
    expect(twice.map(({ id }) => id)).toEqual(["id-conflict/r1/a/O1:20", "id-conflict/r2/a/O2:20"]);
  });

  it("blocks until a person has spoken", () => {
    const sources = [O(1, [go, a, other])];
    expect(finding(judged(sources), "id-conflict")?.severity).toBe("blocks");
    const decided = judged(sources, { decisions: [word("done")] });
    expect(finding(decided, "id-conflict")?.severity).toBe("warning");
    expect(decided.recovery.action).toBe("resume");
  });

  it("is put to the agent as unknown, also where one has a result, and misses nothing in the snapshot", () => {
    const verdict = judged([O(1, [go, a, other, ra]), L([p1, a, other, ra]), S([p1])]);
    expect(verdict.calls.map(({ effect }) => effect)).toEqual(["unknown", "done"]);
    expect(verdict.recovery.sends).toStrictEqual([
      { callId: "a", as: "unknown", turn: 1 },
      { callId: "a", as: "unknown", turn: 1 },
    ]);
    expect(codes(verdict)).not.toContain("snapshot-behind-log");
  });
});

describe("a call that only the model's reply names", () => {
  const named: FactBody = { kind: "announced", callId: "a", name: "run_command", input: { command: "a" } };

  it("is not proven by the result of another one", () => {
    expect(told(judged([O(1, [go, rb]), L([p1, named])]))).toEqual(["b: done/unknown/unpaired-result"]);
  });

  it("is the one that was issued again, where its own record may be lost", () => {
    const state = (...again: readonly FactBody[]) => {
      const sources = [O(1, [go]), O(2, [go, ...again]), L([p1, named, p2, ...again])];
      return judged(sources, { bootChanged: true }, [attempt(1), attempt(2)]).calls[0]?.state;
    };
    expect(state(call("b", "other"), rb)).toBe("indeterminate");
    expect(state(call("b", "a"), rb)).toBe("superseded");
  });

  it("is judged by the power cut of its own attempt, where that is known", () => {
    const calls = (first: boolean, second: boolean, session: boolean) => {
      const attempts = [attempt(1, { bootChanged: first }), attempt(2, { bootChanged: second })];
      return judged([O(1, [go]), O(2, [go]), L([p1, p2, named])], { bootChanged: session }, attempts).calls;
    };
    expect(calls(true, false, true)).toEqual([]);
    expect(calls(false, true, false).map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("a result without a call", () => {
  it("keeps the name that it says, and both of its results", () => {
    const named: FactBody = {
      kind: "result",
      callId: "a",
      name: "read",
      content: "x",
      isError: false,
      cut: false,
    };
    const verdict = judged([O(1, [go, named]), L([p1, ra])]);
    expect(verdict.calls.map(({ name, input, state }) => [name, input, state])).toEqual([
      ["read", null, "unpaired-result"],
    ]);
    const found = finding(verdict, "unpaired-result");
    expect(found && placesOf(found)).toEqual(["O1:10", "L:10"]);
    expect(judged([O(1, [go, ra])]).calls[0]?.name).toBe("");
  });

  it("is kept back, unless the stream or the log may have lost its call", () => {
    const sends = (...sources: Evidence["sources"]) => judged(sources).recovery.sends.map(({ as }) => as);
    const torn = { damage: [damage("corrupt-middle", "/x", 95)] };
    expect(sends(O(1, [go, ra]), L([p1]))).toEqual(["nothing"]);
    expect(sends(O(1, [go, ra], torn), L([p1]))).toEqual(["result"]);
    expect(sends(O(1, [go, ra]), L([p1], torn))).toEqual(["result"]);
    expect(sends(O(1, [go, ra]), L([p1]), S([], torn))).toEqual(["nothing"]);
  });

  it("supersedes nothing and is not superseded", () => {
    const sources = [O(1, [go, ra]), O(2, [go, rb]), L([p1, p2])];
    const verdict = judged(sources, {}, [attempt(1), attempt(2)]);
    expect(codes(verdict)).not.toContain("superseded");
    expect(verdict.calls.map(({ marks }) => marks)).toEqual([[], []]);
  });
});

describe("results that differ", () => {
  it("two records: the call is in conflict, and what was done stays done", () => {
    const verdict = judged([O(1, [go, a, ra]), L([p1, a, failure("a")])]);
    expect(told(verdict)).toEqual(["a: done/unknown/id-conflict"]);
    expect(verdict.calls[0]?.marks).toEqual(["conflict"]);
  });

  it("the snapshot alone has it as done: in conflict as well", () => {
    const verdict = judged([O(1, [go, a, failure("a")]), L([p1, a, failure("a")]), S([p1, a, ra])]);
    expect(told(verdict)).toEqual(["a: done/wrongly/id-conflict"]);
    expect(finding(verdict, "id-conflict")).toMatchObject({
      severity: "blocks",
      id: "id-conflict/r1/a/S:20",
    });
  });

  it("two of the snapshot, one of them right: the model is told wrongly", () => {
    const twice = S([p1, a, ra, failure("a")]);
    expect(judged([O(1, [go, a, ra]), L([p1, a, ra]), twice]).calls[0]?.modelKnows).toBe("wrongly");
  });

  it("only the snapshot has one: it is the answer", () => {
    const [one] = judged([O(1, [go, a]), L([p1, a]), S([p1, a, ra])]).calls;
    expect(one).toMatchObject({ effect: "done", result: { content: "out a", isError: false, cut: false } });
  });
});

describe("a person's word", () => {
  it("is about the call of one attempt", () => {
    const sources = [O(1, [go, a]), O(2, [go, call("a", "other")])];
    const effects = (number: number) =>
      judged(sources, { decisions: [word("done", number)] }, [attempt(1), attempt(2)]).calls.map(
        ({ effect }) => effect,
      );
    expect(effects(1)).toEqual(["done", "unknown"]);
    expect(effects(2)).toEqual(["unknown", "done"]);
  });

  it("counts before a tool's process that is there", () => {
    const tools = [{ callId: "a", cite: { source: "P", value: "pid 7" } }] as const;
    const verdict = judged([O(1, [go, a])], { tools, decisions: [word("not-done")] });
    expect(told(verdict)).toEqual(["a: not-started/unknown/not-started"]);
    expect(codes(verdict)).not.toContain("orphan-tool");
  });

  it("is no result: nothing was rolled back, and nothing is told in its place", () => {
    const verdict = judged([O(1, [go, a])], {
      decisions: [word("done")],
      probes: [{ callId: "a", saw: "absent", provisional: false, cite: { source: "W", value: "not there" } }],
      told: [{ callId: "a", answer: "synthetic" }],
      bootChanged: true,
    });
    expect(verdict.calls[0]).toMatchObject({ effect: "done", stands: "no", modelKnows: "wrongly" });
    expect(codes(verdict)).toEqual(["ghost-running"]);
  });
});

describe("not started: what a missing yes proves", () => {
  const asks: FactBody = {
    kind: "permission",
    requestId: "r",
    callId: "a",
    name: "run_command",
    input: {},
    options: [],
  };
  const gated = { session: { id: "s", agent: "ada", gated: true }, approvals: [] } as const;
  const effects = (...given: Parameters<typeof judged>) => judged(...given).calls.map(({ effect }) => effect);

  it("of a call that asked in the agent's stream, and of that one alone", () => {
    const approvals = { approvals: [] };
    expect(effects([O(1, [go, asks, a, b])], approvals)).toEqual(["not-started", "unknown"]);
    expect(effects([O(1, [go, a]), L([p1, asks, a])], approvals)).toEqual(["unknown"]);
    const two = [O(1, [go, a]), O(2, [go, asks, call("a", "other")])];
    expect(effects(two, approvals, [attempt(1), attempt(2)])).toEqual(["unknown", "not-started"]);
  });

  it("nothing of a turn that no attempt of ours opened", () => {
    expect(effects([L([p1, a])], gated, [])).toEqual(["unknown"]);
  });

  it("nothing where our journal has a hole; a late write is none, nor is damage of the agent's files", () => {
    const spool = O(1, [go, a]);
    expect(effects([spool, J([damage("late-write")])], gated)).toEqual(["not-started"]);
    expect(effects([spool, J([damage("late-write"), damage("truncated")])], gated)).toEqual(["unknown"]);
    expect(effects([spool, { ...J([]), status: "unreadable" }], gated)).toEqual(["unknown"]);
    expect(effects([spool, J([]), L([p1, a], { damage: [damage("torn-tail")] })], gated)).toEqual([
      "not-started",
    ]);
    expect(effects([spool, J([]), L([], { status: "unreadable" })], gated)).toEqual(["not-started"]);
  });
});

describe("what the model knows, and where it is known", () => {
  it("of a call that a resume answers with a text of its own: unknown where the outcome is", () => {
    const synthetic = { told: [{ callId: "a", answer: "synthetic" }] } as const;
    const partly = [
      { callId: "a", saw: "partly", provisional: false, cite: { source: "W", value: "half" } },
    ] as const;
    expect(judged([O(1, [go, a])], { ...synthetic, probes: partly }).calls[0]?.modelKnows).toBe("unknown");
    expect(judged([O(1, [go, a, failure("a")])], synthetic).calls[0]?.modelKnows).toBe("wrongly");
    expect(codes(judged([O(1, [go, a, failure("a")])], synthetic))).toEqual(["ghost-running"]);
  });

  it("of several answers to one id the best counts", () => {
    const knows = (...given: ("result" | "synthetic" | "none")[]) =>
      judged([O(1, [go, a, ra])], { told: given.map((answer) => ({ callId: "a", answer })) }).calls[0]
        ?.modelKnows;
    const store = S([p1, a, ra]);
    expect(knows("none", "synthetic")).toBe("wrongly");
    expect(knows("synthetic", "none")).toBe("wrongly");
    expect(knows("none")).toBe("no");
    const best = judged([O(1, [go, a, ra]), L([p1, a, ra]), store], {
      told: [
        { callId: "a", answer: "result" },
        { callId: "a", answer: "synthetic" },
      ],
    });
    expect(best.calls[0]?.modelKnows).toBe("yes");
  });

  it("the text in place of a result is cited in the file that the agent resumes from, once it is at rest", () => {
    const synthetic = { told: [{ callId: "a", answer: "synthetic" }] } as const;
    const sources = [O(1, [go, a, ra]), L([p1, a]), S([p1, a])];
    const cited = (changes: Partial<Evidence>, attempts = [attempt(1)], more = sources) => {
      const found = judged(more, { ...synthetic, ...changes }, attempts).findings;
      return found.filter(({ code }) => code === "told-wrongly").map((one) => placesOf(one).join(" "));
    };
    expect(cited({ resumesFrom: "snapshot" })).toEqual(["O1:20 S /w/sessions/s.json"]);
    expect(cited({ resumesFrom: "log" })).toEqual(["O1:20 L /w/events/s.jsonl"]);
    expect(cited({ resumesFrom: "log" }, [attempt(1)], [O(1, [go, a, ra])])).toEqual([
      "O1:20 L a resume answers call a with a text of the agent",
    ]);
    expect(cited({}, [attempt(1, { liveness: "alive" })])).toEqual([]);
    expect(cited({}, [attempt(1), attempt(2, { liveness: "unknown" })])).toEqual([]);
    const already = [O(1, [go, a, ra]), L([p1, a, ra]), S([p1, a, failure("a")])];
    expect(cited({}, [attempt(1)], already)).toEqual(["O1:20 S:20"]);
  });

  it("elsewhere is said only when the agent that could still write it down is gone", () => {
    const sources = [O(1, [go, a, ra, b]), L([p1, a, ra, b]), S([])];
    const marks = (liveness: "alive" | "dead" | "unknown") =>
      judged(sources, {}, [attempt(1, { liveness })]).calls.map((one) => [one.state, ...one.marks]);
    expect(marks("dead")).toEqual([["result-elsewhere", "elsewhere"], ["indeterminate"]]);
    expect(marks("alive")).toEqual([["completed"], ["running-adopted"]]);
    expect(marks("unknown")).toEqual([["completed"], ["indeterminate"]]);
  });
});

describe("what stands after a power cut", () => {
  const stands = (changes: Partial<Evidence>, body: readonly FactBody[] = [a, ra], attempts = [attempt(1)]) =>
    judged([O(1, [go, ...body])], changes, attempts).calls[0]?.stands;
  const look = (saw: "partly" | "cannot-tell") =>
    [{ callId: "a", saw, provisional: false, cite: { source: "W", value: saw } }] as const;

  it("half an effect is unproven, one that nobody knows of is not doubted", () => {
    expect(stands({ bootChanged: true, probes: look("partly") }, [a])).toBe("unproven");
    expect(stands({ bootChanged: true, probes: look("cannot-tell") }, [a])).toBe("yes");
  });

  it("each attempt has its own", () => {
    const attempts = [attempt(1, { bootChanged: false }), attempt(2, { bootChanged: true })];
    const { calls } = judged([O(1, [go, a, ra]), O(2, [go, b, rb])], { bootChanged: true }, attempts);
    expect(calls.map((one) => one.stands)).toEqual(["yes", "unproven"]);
    expect(stands({ bootChanged: false }, [a, ra], [attempt(1, { bootChanged: true })])).toBe("unproven");
  });
});

describe("an open call", () => {
  it("of a store without a journal is dangling, its cause its own record", () => {
    const verdict = judged([L([p1, a])], {}, []);
    const found = finding(verdict, "dangling-call");
    expect(found && [found.id, ...placesOf(found)]).toEqual(["dangling-call/s/a/L:10", "L:10"]);
    expect(verdict.calls[0]?.state).toBe("indeterminate");
    expect(verdict.calls[0]).not.toHaveProperty("attempt");
  });

  it("half done is dangling too, and a person decides what to send", () => {
    const probes = [
      { callId: "a", saw: "partly", provisional: false, cite: { source: "W", value: "half" } },
    ] as const;
    const verdict = judged([O(1, [go, a])], { probes });
    expect(told(verdict)).toEqual(["a: partly/unknown/interrupted-partial"]);
    expect(codes(verdict)).toContain("dangling-call");
    expect(verdict.run.state).toBe("interrupted-indeterminate");
    expect(verdict.recovery.sends.map(({ as }) => as)).toEqual(["unknown"]);
  });

  it("whose tool lives on in a store without a journal runs as an orphan", () => {
    const tools = [{ callId: "a", cite: { source: "P", value: "pid 7" } }] as const;
    expect(told(judged([L([p1, a])], { tools }, []))).toEqual(["a: running/unknown/running-orphan"]);
  });

  it("with an id that a later attempt used again cites the process of its own", () => {
    const verdict = judged([O(1, [go, a]), O(2, [go, b])], {}, [attempt(1), attempt(2)]);
    const found = verdict.findings.filter(({ code }) => code === "dangling-call");
    expect(found.map(placesOf)).toEqual([
      ["O1:10", "P1 no such process"],
      ["O2:10", "P2 no such process"],
    ]);
  });
});

describe("an attempt's turn", () => {
  it("that was never started is not given what another one said in its words", () => {
    const attempts = [attempt(1, { prompt: "same", started: "no" }), attempt(2, { prompt: "same" })];
    const verdict = judged([L([prompt("same"), a])], {}, attempts);
    expect(verdict.calls.map((one) => one.attempt)).toEqual([2]);
  });

  it("is over by the log's last answer, whatever later turns left open", () => {
    const log = L([p1, a, ra, ok, end(), p2, b]);
    const verdict = judged([O(1, [go, a, ra]), O(2, [go, b]), log], {}, [attempt(1), attempt(2)]);
    expect(verdict.attempts.map(({ state }) => state)).toEqual(["completed", "interrupted"]);
  });

  it("is over by the agent's own word, whatever stands behind it", () => {
    const spool = O(1, [go, ok, end(), { kind: "unknown", type: "bye" }]);
    expect(judged([spool]).attempts.map(({ state }) => state)).toEqual(["completed"]);
    const cancelled: FactBody = { kind: "turn-end", outcome: "cancelled" };
    expect(judged([O(1, [go, a, cancelled])]).attempts.map(({ state }) => state)).toEqual(["cancelled"]);
  });
});
