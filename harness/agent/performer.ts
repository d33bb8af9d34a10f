/**
 * Performs the events of an attempt one by one, in Ada's words.
 *
 * Always: gate, act, report, in this order; a call's line, records and effect carry the same id.
 */
import type { Knows, StepTokens } from "../ledger.ts";
import type { Snapshot } from "./ada-store.ts";
import { isAsked } from "./asked.ts";
import { Conversation, type LiveCall } from "./conversation.ts";
import type { AgentStore, Dialect } from "./dialect.ts";
import { isEffectThere, leaveEffect } from "./effects.ts";
import type { Gates } from "./gates.ts";
import { decide, whatModelKnows } from "./knows.ts";
import type { Ledger } from "./ledger-writer.ts";
import type { AgentMachine } from "./machine.ts";
import type { ScriptMessage } from "./protocol.ts";
import { shorten, shortenStrings } from "./shorten.ts";
import type { OutLine, Stdout } from "./stdout.ts";
import type { AgentEvent, NumberedReply } from "./steps.ts";
import type { StartedTool } from "./tool.ts";

export interface AttemptOptions {
  readonly order: ScriptMessage;
  readonly sessionId: string;
  readonly isResume: boolean;
  readonly prompt: string;
  readonly model: string;
  readonly cwd: string;
  readonly store: AgentStore | undefined;
  /** Ada's by default. */
  readonly dialect?: Dialect;
  readonly stdout: Stdout;
  readonly ledger: Ledger;
  readonly gates: Gates;
  readonly machine: AgentMachine;
  /** Starts the process of a call that has one. */
  readonly startTool?: (call: {
    readonly step: string;
    readonly callId: string;
    readonly effectToken: string;
  }) => Promise<StartedTool>;
  /**
   * Whether the call may be made that the request of this id asks for; for agents that ask. Waited for however long it
   * takes, before the next event.
   */
  readonly permission?: (requestId: string) => Promise<boolean>;
  /** Resolves when nobody wants the rest of the turn. */
  readonly cancelled?: Promise<void>;
  /** Ids under which earlier agents of the run made their steps, by step name. */
  readonly earlierCallIds: () => ReadonlyMap<string, readonly string[]>;
}

/** Thrown where the turn stands when it was cancelled. */
export class TurnCancelledError extends Error {}

const usage = { inputTokens: 10, outputTokens: 5 };

export class Performer {
  readonly #options: AttemptOptions & { readonly store: AgentStore };
  readonly #snapshot: Snapshot;
  readonly #conversation: Conversation;
  readonly #steps: readonly StepTokens[];
  /** Calls that the person did not allow. */
  readonly #refused = new Set<string>();
  readonly #tools = new Map<string, StartedTool>();
  #reply: NumberedReply | undefined;
  #isCancelled = false;

