/**
 * One forged agent process: each act writes its ledger, its files and what is shown, so that they agree.
 *
 * Always: calls are numbered from 0 as the steps are.
 */
import { resultContent } from "../../harness/agent/result.ts";
import type { CutFile } from "../../harness/history.ts";
import type { Knows, LedgerEntry, StepTokens } from "../../harness/ledger.ts";
import type { Call } from "../../harness/plan/plan.ts";
import type { ObservedCall, Shown } from "../../harness/subject/contract.ts";
import type { Forge, Mutable } from "./forge.ts";

type Unstamped = LedgerEntry extends infer E ? (E extends unknown ? Omit<E, "t"> : never) : never;

/** One agent process; calls are numbered from 0 as the steps are. */
export class ForgedAgent {
  readonly nonce: string;
  readonly attempt: number;
  isAlive = true;
  isEnded = false;
  private readonly ledger: LedgerEntry[] = [];
  private out = 0;
  private unlogged: number[] = [];

  constructor(
    readonly forge: Forge,
    readonly session: number,
    prompt: string,
  ) {
    const of = forge.of(session);
    this.attempt = of.attempts.length + 1;
    this.nonce = `n${session}${this.attempt}`;
    of.attempts.push(this);
    forge.ledgers.push(this.ledger);
    const resumed = this.attempt > 1;
    const stdout = forge.options.pipe === true ? "pipe" : "file";
    this.add({
      kind: "start",
      nonce: this.nonce,
      pid: 9,
      startTime: "1",
      session,
      attempt: this.attempt,
      turn: 0,
      agentSessionId: `ada-${session}`,
      resumed,
      argv: [],
      stdout,
    });
    forge.add({ kind: "agent-hello", session, attempt: this.attempt, pid: 9, nonce: this.nonce });
    if (!resumed) this.writeSnapshot();
    of.prompts += 1;
    this.log("user_message", { text: prompt }, `prompt/${of.prompts}/${prompt}`);
    this.say("start", "start/out", { type: "run.started", sessionId: `ada-${session}` });
    this.add({ kind: "model-input", prompt, messages: [], knows: this.knows() });
  }

  idOf(step: number): string {
    return `call_${this.session}${this.attempt}${step}`;
  }

  numberOf(id: string): number | undefined {
    const step = Number(id.slice(`call_${this.session}${this.attempt}`.length));
    return this.idOf(step) === id ? step : undefined;
  }

  /** Does everything that is left of the script. */
  work(): void {
    const knows = this.knows();
    for (const step of this.steps().keys()) {
      const tokens = this.tokens(step);
      if (this.isMade(step)) continue;
      if (this.attempt > 1 && knows[tokens.step] === "known") {
        this.add({ kind: "skip", step: tokens.step, why: "known" });
        continue;
      }
      if (
        this.attempt > 1 &&
        knows[tokens.step] === "told-unknown" &&
        this.forge.effects.includes(tokens.effectToken)
      ) {
        this.add({ kind: "skip", step: tokens.step, why: "looked-and-found" });
        continue;
      }
      this.callOut(step).callLog(step).effect(step).resultLog(step).resultOut(step);
    }
    this.finalLog().end().exit();
  }

  private isMade(step: number): boolean {
    return this.forge.of(this.session).calls.has(this.idOf(step));
  }

  reply(step: number): this {
    this.logLate();
    this.log("assistant_response", {
      stopReason: "tool_use",
      content: [{ type: "tool_use", id: this.idOf(step), name: "run_command", input: this.input(step) }],
    });
    return this;
  }

  callOut(step: number): this {
    this.reply(step);
    const of = this.forge.of(this.session);
    of.calls.set(this.idOf(step), this.observed(step, "running"));
    const id = this.idOf(step);
    this.say(
      "call",
      `call:${step + 1}/out`,
      { type: "tool.call", id, name: "run_command", input: this.input(step) },
      step,
    );
    return this;
  }

  callLog(step: number): this {
    const id = this.idOf(step);
    this.log("tool_call", { id, tool: "run_command", input: this.input(step) }, `call/${id}`, step);
    return this;
  }

