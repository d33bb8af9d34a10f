/**
 * What Ada is told when it is resumed, and what it is sent for each call, by words or by its snapshot.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SourceCut } from "../../src/model/evidence.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import * as build from "../reconcile/build.ts";
import { call, codes, end, L, O, prompt, result, S, text } from "../reconcile/build.ts";
import { alone, brief, expectValid, go, resume } from "./ada-handed.ts";
import * as real from "./fixture.ts";

describe("after a power cut", () => {
  const cut = (sources: readonly SourceCut[]) =>
    build.evidence([build.attempt(1)], sources, { bootChanged: true });

  it("tells a result whose call is lost in the prompt, and nothing of it in the messages", () => {
    const {
      prompt: words,
      messages,
      sends,
    } = resume(cut([O(1, [go, result("a")]), L([prompt("p1")]), S([])]));
    expect(words).toContain('- a "out a"');
    expect(JSON.stringify(messages)).not.toContain("out a");
    expect(sends).toEqual([{ callId: "a", as: "result", shortened: false }]);
  });

  it("rebuilds the messages of a call that only a reply names from there", () => {
    const logged = L([prompt("p1"), text("I will."), build.announced("a"), result("a")]);
    const { messages } = resume(cut([O(1, [go]), logged, S([])]));
    expect(brief(messages).slice(0, 3)).toEqual(["user: p1", "assistant: I will. a", "user: =a"]);
    expectValid(messages);
  });
});

describe("the hand-over of a real Ada that was killed", () => {
  const given = async () => {
    const sources = [real.spool(1, real.stdout), ...(await real.store(real.cutLog, real.cutSnapshot))];
    return real.evidenceOf(sources, [real.attempt(1, "please do it")]);
  };

  it("puts the finished call into the snapshot and names the unknown one in the prompt", async () => {
    const handed = resume(await given(), { snapshotText: real.cutSnapshot });
    expect(brief(handed.messages)).toEqual([
      "user: please do it",
      "assistant: call_1",
      "user: =call_1",
      "assistant: [This turn was interrupted here.]",
    ]);
    expectValid(handed.messages);
    // Each field in its place: the diff that a person is shown has what changes and nothing else.
    expect(Object.keys(handed.fields)).toEqual(Object.keys(JSON.parse(real.cutSnapshot)));
    expect(handed.prompt).toContain("h1");
    expect(handed.prompt).toContain("call_2 run_command");
    expect(handed.prompt).toContain("sleep 12");
    expect(handed.prompt).toContain("unknown");
    expect(handed.prompt).not.toContain("call_1");
    expect(handed.prompt.endsWith("\n\ncontinue")).toBe(true);
    expect(handed.sends).toEqual([
      { callId: "call_1", as: "result", shortened: false },
      { callId: "call_2", as: "unknown", shortened: false },
    ]);
  });

  it("keeps what it does not know of the snapshot, and writes it where Ada reads it", async () => {
    const odd = JSON.stringify({ ...JSON.parse(real.cutSnapshot), extra: { kept: [1] } });
    const handed = resume(await given(), { snapshotText: odd });
    expect(handed.repairs[0]?.path).toBe(real.snapshotPath);
    expect(handed.fields).toMatchObject({
      extra: { kept: [1] },
      id: real.sessionId,
      createdAt: "2026-11-22T06:27:06.064Z",
      lastActiveAt: "2026-11-22T06:27:06.071Z",
      model: "openai/mock",
    });
  });

  it("makes a snapshot where there is none or none can be read", async () => {
    for (const options of [{}, { snapshotText: '{"id":' }]) {
      const handed = resume(await given(), options);
      expect(handed.fields).toMatchObject({ id: real.sessionId, model: "openai/mock", status: "active" });
      expect(handed.messages.length).toBe(4);
    }
  });

  it("done twice is done once: the rebuilt snapshot needs no repair, and lacks nothing", async () => {
    const evidence = await given();
    const first = resume(evidence, { snapshotText: real.cutSnapshot });
    const snapshotText = new TextDecoder().decode(first.repairs[0]?.bytes);
    const sources = [real.spool(1, real.stdout), ...(await real.store(real.cutLog, snapshotText))];
    const again = { ...evidence, sources };
    const verdict = reconcile(again);
    expect(codes(verdict)).toEqual(["dangling-call", "ghost-running"]);
    expect(verdict.calls.map(({ modelKnows }) => modelKnows)).toEqual(["yes", "no"]);
    const second = resume(again, { snapshotText });
    expect(second.repairs).toEqual([]);
    expect(second.prompt).toBe(first.prompt);
  });
});

describe("a hand-over", () => {
  it("says that the work was interrupted, also where every call was finished", () => {
    const { prompt: words, messages } = resume(
      alone([O(1, [go, call("a"), result("a")]), L([prompt("p1"), call("a")])]),
    );
    expect(words).toContain("interrupted");
    expect(words).not.toContain("unknown");
    expectValid(messages);
    expect(brief(messages)[2]).toBe("user: =a");
  });

  it("has nothing to say after a run that was completed", () => {
    const bodies = [call("a"), result("a"), text("ok")];
    const snapshot = {
      messages: [
        { role: "user", content: "p1" },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "a", name: "run_command", input: { command: "a" } }],
        },
        {
          role: "user",
          content: [{ type: "tool_result", toolUseId: "a", content: "out a", isError: false }],
        },
        { role: "assistant", content: [{ type: "text", text: "ok" }] },
      ],
    };
    const sources = [
      O(1, [go, ...bodies, end()]),
      L([prompt("p1"), ...bodies, end()]),
      S([prompt("p1"), ...bodies]),
    ];
    const handed = resume(alone(sources), { snapshotText: JSON.stringify(snapshot) });
    expect(handed.prompt).toBe("continue");
    expect(handed.repairs).toEqual([]);
  });

  it("tells of a call that a person saw done, without inventing its output", () => {
    const decisions = [
      { callId: "a", attempt: 1, outcome: "done", who: "me", cite: { source: "J", value: "yes" } },
    ] as const;
    const given = { ...alone([O(1, [go, call("a")]), L([prompt("p1"), call("a")]), S([])]), decisions };
    const { messages, prompt: words, sends } = resume(given);
    expect(brief(messages)).toEqual(["user: p1", "assistant: [This turn was interrupted here.]"]);
    expect(words).toContain("output is lost");
    expect(words).toContain("- a run_command");
    expect(sends).toEqual([{ callId: "a", as: "result", shortened: false }]);
  });

  it("fits into one argument, whatever the unknown calls are", () => {
    const argumentBytesMax = 128 * 1024;
    for (const [count, size] of [
      [1, 300_000],
      [50, 10_000],
      [5_000, 10],
    ] as const) {
      const calls = Array.from({ length: count }, (_, index) => call(`call_${index}`, "ü\0\n".repeat(size)));
      const { prompt: words } = resume(alone([O(1, [go, ...calls]), L([prompt("p1"), ...calls]), S([])]));
      expect(Buffer.byteLength(words)).toBeLessThan(100_000);
      expect(words).not.toContain("\0");
      expect(words).toContain("- call_0 run_command");
      const big = resume(alone([O(1, [go, ...calls]), L([prompt("p1"), ...calls]), S([])]), {
        prompt: "w".repeat(99_000),
      });
      expect(Buffer.byteLength(big.prompt)).toBeLessThan(argumentBytesMax);
    }
  });

  it("does not tell a prompt twice that never reached the agent", () => {
    const attempts = [build.attempt(1), build.attempt(2, { started: "no", prompt: "continue" })];
    const bodies = [call("a"), result("a")];
    const given = build.evidence(attempts, [O(1, [go, ...bodies]), L([prompt("p1"), ...bodies]), S([])]);
    expect(brief(resume(given).messages).filter((line) => line.includes("continue"))).toEqual([]);
    expect(brief(resume(given, { prompt: "other" }).messages)).toContain("user: continue");
  });

  it("tells a prompt that was owed with words that come again, where nothing is left of its attempt", () => {
    const attempts = [build.attempt(1), build.attempt(2, { prompt: "the next part\n\ncontinue" })];
    const bodies = [prompt("p1"), call("a"), result("a"), end()];
    const given = build.evidence(attempts, [O(1, [go, ...bodies.slice(1)]), L([]), S([])]);
    expect(brief(resume(given).messages)).toContain("user: the next part\n\ncontinue");
  });

  it("tells a prompt with what stood before it: the calls that were named there as unknown are named nowhere else", () => {
    const asked = [
      { attempt: 1, text: "p1" },
      { attempt: 2, text: "continue", given: "[Hand-over h0] Unknown: call b.\n\ncontinue" },
    ];
    const attempts = [build.attempt(1), build.attempt(2, { prompt: "continue" })];
    const given = build.evidence(attempts, [
      O(1, [go, call("b")]),
      O(2, [go, call("c"), result("c"), end()]),
      L([]),
      S([]),
    ]);
    expect(brief(resume(given, { asked, prompt: "the next part" }).messages)).toContain(
      "user: [Hand-over h0] Unknown: call b.\n\ncontinue",
    );
  });

  it("is valid for a model, carries every finished call and names every unknown one, for any sources", () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const step = fc.oneof(
      id.map((name) => [call(name)]),
      id.map((name) => [call(name), result(name)]),
      fc.constantFrom("x", "y").map((words) => [text(words)]),
      id.map((name) => [result(name)]),
    );
    const steps = fc.array(step, { maxLength: 6 }).map((parts) => parts.flat());
    const property = fc.property(steps, steps, steps, (first, second, logged) => {
      const given = build.evidence(
        [build.attempt(1), build.attempt(2)],
        [
          O(1, [go, ...first]),
          O(2, [go, ...second]),
          L([prompt("p1"), ...first, prompt("p2"), ...logged]),
          S([]),
        ],
      );
      const verdict = reconcile(given);
      const { messages, prompt: words } = resume(given, { verdict });
      expectValid(messages);
      const sent = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
      for (const { id: callId, effect, state, result: known } of verdict.calls) {
        if (state === "unpaired-result") continue;
        if (effect === "done") {
          expect(sent.some((block) => block.toolUseId === callId && block.content === known?.content)).toBe(
            true,
          );
        }
        if (effect === "unknown" && state !== "superseded")
          expect(words).toContain(`- ${callId} run_command`);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