  constructor(options: AttemptOptions & { readonly store: AgentStore }, snapshot: Snapshot) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#conversation = new Conversation(snapshot.messages, options.prompt, options.machine);
    this.#steps = stepsOfTurn(options.order);
    void options.cancelled?.then(() => {
      this.#isCancelled = true;
    });
  }

  async all(events: readonly AgentEvent[]): Promise<void> {
    for (const event of events) {
      const nth = await this.#options.gates.before(event.event);
      if (this.#isCancelled) throw new TurnCancelledError("the turn was cancelled");
      await this.#perform(event, nth);
      if (event.kind !== "out" && event.kind !== "exit") this.#options.gates.after(nth, event.event);
    }
  }

  /** Records what goes to the model, and what it can tell from that. */
  askModel(): Record<string, Knows> {
    const { order, prompt, ledger } = this.#options;
    const { messages } = this.#snapshot;
    const callIds = this.#options.earlierCallIds();
    const knows = whatModelKnows({ messages, prompt }, order.tokens, callIds);
    const markers = order.tokens.flatMap(({ step, callToken, resultToken }) => [
      `${resultToken}h`,
      `${resultToken}t`,
      callToken,
      ...(callIds.get(step) ?? []),
    ]);
    const shortMessages = messages.map((message) => shortenStrings(message, markers));
    ledger.add({ kind: "model-input", prompt: shorten(prompt, markers), messages: shortMessages, knows });
    return knows;
  }

  /** Numbers of the reply's calls that will be made; the others go to the ledger with their reason. */
  decide(reply: NumberedReply, knows: Record<string, Knows>): number[] {
    const { cwd, ledger, machine, order, prompt } = this.#options;
    const input = { messages: this.#snapshot.messages, prompt };
    // Whoever sees a part of the turn's work knows of it.
    const hasBegun = this.#steps.some(({ step }) => (knows[step] ?? "nothing") !== "nothing");
    const isTold = hasBegun || isAsked(input, order.session, order.turn);
    return reply.calls.flatMap(({ number, call }) => {
      const tokens = this.#tokensOf(number);
      const isThere = () => isEffectThere(machine, cwd, tokens.effectToken);
      const decision = isTold ? decide(knows[tokens.step] ?? "nothing", call, isThere) : "not-asked";
      if (decision === "act") return [number];
      ledger.add({ kind: "skip", step: tokens.step, why: decision });
      return [];
    });
  }

  begin(reply: NumberedReply, acting: readonly number[]): void {
    this.#reply = reply;
    const calls = reply.calls.filter(({ number }) => acting.includes(number));
    this.#conversation.reply(
      reply.reply.text,
      calls.map(({ number, call }) => ({ number, call, tokens: this.#tokensOf(number) })),
    );
  }

  #tokensOf(number: number): StepTokens {
    const tokens = this.#steps[number - 1];
    if (tokens === undefined) throw new Error(`the harness sent no tokens for call ${number} of this turn`);
    return tokens;
  }

  async #perform(event: AgentEvent, nth: number): Promise<void> {
    if (event.kind === "snapshot") this.#writeSnapshot(event);
    if (event.kind === "log") this.#log(event);
    if (event.kind === "out") await this.#speak(event, nth);
    if (event.kind === "tool") await this.#startTool(event);
    if (event.kind === "effect") await this.#execute(event);
  }

  #writeSnapshot({ event }: AgentEvent): void {
    const { store, prompt, machine } = this.#options;
    const isFirst = event === "snapshot:0/write";
    const ended = {
      ...this.#snapshot,
      messages: this.#conversation.messages,
      lastActiveAt: machine.timestamp(),
      title: this.#snapshot.title ?? prompt.slice(0, 60),
    };
    store.writeSnapshot({ event }, isFirst ? this.#snapshot : ended);
  }

  async #startTool(event: AgentEvent): Promise<void> {
    const { tokens, id } = this.#callOf(event);
    const { step, effectToken } = tokens;
    const tool = await this.#options.startTool?.({ step, callId: id, effectToken });
    if (tool !== undefined) this.#tools.set(id, tool);
  }

  async #execute(event: AgentEvent): Promise<void> {
    const { cwd, ledger, stdout, machine } = this.#options;
    const { tokens, id } = this.#callOf(event);
    if (this.#refused.has(id)) return;
    const tool = this.#tools.get(id);
    if (tool !== undefined) {
      await tool.finish();
      stdout.noteExecuted();
      return;
    }
    const entry = { kind: "effect" as const, step: tokens.step, callId: id };
    ledger.add({ ...entry, phase: "begin" });
    leaveEffect(machine, cwd, tokens.effectToken);
    ledger.add({ ...entry, phase: "done" });
    stdout.noteExecuted();
  }

  #log(event: AgentEvent): void {
    const { store } = this.#options;
    const call = event.call === undefined ? undefined : this.#callOf(event);
    const { type, data } = call === undefined ? this.#turnRecord(event) : callRecord(event, call);
    const named = call === undefined ? {} : { step: call.tokens.step, callId: call.id };
    store.log({ event: event.event, ...named }, type, data);
  }

  #turnRecord({ event, about }: AgentEvent): { type: string; data: Readonly<Record<string, unknown>> } {
    const { cwd, model, prompt, order } = this.#options;
    if (about === "session") return { type: "session_start", data: { workingDirectory: cwd, model } };
    if (about === "user") return { type: "user_message", data: { text: prompt } };
    if (about === "reply") {
      const content = this.#conversation.replyContent;
      return { type: "assistant_response", data: { stopReason: "tool_use", content, usage } };
    }
    if (about === "end") return { type: "turn_end", data: { text: order.script.finalText } };
    if (about !== "final") throw new Error(`event ${event} is no log record`);
    const content = this.#conversation.finish(order.script.finalText);
    return { type: "assistant_response", data: { stopReason: "end_turn", content, usage } };
  }

  #speak({ event, about, call }: AgentEvent, nth: number): Promise<void> {
    const { stdout, sessionId, model, cwd, order, machine } = this.#options;
    const timestamp = machine.timestamp();
    const say = (type: OutLine["type"], value: Readonly<Record<string, unknown>>) =>
      stdout.write({ nth, event, type }, value);
    if (about === "start") {
      return say("start", { type: "run.started", sessionId, model, workingDirectory: cwd, timestamp });
    }
    if (about === "text") return say("text", { type: "assistant.text", text: this.#reply?.reply.text });
    if (about === "final") return say("text", { type: "assistant.text", text: order.script.finalText });
    if (about === "end") {
      const status = { status: "completed", stopReason: "end_turn" };
      return say("end", { type: "run.completed", sessionId, ...status, timestamp });
    }
    const { id, name, input, content, isError, tokens } = this.#callOf({ event, call });
    const mark = { nth, event, step: tokens.step, callId: id };
    if (about === "ask") return this.#ask({ ...mark, type: "ask" }, { id, name, input });
    if (about === "call") {
      return stdout.write({ ...mark, type: "call" }, { type: "tool.call", id, name, input });
    }
    const outcome = this.#refused.has(id)
      ? { content: "The person did not allow it.", isError: true }
      : { content, isError };
    return stdout.write({ ...mark, type: "result" }, { type: "tool.result", id, name, ...outcome });
  }

  async #ask(line: OutLine, call: Pick<LiveCall, "id" | "name" | "input">): Promise<void> {
    const { stdout, gates, permission, cancelled } = this.#options;
    const requestId = `ask-${call.id}`;
    const answer = permission?.(requestId) ?? Promise.resolve(true);
    await stdout.write(line, { type: "tool.ask", requestId, ...call });
    const ended = cancelled?.then(() => false);
    const isAllowed = await gates.blocked(
      line.event,
      Promise.race([answer, ...(ended === undefined ? [] : [ended])]),
    );
    if (!isAllowed) this.#refused.add(call.id);
  }

  #callOf({ event, call }: { readonly event: string; readonly call?: number | undefined }): LiveCall {
    const live = this.#conversation.call(call);
    if (live === undefined) throw new Error(`event ${event} speaks of a call that was never made`);
    return live;
  }
}

/** The log's records about a call. The policy's names no call id, as in the real log. */
function callRecord(
  { about }: AgentEvent,
  { id, name, input, content, isError }: LiveCall,
): { type: string; data: Readonly<Record<string, unknown>> } {
  if (about === "policy") {
    return { type: "policy_decision", data: { tool: name, input, decision: "allow" } };
  }
  if (about === "call") return { type: "tool_call", data: { id, tool: name, input } };
  return { type: "tool_result", data: { toolCallId: id, tool: name, content, isError } };
}

/** Tokens of this turn's calls, in script order. */
function stepsOfTurn({ session, turn, tokens }: ScriptMessage): StepTokens[] {
  const prefix = `s${session}t${turn}c`;
  const number = ({ step }: StepTokens) => Number(step.slice(prefix.length));
  return tokens.filter(({ step }) => step.startsWith(prefix)).sort((a, b) => number(a) - number(b));
}
