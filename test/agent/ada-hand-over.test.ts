import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ada } from "../../src/agent/ada.ts";
import type { EarlierPrompt, HandOver } from "../../src/agent/contract.ts";
import type { Evidence, SourceCut } from "../../src/model/evidence.ts";
import { resultCharsMax } from "../../src/model/result.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import * as build from "../reconcile/build.ts";
import { call, codes, end, L, O, prompt, result, S, started, text } from "../reconcile/build.ts";
import * as real from "./fixture.ts";

interface Block {
  readonly type: string;
  readonly id?: string;
  readonly toolUseId?: string;
  readonly content?: string;
  readonly isError?: boolean;
  readonly text?: string;
}
interface Message {
  readonly role: string;
  readonly content: string | readonly Block[];
}

function resume(
  evidence: Evidence,
  options: {
    prompt?: string;
    snapshotText?: string;
    verdict?: Verdict;
    asked?: readonly EarlierPrompt[];
  } = {},
): HandOver & { readonly messages: readonly Message[]; readonly fields: Record<string, unknown> } {
  const handed = ada.handOver({
    verdict: options.verdict ?? reconcile(evidence),
    prompt: options.prompt ?? "continue",
    earlierPrompts:
      options.asked ?? evidence.attempts.map(({ attempt, prompt: words }) => ({ attempt, text: words })),
    handOverId: "h1",
    sources: evidence.sources,
    ...(options.snapshotText === undefined ? {} : { snapshotText: options.snapshotText }),
    agentSessionId: real.sessionId,
    cwd: real.cwd,
    nowMs: 1_795_328_826_071,
  });
  const [repair] = handed.repairs;
  const fields = repair === undefined ? {} : JSON.parse(new TextDecoder().decode(repair.bytes));
  return { ...handed, fields, messages: fields.messages ?? [] };
}

/** What a model API asks of messages. */
function expectValid(messages: readonly Message[]): void {
  messages.forEach(({ role, content }, index) => {
    expect(role).toBe(index % 2 === 0 ? "user" : "assistant");
    const blocks = typeof content === "string" ? [] : content;
    const next = messages[index + 1]?.content;
    const answers = typeof next === "string" || next === undefined ? [] : next;
    const calls = blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id);
    expect(answers.filter(({ type }) => type === "tool_result").map(({ toolUseId }) => toolUseId)).toEqual(
      calls,
    );
  });
}

const brief = (messages: readonly Message[]) =>
  messages.map(({ role, content }) => {
    const parts =
      typeof content === "string" ? [content] : content.map((b) => b.text ?? b.id ?? `=${b.toolUseId}`);
    return `${role}: ${parts.join(" ")}`;
  });

function resultText(message: Message | undefined): string {
  const [block] = message === undefined || typeof message.content === "string" ? [] : message.content;
  return block?.content ?? "";
}

