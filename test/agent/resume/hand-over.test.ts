/** The first message to a resumed agent whose store is closed. */
import { describe, expect, test } from "vitest";
import { claudeCode } from "../../../src/agent/claude-code.ts";
import type { HandOverRequest } from "../../../src/agent/contract.ts";
import { handOver, knowsOf, promptBytesMax } from "../../../src/agent/resume-hand-over.ts";
import type { AttemptEvidence, SourceCut } from "../../../src/model/evidence.ts";
import type { FactBody } from "../../../src/model/fact.ts";
import { isSamePrompt } from "../../../src/model/turn.ts";
import type { CallVerdict } from "../../../src/model/verdict.ts";
import { reconcile } from "../../../src/reconcile/index.ts";
import { claudeCodeFixtures } from "../../conformance/claude-code.ts";
import { diskFiles } from "../../conformance/memory.ts";

const attempt: AttemptEvidence = {
  attempt: 1,
  runId: "run-1",
  prompt: "do it",
  started: "yes",
  liveness: "dead",
  processCite: { source: "P", value: "gone" },
  dispatchCite: { source: "J", value: "dispatch" },
};

function cutOf(source: "O" | "L", bodies: readonly FactBody[]): SourceCut {
  return {
    source,
    status: "read",
    abilities: {},
    damage: [],
    facts: bodies.map((body, at) => ({
      source,
      range: { fromByte: at, toByte: at + 1 },
      k: 0,
      body,
      ...(source === "O" ? { attempt: 1 } : {}),
    })),
  };
}

function requestOf(streamed: readonly FactBody[], stored: readonly FactBody[]): HandOverRequest {
  const sources = [cutOf("O", streamed), cutOf("L", stored)];
  const verdict = reconcile({
    schema: 1,
    session: { id: "s", agent: "x", gated: false },
    attempts: [attempt],
    sources,
    decisions: [],
    probes: [],
    bootChanged: false,
    resumesFrom: "log",
  });
  return {
    verdict,
    sources,
    prompt: "go on",
    earlierPrompts: [{ attempt: 1, text: "do it" }],
    handOverId: "h1",
    agentSessionId: "s",
    cwd: "/w",
    nowMs: 0,
  };
}

test("a finished call is told, also where the store answers an earlier one of the same id", () => {
  const ask = (text: string): FactBody => ({ kind: "prompt", text });
  const first = cutOf("O", [call("call_0", 1), result("call_0", "one")]);
  const second = cutOf("O", [call("call_0", 2), result("call_0", "two")]);
  const base = requestOf([], []);
  const sources = [
    first,
    { ...second, facts: second.facts.map((fact) => ({ ...fact, attempt: 2 })) },
    cutOf("L", [ask("do it"), call("call_0", 1), result("call_0", "one"), ask("more"), call("call_0", 2)]),
  ];
  const verdict = reconcile({
    schema: 1,
    session: { id: "s", agent: "x", gated: false },
    attempts: [attempt, { ...attempt, attempt: 2, runId: "run-2", prompt: "more" }],
    sources,
    decisions: [],
    probes: [],
    bootChanged: false,
    resumesFrom: "log",
  });
  const sent = [
    { role: "assistant", callId: "call_0" },
    { role: "tool", callId: "call_0", answer: "result" },
  ] as const;
  const { prompt } = handOver({ ...base, sources, verdict, sent });
  expect(prompt).toContain("Its result:\ntwo");
  expect(prompt).not.toContain("Its result:\none");
});

const prompt: FactBody = { kind: "prompt", text: "do it" };
const call = (callId: string, input: unknown = { command: `run ${callId}` }): FactBody => ({
  kind: "call",
  callId,
  name: "Bash",
  input,
});
const result = (callId: string, content: string, rest: object = {}): FactBody => ({
  kind: "result",
  callId,
  content,
  isError: false,
  cut: false,
  ...rest,
});

test("Claude Code killed after the result: the hand-over says what its store lost", async () => {
  const lost = claudeCodeFixtures.find(({ name }) => name === "killed-after-tool-result");
  if (lost === undefined) throw new Error("no such fixture");
  const around = { home: lost.home, env: {} };
  const stored = await claudeCode.readStore(diskFiles(lost.disk), lost.cwd, lost.sessionId, around);
  const streamed = new TextDecoder().decode(lost.stdout).split("\n").flatMap(claudeCode.decodeLine);
  const request = requestOf(
    streamed,
    stored.flatMap(({ facts }) => facts.map(({ body }) => body)),
  );
  const { prompt: text, repairs, sends } = claudeCode.handOver(request);
  expect(request.verdict.findings.map(({ code }) => code)).toContain("journal-ahead");
  expect(text).toContain('toolu_fakemwrgg08q000 Bash {"command":"echo hello-from-tool-1"');
  expect(text).toContain("Its result:\nhello-from-tool-1");
  expect(text).toContain("do not repeat them");
  expect(text.endsWith("\n\ngo on")).toBe(true);
  expect(repairs).toEqual([]);
  expect(sends).toEqual([{ callId: "toolu_fakemwrgg08q000", as: "result", shortened: false }]);
});

