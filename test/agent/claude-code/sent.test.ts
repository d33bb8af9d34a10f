/** What Claude Code's resume sends: the walk along the parents, and calls that have no result. */
import { describe, expect, test } from "vitest";
import { type ChainLine, sendsOf, sentOnResume } from "../../../src/agent/claude-code/sent.ts";
import { notation } from "../../conformance/fixture.ts";

interface Rest extends Partial<Omit<ChainLine, "sends">> {
  readonly texts?: number;
  readonly calls?: readonly string[];
  readonly results?: readonly string[];
}

function line(uuid: string, parentUuid: string | undefined, rest: Rest): ChainLine {
  const { role = "user", texts = 0, calls = [], results = [], messageId, isSide = false } = rest;
  const content = [
    ...Array.from({ length: texts }, () => ({ type: "text", text: "words" })),
    ...calls.map((id) => ({ type: "tool_use", id })),
    ...results.map((id) => ({ type: "tool_result", tool_use_id: id })),
  ];
  const sends = role === "other" ? [] : sendsOf(role, { content });
  return { uuid, parentUuid, role, messageId, isSide, sends };
}

const prompt = line("u1", undefined, { texts: 1 });
const dangling = line("a1", "u1", { role: "assistant", messageId: "m1", calls: ["t1"] });

describe("a call without a result", () => {
  test("is dropped up to 2.1.197, and the history that then ends with the person gets two texts", () => {
    expect(notation(sentOnResume([prompt, dangling], "2.1.197"))).toEqual([
      "user",
      "user+",
      "assistant+",
      "user",
    ]);
  });
  test("is kept with a result of its own from 2.1.330 on", () => {
    const sent = ["user", "assistant t1", "tool t1 synthetic", "user"];
    expect(notation(sentOnResume([prompt, dangling], "2.1.330"))).toEqual(sent);
    expect(notation(sentOnResume([prompt, dangling], "3.0.0"))).toEqual(sent);
  });
  test("of a version that is not known is reported as the older one sends it", () => {
    expect(notation(sentOnResume([prompt, dangling], "2.1.250"))).toContain("user+");
    expect(notation(sentOnResume([prompt, dangling], undefined))).toContain("user+");
  });
});

test("parallel calls hang on one another, and all of them are sent", () => {
  const lines = [
    prompt,
    dangling,
    line("a2", "a1", { role: "assistant", messageId: "m1", calls: ["t2"] }),
    line("r1", "a1", { results: ["t1"] }),
    line("r2", "a2", { results: ["t2"] }),
    line("a3", "r2", { role: "assistant", messageId: "m2", texts: 1 }),
  ];
  expect(notation(sentOnResume(lines, "2.1.197"))).toEqual([
    "user",
    "assistant t1",
    "assistant t2",
    "tool t1 result",
    "tool t2 result",
    "assistant",
    "user",
  ]);
});

test("a branch that was left is not sent", () => {
  const left = line("b1", "u1", { role: "assistant", messageId: "m9", texts: 1 });
  const lines = [prompt, left, line("a1", "u1", { role: "assistant", messageId: "m1", texts: 1 })];
  expect(notation(sentOnResume(lines, "2.1.197"))).toEqual(["user", "assistant", "user"]);
});

test("a missing parent ends the walk, and a cycle is walked once", () => {
  const orphan = line("a9", "gone", { role: "assistant", messageId: "m9", texts: 1 });
  expect(notation(sentOnResume([prompt, orphan], "2.1.197"))).toEqual(["assistant", "user"]);
  const cycle = [
    line("x", "y", { texts: 1 }),
    line("y", "x", { role: "assistant", messageId: "m", texts: 1 }),
  ];
  expect(notation(sentOnResume(cycle, "2.1.197"))).toEqual(["user", "assistant", "user"]);
});

test("what a sub-agent said is not sent", () => {
  const side = line("s1", undefined, { isSide: true, texts: 1 });
  const answer = line("a1", "u1", { role: "assistant", messageId: "m1", texts: 1 });
  expect(notation(sentOnResume([prompt, answer, side], "2.1.197"))).toEqual(["user", "assistant", "user"]);
});