const alone = (sources: readonly SourceCut[]) => build.evidence([build.attempt(1)], sources);
const go = started();

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

  it("rebuilds the snapshot of a completed run that was killed before it was written", () => {
    const bodies = [call("a"), result("a"), text("ok"), end()];
    const handed = resume(alone([O(1, [go, ...bodies]), L([prompt("p1"), ...bodies]), S([])]));
    expect(handed.prompt).toBe("continue");
    expect(brief(handed.messages)).toEqual(["user: p1", "assistant: a", "user: =a", "assistant: ok"]);
  });

  it("puts a turn that the snapshot lost in front of the one it has", () => {
    const snapshot = {
      messages: [
        { role: "user", content: "p2" },
        { role: "assistant", content: "ok", extra: 1 },
      ],
    };
    const evidence = build.evidence(
      [build.attempt(1), build.attempt(2)],
      [
        O(1, [go, call("a"), result("a")]),
        O(2, [go, text("ok"), end()]),
        L([prompt("p1"), call("a"), result("a"), prompt("p2"), text("ok"), end()]),
        S([prompt("p2"), text("ok")]),
      ],
    );
    const { messages } = resume(evidence, { snapshotText: JSON.stringify(snapshot) });
    expectValid(messages);
    expect(brief(messages).slice(0, 3)).toEqual(["user: p1", "assistant: a", "user: =a"]);
    expect(messages.slice(-2)).toEqual(snapshot.messages);
  });

  it("completes a turn of which the snapshot has a part, and takes out what is wrong in it", () => {
    const use = (id: string) => ({ type: "tool_use", id, name: "run_command", input: { command: id } });
    const answer = (toolUseId: string, content: string, isError: boolean) => [
      { role: "assistant", content: [use(toolUseId)] },
      { role: "user", content: [{ type: "tool_result", toolUseId, content, isError }] },
    ];
    const bodies = [call("a"), result("a"), call("b"), result("b"), call("c")];
    const known = [O(1, [go, ...bodies]), L([prompt("p1"), ...bodies])];
    const user = { role: "user", content: "p1" };
    const dangling = { role: "assistant", content: [use("c")] };
    const snapshots = [
      { raw: [user, ...answer("a", "out a", false)], facts: [call("a"), result("a")] },
      {
        raw: [user, ...answer("a", "out a", false), ...answer("b", "interrupted", true)],
        facts: [call("a"), result("a"), call("b"), build.failure("b", "interrupted")],
      },
      {
        raw: [user, ...answer("a", "out a", false), ...answer("b", "out b", false), dangling],
        facts: bodies,
      },
    ];
    for (const { raw, facts } of snapshots) {
      const given = alone([...known, S([prompt("p1"), ...facts])]);
      const { messages } = resume(given, { snapshotText: JSON.stringify({ messages: raw }) });
      expectValid(messages);
      expect(messages).toEqual([
        user,
        ...answer("a", "out a", false),
        ...answer("b", "out b", false),
        { role: "assistant", content: [{ type: "text", text: "[This turn was interrupted here.]" }] },
      ]);
    }
  });

  it("keeps parallel calls together, and leaves the unknown one out", () => {
    const bodies = [
      text("now"),
      call("a"),
      call("b"),
      call("c"),
      result("c"),
      result("a"),
      call("d"),
      result("d"),
    ];
    const { messages, prompt: words } = resume(
      alone([O(1, [go, ...bodies]), L([prompt("p1"), ...bodies]), S([])]),
    );
    expectValid(messages);
    expect(brief(messages)).toEqual([
      "user: p1",
      "assistant: now a c",
      "user: =a =c",
      "assistant: d",
      "user: =d",
      "assistant: [This turn was interrupted here.]",
    ]);
    expect(words).toContain("- b run_command");
  });

  it("sends failed calls as failed", () => {
    const bodies = [call("a"), build.failure("a")];
    const { messages } = resume(alone([O(1, [go, ...bodies]), L([prompt("p1"), ...bodies]), S([])]));
    expect(messages[2]?.content).toMatchObject([{ toolUseId: "a", content: "bad a", isError: true }]);
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

  it("shortens a result that is too long, and knows its own shortening again", () => {
    const long = `HEAD${"😀".repeat(resultCharsMax)}TAIL`;
    const bodies = [call("a"), result("a", long)];
    const sources = [
      O(1, [go, ...bodies]),
      L([prompt("p1"), call("a"), build.cutResult("a", long.slice(0, 2_000))]),
    ];
    const { messages, sends } = resume(alone([...sources, S([])]));
    const content = resultText(messages[2]);
    expect(content.length).toBeLessThan(resultCharsMax + 500);
    expect(content.startsWith("HEAD")).toBe(true);
    expect(content.endsWith("TAIL")).toBe(true);
    expect(content).toContain(`of ${long.length} characters`);
    expect(content).toContain("/run/1/spool, bytes");
    expect(content).not.toMatch(/\p{Surrogate}/u);
    expect(sends[0]?.shortened).toBe(true);
    const after = S([prompt("p1"), call("a"), build.cutResult("a", content)]);
    expect(reconcile(alone([...sources, after])).calls[0]).toMatchObject({ modelKnows: "yes", marks: [] });
  });

  it("says of a result of which only the beginning is known that it is cut", () => {
    const known = build.cutResult("a", "x".repeat(2_000));
    const sources = [O(1, [go, call("a")]), L([prompt("p1"), call("a"), known])];
    const { messages } = resume(alone([...sources, S([])]));
    const content = resultText(messages[2]);
    expect(content).toContain("only this beginning");
    const after = S([prompt("p1"), call("a"), build.cutResult("a", content)]);
    expect(codes(reconcile(alone([...sources, after])))).toEqual(["agent-ahead", "ghost-running"]);
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

  it("finds the turns of prompts that went out with a preface", () => {
    const full = `[Hand-over h0] The work was interrupted.\n\np2`;
    const given = build.evidence(
      [build.attempt(1), build.attempt(2, { prompt: full })],
      [
        O(1, [go, call("a"), result("a")]),
        O(2, [go, call("b"), result("b")]),
        L([prompt("p1"), call("a"), result("a"), prompt(full), call("b"), result("b")]),
        S([prompt("p1"), call("a"), result("a")]),
      ],
    );
    const bare = given.attempts.map((one) => (one.attempt === 2 ? { ...one, prompt: "p2" } : one));
    const { messages } = resume({ ...given, attempts: bare }, { verdict: reconcile(given) });
    expectValid(messages);
    expect(brief(messages).filter((line) => line.startsWith("user: ") && !line.includes("="))).toEqual([
      "user: p1",
      `user: ${full}`,
    ]);
  });

  it("tells attempts apart that were asked the same by what each was given", () => {
    const given = ["go on", "[Hand-over h0] More is known.\n\ngo on"];
    const attempts = given.map((words, index) => build.attempt(index + 1, { prompt: words }));
    const log = L([prompt(given[1] ?? ""), text("I will."), call("a"), result("a")]);
    const asked = given.map((words, index) => ({ attempt: index + 1, text: "go on", given: words }));
    const { messages } = resume(build.evidence(attempts, [log, S([])]), { asked });
    expect(brief(messages)).toContain("user: =a");
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