  effect(step: number): this {
    const entry = { kind: "effect" as const, step: this.tokens(step).step, callId: this.idOf(step) };
    this.add({ ...entry, phase: "begin" });
    this.forge.effects += `${this.tokens(step).effectToken}\n`;
    this.add({ ...entry, phase: "done" });
    return this;
  }

  resultLog(step: number): this {
    if (this.forge.options.storeLag === "log-behind") this.unlogged.push(step);
    else this.logResult(step);
    return this;
  }

  private logResult(step: number): void {
    const id = this.idOf(step);
    const content = this.content(step).slice(0, 2000);
    this.log(
      "tool_result",
      { toolCallId: id, tool: "run_command", content, isError: this.isError(step) },
      `result/${id}`,
      step,
    );
  }

  private logLate(): void {
    for (const step of this.unlogged) this.logResult(step);
    this.unlogged = [];
  }

  resultOut(step: number): this {
    const id = this.idOf(step);
    this.say(
      "result",
      `result:${step + 1}/out`,
      {
        type: "tool.result",
        id,
        name: "run_command",
        content: this.content(step),
        isError: this.isError(step),
      },
      step,
    );
    this.forge
      .of(this.session)
      .calls.set(id, { ...this.observed(step, this.doneState(step)), result: this.content(step) });
    return this;
  }

  /** Call, effect and result of one step, whole. */
  whole(step: number): this {
    return this.callOut(step).callLog(step).effect(step).resultLog(step).resultOut(step);
  }

  finalLog(): this {
    this.logLate();
    this.log(
      "assistant_response",
      { stopReason: "end_turn", content: [{ type: "text", text: "All done." }] },
      `final/${this.nonce}`,
    );
    return this;
  }

  end(): this {
    this.say("text", "final/out", { type: "assistant.text", text: "All done." });
    const of = this.forge.of(this.session);
    for (const word of of.log) of.snapshot.add(word);
    this.writeSnapshot();
    this.say("end", "end/out", { type: "run.completed" });
    this.isEnded = true;
    return this;
  }

  exit(): void {
    this.add({ kind: "exit", code: 0, why: "end" });
    this.gone();
  }

  kill(): void {
    this.gone();
  }

  private gone(): void {
    this.isAlive = false;
    this.forge.add({ kind: "agent-exit", session: this.session, attempt: this.attempt });
  }

  content(step: number): string {
    const planned = this.steps()[step];
    if (planned === undefined) throw new Error(`no step ${step}`);
    return resultContent(planned, this.tokens(step));
  }

  observed(step: number, state: ObservedCall["state"]): Mutable<ObservedCall> {
    return { id: this.idOf(step), name: "run_command", input: this.input(step), state };
  }

  doneState(step: number): "done" | "failed" {
    return this.isError(step) ? "failed" : "done";
  }

  private isError(step: number): boolean {
    return this.steps()[step]?.outcome === "fail";
  }

  private input(step: number): { command: string } {
    return { command: `step ${this.tokens(step).callToken}` };
  }

  private steps(): readonly Call[] {
    return (
      this.forge.plan.sessions[this.session]?.turns[0]?.script.replies.flatMap(({ calls }) => calls) ?? []
    );
  }

  private tokens(step: number): StepTokens {
    const found = this.forge.tokens.find((tokens) => tokens.step === `s${this.session}t0c${step}`);
    if (found === undefined) throw new Error(`no tokens of step ${step}`);
    return found;
  }

  private knows(): Record<string, Knows> {
    const of = this.forge.of(this.session);
    const has = (type: string, step: number) =>
      of.attempts.some(
        (agent) =>
          agent.attempt < this.attempt &&
          (of.held.has(`${type}/${agent.idOf(step)}`) || of.log.has(`${type}/${agent.idOf(step)}`)),
      );
    const word = (step: number): Knows =>
      has("result", step) ? "known" : has("call", step) ? "told-unknown" : "nothing";
    return Object.fromEntries([...this.steps().keys()].map((step) => [this.tokens(step).step, word(step)]));
  }

  private add(entry: Unstamped): void {
    this.ledger.push({ t: this.forge.t(), ...entry } as LedgerEntry);
  }

