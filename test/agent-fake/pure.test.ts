import { expect, test } from "vitest";
import { againMark, askMark, isAsked, turnOf } from "../../harness/agent/asked.ts";
import { cutPoints } from "../../harness/agent/cut-points.ts";
import { decide, whatModelKnows } from "../../harness/agent/knows.ts";
import { shorten } from "../../harness/agent/shorten.ts";
import { expandScript } from "../../harness/agent/steps.ts";
import type { StepTokens } from "../../harness/ledger.ts";
import { plainCall, scriptOf } from "./stage.ts";

const first: StepTokens = { step: "s0t0c0", callToken: "cA", resultToken: "rA", effectToken: "eA" };
const second: StepTokens = { step: "s0t0c1", callToken: "cB", resultToken: "rB", effectToken: "eB" };
const twin: StepTokens = { ...second, callToken: "cA" };
const ids = new Map([
  ["s0t0c0", ["call_1", "call_1again"]],
  ["s0t0c1", ["call_2"]],
]);

const answer = (toolUseId: string, content: unknown, isError = false) => ({
  role: "user",
  content: [{ type: "tool_result", toolUseId, content, isError }],
});
const use = (id: string, callToken: string) => ({
  role: "assistant",
  content: [{ type: "tool_use", id, name: "run_command", input: { command: `step ${callToken}` } }],
});

function firstIs(messages: unknown[], prompt = "continue") {
  return whatModelKnows({ messages, prompt }, [first, second], ids).s0t0c0;
}

test.each([
  ["whole result in an answer", [answer("call_1", "rAh … rAt")], "continue", "known"],
  ["whole result of a failed call", [answer("call_1", "rAh … rAt", true)], "continue", "known"],
  ["whole result in nested blocks", [answer("x", [{ type: "text", text: "rAh rAt" }])], "", "known"],
  ["whole result in the prompt", [], "call_1 gave rAh … rAt", "known"],
  ["result cut in the middle", [answer("call_1", "rAh …")], "continue", "cut"],
  ["only the end of the result", [answer("call_1", "… rAt")], "continue", "cut"],
  ["an answer that says it was aborted", [answer("call_1", "aborted", true)], "continue", "told-not-done"],
  ["an answer to an older id", [answer("call_1again", "aborted")], "see call_1", "told-not-done"],
  ["its id in the prompt", [], "nobody knows about call_1", "told-unknown"],
  ["its call token in the prompt", [], "nobody knows about `step cA`", "told-unknown"],
  ["its id in an earlier user text", [{ role: "user", content: "about call_1" }], "", "told-unknown"],
  ["a call left dangling in the messages", [use("call_1", "cA")], "continue", "nothing"],
  ["another call's result", [answer("call_2", "rBh rBt")], "continue", "nothing"],
  ["messages of no known form", [7, null, ["x"], { content: 3 }], "continue", "nothing"],
])("the model's knowledge - %s", (_, messages, prompt, expected) => {
  expect(firstIs(messages, prompt)).toBe(expected);
});

test("equal calls are told apart by the ids that are named, and by nothing else", () => {
  const judge = (prompt: string, messages: unknown[] = []) =>
    Object.values(whatModelKnows({ messages, prompt }, [first, twin], ids));
  expect(judge("step cA")).toEqual(["told-unknown", "told-unknown"]);
  expect(judge("call_2: step cA")).toEqual(["nothing", "told-unknown"]);
  expect(judge("call_1, call_2: step cA")).toEqual(["told-unknown", "told-unknown"]);
  expect(judge("step cA", [answer("call_1", "rAh rAt")])).toEqual(["known", "told-unknown"]);
});

test("the model acts unless it knows the result, finds the effect, or cannot look", () => {
  const unprobeable = { ...plainCall, unprobeable: true };
  const mustNotLook = () => {
    throw new Error("looked without having been told");
  };
  expect(decide("known", plainCall, mustNotLook)).toBe("known");
  expect(decide("cut", plainCall, mustNotLook)).toBe("known");
  expect(decide("nothing", plainCall, mustNotLook)).toBe("act");
  expect(decide("told-not-done", unprobeable, mustNotLook)).toBe("act");
  expect(decide("told-unknown", unprobeable, mustNotLook)).toBe("cannot-look");
  expect(decide("told-unknown", plainCall, () => true)).toBe("looked-and-found");
  expect(decide("told-unknown", plainCall, () => false)).toBe("act");
});

