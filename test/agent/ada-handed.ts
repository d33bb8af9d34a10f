import { expect } from "vitest";
import { ada } from "../../src/agent/ada.ts";
import type { EarlierPrompt, HandOver } from "../../src/agent/contract.ts";
import type { Evidence, SourceCut } from "../../src/model/evidence.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import * as build from "../reconcile/build.ts";
import { started } from "../reconcile/build.ts";
import * as real from "./fixture.ts";

export interface Block {
  readonly type: string;
  readonly id?: string;
  readonly toolUseId?: string;
  readonly content?: string;
  readonly isError?: boolean;
  readonly text?: string;
}
export interface Message {
  readonly role: string;
  readonly content: string | readonly Block[];
}

export function resume(
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
export function expectValid(messages: readonly Message[]): void {
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

export const brief = (messages: readonly Message[]) =>
  messages.map(({ role, content }) => {
    const parts =
      typeof content === "string" ? [content] : content.map((b) => b.text ?? b.id ?? `=${b.toolUseId}`);
    return `${role}: ${parts.join(" ")}`;
  });

export function resultText(message: Message | undefined): string {
  const [block] = message === undefined || typeof message.content === "string" ? [] : message.content;
  return block?.content ?? "";
}

export const alone = (sources: readonly SourceCut[]) => build.evidence([build.attempt(1)], sources);
export const go = started();