  private append(path: string, role: CutFile["role"], text: string): number {
    const file = this.forge.files.get(path) ?? { role, session: this.session, text: "" };
    const from = Buffer.byteLength(file.text);
    this.forge.files.set(path, { ...file, text: file.text + text });
    return from;
  }

  private log(type: string, data: object, word?: string, step?: number): void {
    const path = `/w/.coding-agent/events/ada-${this.session}.jsonl`;
    const line = `${JSON.stringify({ id: "e", sessionId: `ada-${this.session}`, timestamp: "2026-01-01T00:00:00Z", type, data })}\n`;
    const fromByte = Buffer.byteLength(this.forge.files.get(path)?.text ?? "");
    const toByte = fromByte + Buffer.byteLength(line);
    const mark = step === undefined ? {} : { step: this.tokens(step).step, callId: this.idOf(step) };
    const entry = {
      kind: "store" as const,
      event: `${type}/log`,
      role: "log" as const,
      type,
      ...mark,
      path,
      fromByte,
      toByte,
    };
    this.add({ ...entry, phase: "begin" });
    this.append(path, "agent-log", line);
    this.add({ ...entry, phase: "done" });
    if (word !== undefined) this.forge.of(this.session).log.add(word);
  }

  writeSnapshot(): void {
    const path = `/w/.coding-agent/sessions/ada-${this.session}.json`;
    const messages = [...this.forge.of(this.session).snapshot].map((word) => this.message(word));
    this.forge.files.set(path, {
      role: "agent-snapshot",
      session: this.session,
      text: JSON.stringify({ id: "ada", messages }),
    });
    // A repair by the orchestrator is no act of the agent.
    if (!this.isAlive) return;
    this.add({
      kind: "store",
      event: "snapshot/write",
      role: "snapshot",
      type: "snapshot",
      path,
      fromByte: 0,
      toByte: 1,
      phase: "done",
    });
  }

  private message(word: string): object {
    const [type, id = "", text = ""] = word.split("/");
    if (type === "prompt") return { role: "user", content: text };
    if (type === "final") return { role: "assistant", content: [{ type: "text", text: "All done." }] };
    if (type === "result")
      return {
        role: "user",
        content: [{ type: "tool_result", toolUseId: id, content: "whole", isError: false }],
      };
    return { role: "assistant", content: [{ type: "tool_use", id, name: "run_command", input: {} }] };
  }

  private say(
    type: "start" | "text" | "call" | "result" | "end",
    event: string,
    line: object,
    step?: number,
  ): void {
    const text = `${JSON.stringify(line)}\n`;
    const fromByte = this.out;
    const toByte = fromByte + Buffer.byteLength(text);
    this.out = toByte;
    const mark = step === undefined ? {} : { step: this.tokens(step).step, callId: this.idOf(step) };
    const entry = { kind: "out" as const, event, type, ...mark, fromByte, toByte };
    this.add({ ...entry, phase: "begin" });
    const isPipe = this.forge.options.pipe === true;
    if (!isPipe) this.append(`/o/spool-${this.session}-${this.attempt}`, "spool", text);
    this.add({ ...entry, phase: isPipe && !this.forge.isServerUp ? "failed" : "done" });
    if (isPipe && !this.forge.isServerUp) return;
    const of = this.forge.of(this.session);
    if (step !== undefined) of.held.add(`${type}/${this.idOf(step)}`);
    if (type === "start") return;
    const shown = this.shown(type, line, `1.${this.attempt}.${toByte}.0`);
    of.history.push(shown);
    if (this.forge.isServerUp) this.forge.show(this.session);
  }

  private shown(type: "text" | "call" | "result" | "end", line: object, cursor: string): Shown {
    const { id, name, input, content, text, isError } = line as Record<string, unknown>;
    const words = content ?? text;
    return {
      cursor,
      type,
      ...(typeof id === "string" ? { callId: id } : {}),
      ...(typeof name === "string" ? { name } : {}),
      ...(input === undefined ? {} : { input }),
      ...(typeof words === "string" ? { text: words } : {}),
      ...(typeof isError === "boolean" ? { isError } : {}),
    };
  }
}
