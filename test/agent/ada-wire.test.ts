import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { ada } from "../../src/agent/ada.ts";
import type { StartRequest } from "../../src/agent/contract.ts";

describe("Ada's stream", () => {
  const decode = (value: unknown) =>
    ada.decodeLine(typeof value === "string" ? value : JSON.stringify(value));

  it("decodes each type", () => {
    expect(decode({ type: "run.started", sessionId: "s", model: "m", timestamp: "t" })).toEqual([
      { kind: "session", agentSessionId: "s", model: "m" },
    ]);
    expect(decode({ type: "assistant.text", text: "hi" })).toEqual([{ kind: "text", text: "hi" }]);
    expect(decode({ type: "assistant.reasoning", text: "hm" })).toEqual([{ kind: "reasoning", text: "hm" }]);
    expect(decode({ type: "tool.call", id: "c", name: "n", input: { a: 1 } })).toEqual([
      { kind: "call", callId: "c", name: "n", input: { a: 1 } },
    ]);
    expect(decode({ type: "tool.result", id: "c", name: "n", content: "x", isError: true })).toEqual([
      { kind: "result", callId: "c", name: "n", content: "x", isError: true, cut: false },
    ]);
    expect(decode({ type: "run.completed", status: "max_iterations" })).toEqual([
      { kind: "turn-end", outcome: "completed", reason: "max_iterations" },
    ]);
    expect(decode({ type: "run.failed", error: "no" })).toEqual([
      { kind: "turn-end", outcome: "failed", reason: "no" },
    ]);
  });

  it("passes unknown types on and keeps garbage as garbage", () => {
    expect(decode({ type: "tool.progress", id: "c" })).toEqual([{ kind: "unknown", type: "tool.progress" }]);
    expect(decode({ type: "constructor" })).toEqual([{ kind: "unknown", type: "constructor" }]);
    for (const line of [
      "npm warn",
      "[1]",
      "null",
      "{}",
      '{"type":"tool.call"',
      '{"type":"tool.call","id":7}',
      "\0",
    ]) {
      expect(decode(line)).toMatchObject([{ kind: "unreadable" }]);
    }
    expect(decode("")).toEqual([]);
    expect(decode({ type: "tool.call", id: "i".repeat(10_000), name: "n" })).toMatchObject([
      { kind: "unreadable" },
    ]);
  });
});

/** As Ada's own command line is made. */
function parsed(args: readonly string[]) {
  const program = new Command().option("--stream-json").option("--auto-approve").option("--model <model>");
  let seen: unknown;
  program
    .command("chat <prompt>")
    .option("--resume <id>")
    .action((prompt: string, options: { resume?: string }) => {
      seen = { prompt, resume: options.resume, ...program.opts() };
    });
  program.exitOverride().configureOutput({ writeErr: () => {} });
  program.parse(args, { from: "user" });
  return seen;
}

describe("Ada's command line", () => {
  const cases: readonly StartRequest[] = [
    { prompt: "do it" },
    { prompt: "do it", resume: "1", model: "openai/x" },
    { prompt: "--resume 7" },
    { prompt: "-x", resume: "1", model: "openai/x" },
    { prompt: "--", resume: "1" },
    { prompt: "-- a", model: "-m" },
    { prompt: "" },
  ];
  for (const request of cases) {
    it(`reaches commander as it was meant: ${JSON.stringify(request)}`, () => {
      const { command, args } = ada.commandLine(request);
      expect(command).toBe("ada");
      const model = request.model === undefined ? {} : { model: request.model };
      expect(parsed(args)).toEqual({
        prompt: request.prompt,
        resume: request.resume,
        streamJson: true,
        autoApprove: true,
        ...model,
      });
    });
  }

  it("takes another executable", () => {
    expect(ada.commandLine({ command: "/opt/ada", prompt: "x" }).command).toBe("/opt/ada");
  });
});