test("what the model knows already is not told again", () => {
  const both = [prompt, call("a"), result("a", "one")];
  const { prompt: text, sends } = handOver(requestOf(both, both));
  expect(text).toBe("go on");
  expect(sends).toEqual([{ callId: "a", as: "result", shortened: false }]);
});

test("a result that the store has and the agent does not send is told", () => {
  const both = [prompt, call("a"), result("a", "one")];
  const sent = [
    { role: "assistant" as const, callId: "a" },
    { role: "tool" as const, callId: "a", answer: "synthetic" as const },
  ];
  expect(handOver({ ...requestOf(both, both), sent }).prompt).toContain("Its result:\none");
});

test("a call without a result is named as unknown, and never as not done", () => {
  const open = [prompt, call("a")];
  const { prompt: text, sends } = handOver(requestOf(open, open));
  expect(text).toMatch(
    /outcome of these tool calls is unknown[\s\S]*- a Bash \{"command":"run a"\}\n\ngo on$/,
  );
  expect(sends).toEqual([{ callId: "a", as: "unknown", shortened: false }]);
});

test("an error, a part of a result, and a control character", () => {
  const streamed = [
    prompt,
    call("a"),
    result("a", "no such file", { isError: true }),
    call("b"),
    result("b", "half", { cut: true }),
    call("c\n\u0000d"),
    result("c\n\u0000d", "x\u0000y"),
  ];
  const { prompt: text, sends } = handOver(requestOf(streamed, [prompt]));
  expect(text).toContain("It failed with:\nno such file");
  expect(text).toContain("Its result (only a part is on record):\nhalf");
  expect(text).toContain("- c??d Bash");
  expect(text).not.toContain("\u0000");
  expect(sends.map(({ shortened }) => shortened)).toEqual([false, true, true]);
});

test("what the person asked for and the store lost is said", () => {
  expect(handOver(requestOf([call("a"), result("a", "one")], [])).prompt).toContain(
    "You had been asked: do it",
  );
  expect(handOver(requestOf([call("a"), result("a", "one")], [prompt])).prompt).not.toContain(
    "You had been asked",
  );
});

test("what was owed with words that come again is said, and not taken for them", () => {
  const asked = { ...requestOf([], []), earlierPrompts: [{ attempt: 1, text: "do it\n\ngo on" }] };
  const told = (stored: readonly FactBody[]) => {
    const sources = [cutOf("O", []), cutOf("L", stored)];
    return handOver({ ...asked, sources }).prompt;
  };
  expect(told([])).toContain("You had been asked: do it\n\ngo on");
  expect(told([{ kind: "prompt", text: "go on" }])).toContain("You had been asked: do it");
  expect(told([{ kind: "prompt", text: "[Hand-over h0] It was cut.\n\ndo it\n\ngo on" }])).toBe("go on");
});

describe("the size", () => {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const many = Array.from({ length: 5_000 }, (_, at) => [
    call(`call_${at}`),
    result(`call_${at}`, "é".repeat(200)),
  ]);
  const large = [
    call("big"),
    result("big", `HEAD${"x".repeat(1_000_000)}TAIL`),
    call("small"),
    result("small", "tiny"),
  ];

  test("of many calls and of a large result stays within one argument", () => {
    const few = handOver(requestOf([prompt, ...large], [prompt]));
    expect(bytes(few.prompt)).toBeLessThanOrEqual(promptBytesMax);
    expect(bytes(few.prompt)).toBeGreaterThan(promptBytesMax * 0.7);
    expect(few.prompt).toContain("HEAD");
    expect(few.prompt).toContain("TAIL");
    expect(few.prompt).toContain("tiny");
    expect(few.sends.map(({ shortened }) => shortened)).toEqual([true, false]);
    const all = handOver(requestOf([prompt, ...many.flat()], [prompt]));
    expect(bytes(all.prompt)).toBeLessThanOrEqual(promptBytesMax);
    expect(all.prompt).toMatch(/- and \d+ more/);
  });

  test("leaves the person's words whole", () => {
    const words = `please ${"word ".repeat(18_000)}`;
    const { prompt: text } = handOver({ ...requestOf([prompt, ...large], [prompt]), prompt: words });
    expect(text.endsWith(`\n\n${words}`)).toBe(true);
    expect(bytes(text)).toBeLessThanOrEqual(promptBytesMax);
    expect(isSamePrompt(text, words)).toBe(true);
  });
});

test("what the model knows follows from what it is sent", () => {
  const done = { id: "a", effect: "done" } as CallVerdict;
  const open = { id: "a", effect: "unknown" } as CallVerdict;
  const answered = (answer: "result" | "synthetic") => [{ role: "tool" as const, callId: "a", answer }];
  expect(knowsOf([], done)).toBe("no");
  expect(knowsOf(answered("result"), done)).toBe("yes");
  expect(knowsOf(answered("synthetic"), done)).toBe("wrongly");
  expect(knowsOf(answered("synthetic"), open)).toBe("unknown");
});
