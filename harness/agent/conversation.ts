/**
 * The messages of a session as Ada's snapshot holds them, and the calls of this attempt.
 *
 * Always: earlier messages stay as they were read; a call's id is random and new for each execution of a step.
 */
import type { StepTokens } from "../ledger.ts";
import type { Call } from "../plan/plan.ts";
import type { AgentMachine } from "./machine.ts";
import { resultContent } from "./result.ts";

/** A call that this attempt makes. */
export interface LiveCall {
  readonly tokens: StepTokens;
  readonly id: string;
  readonly name: string;
  readonly input: { readonly command: string };
  readonly content: string;
  readonly isError: boolean;
}

export class Conversation {
  readonly messages: unknown[];
  readonly #calls = new Map<number, LiveCall>();
  #replyContent: readonly object[] = [];

  readonly #machine: Pick<AgentMachine, "randomHex">;

  constructor(earlier: readonly unknown[], prompt: string, machine: Pick<AgentMachine, "randomHex">) {
    this.#machine = machine;
    this.messages = [...earlier, { role: "user", content: prompt }];
  }

  /** Content of the latest reply. */
  get replyContent(): readonly object[] {
    return this.#replyContent;
  }

  call(number: number | undefined): LiveCall | undefined {
    return number === undefined ? undefined : this.#calls.get(number);
  }

  /** Takes up a reply with the calls that are made; one without any leaves no trace. */
  reply(
    text: string | undefined,
    calls: readonly { readonly number: number; readonly call: Call; readonly tokens: StepTokens }[],
  ): void {
    if (calls.length === 0) return;
    const live = calls.map(({ number, call, tokens }) => {
      const made = newCall(call, tokens, `call_${this.#machine.randomHex(6)}`);
      this.#calls.set(number, made);
      return made;
    });
    this.#replyContent = [
      ...(text === undefined ? [] : [{ type: "text", text }]),
      ...live.map(({ id, name, input }) => ({ type: "tool_use", id, name, input })),
    ];
    const results = live.map(({ id, content, isError }) => ({
      type: "tool_result",
      toolUseId: id,
      content,
      isError,
    }));
    this.messages.push(
      { role: "assistant", content: this.#replyContent },
      { role: "user", content: results },
    );
  }

  /** Takes up the final text; returns the content of that reply. */
  finish(text: string): readonly object[] {
    const content = [{ type: "text", text }];
    this.messages.push({ role: "assistant", content });
    return content;
  }
}

function newCall(call: Call, tokens: StepTokens, id: string): LiveCall {
  return {
    tokens,
    id,
    name: "run_command",
    input: { command: `step ${tokens.callToken}` },
    content: resultContent(call, tokens),
    isError: call.outcome === "fail",
  };
}