test("expanded events - a text and a failing call in Ada's order", () => {
  const script = { replies: [{ text: "Now.", calls: [plainCall], parallel: false }], finalText: "" };
  expect(expandScript(script, "ada", { resumed: false }).map(({ event }) => event)).toEqual([
    ...["snapshot:0/write", "session/log", "user/log", "start/out"],
    ...["reply:1/log", "text:1/out", "call:1/out", "policy:1/log", "call:1/log", "effect:1"],
    ...["result:1/log", "result:1/out"],
    ...["final/log", "final/out", "snapshot:1/write", "end/out", "exit"],
  ]);
});

test("expanded events - a lagging store, resumed, with a parallel reply", () => {
  const parallel = { calls: [plainCall, plainCall], parallel: true };
  const script = { ...scriptOf({}), replies: [parallel, ...scriptOf({}).replies] };
  expect(expandScript(script, "log-behind", { resumed: true }).map(({ event }) => event)).toEqual([
    ...["user/log", "start/out", "reply:1/log"],
    ...["call:1/out", "policy:1/log", "call:1/log", "call:2/out", "policy:2/log", "call:2/log"],
    ...["effect:1", "result:1/out", "effect:2", "result:2/out", "result:1/log", "result:2/log"],
    ...["reply:2/log", "call:3/out", "policy:3/log", "call:3/log", "effect:3", "result:3/out"],
    ...["result:3/log", "final/log", "final/out", "snapshot:1/write", "end/out", "exit"],
  ]);
});

test("lines are cut inside their multi-byte characters", () => {
  const bytes = Buffer.from('{"text":"aé漢😀"}\n');
  for (let turn = 0; turn < 20; turn += 1) {
    const cuts = cutPoints(bytes, [3, 8], turn);
    expect(cuts).toEqual([...new Set(cuts)].sort((a, b) => a - b));
    expect(cuts.every((cut) => cut > 0 && cut < bytes.length)).toBe(true);
    expect(cuts.filter((cut) => ((bytes[cut] ?? 0) & 0xc0) === 0x80).length).toBeGreaterThan(1);
  }
  expect(cutPoints(Buffer.from("\n"), [], 0)).toEqual([]);
});

test("shortened strings keep every marker in its order", () => {
  const long = `rAh${"x".repeat(9_000)}call_2${"x".repeat(9_000)}rBh${"x".repeat(9_000)}rAt`;
  const short = shorten(long, ["rBh", "rAh", "rAt", "call_2", "absent"]);
  expect(short.length).toBeLessThan(4_096);
  expect(short.match(/rAh|rBh|rAt|call_2|absent/g)).toEqual(["rAh", "call_2", "rBh", "rAt"]);
  expect(shorten("short rAh", ["rAh"])).toBe("short rAh");
});

test("a model that was told of earlier turns only has nothing to go on with; one that was told of none has", () => {
  const said = (...texts: string[]) => texts.map((content) => ({ role: "user", content }));
  const again = `Go on. ${againMark(0, 1)}`;
  expect(isAsked({ messages: said(`Do it. ${askMark(0, 0)}`), prompt: again }, 0, 1)).toBe(false);
  expect(isAsked({ messages: said(`Do it. ${askMark(0, 0)}`, askMark(0, 1)), prompt: again }, 0, 1)).toBe(
    true,
  );
  expect(isAsked({ messages: said(askMark(0, 0)), prompt: `${askMark(0, 1)}\n\n${again}` }, 0, 1)).toBe(true);
  expect(isAsked({ messages: [], prompt: again }, 0, 1)).toBe(true);
  expect(turnOf(`${askMark(0, 0)} ${again}`)).toEqual({ session: 0, turn: 1 });
  expect(turnOf(`${askMark(0, 1)} ${againMark(0, 0)}`)).toEqual({ session: 0, turn: 1 });
});
