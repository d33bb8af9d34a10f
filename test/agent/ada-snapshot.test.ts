import { describe, expect, it } from "vitest";
import { resultCharsMax } from "../../src/model/result.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import * as build from "../reconcile/build.ts";
import { call, codes, end, L, O, prompt, result, S, text } from "../reconcile/build.ts";
import { alone, brief, expectValid, go, resultText, resume } from "./ada-handed.ts";

describe("a rebuilt snapshot", () => {
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
});
