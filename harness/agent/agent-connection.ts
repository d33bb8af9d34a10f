/**
 * One fake agent, as the harness holds it.
 *
 * Always: an agent is either running (between gates), parked before exactly one event, or gone. What it said
 * before its connection ended has been taken in before `gone` resolves.
 */
import type { AgentMessage, HarnessMessage, ScriptMessage } from "./protocol.ts";

export type Hello = Extract<AgentMessage, { kind: "hello" }>;

/** A gate: `nth` (from 0) of this attempt, before `event`. */
export interface GatePoint {
  readonly nth: number;
  readonly event: string;
}

/** What a connection needs of a socket. */
export interface SocketEnd {
  readonly writable: boolean;
  write(text: string): unknown;
  destroy(): unknown;
}

export class AgentConnection {
  readonly hello: Hello;
  /** Resolves when the connection has ended; for an agent that means: it has exited or is about to. */
  readonly gone: Promise<void>;
  readonly #socket: SocketEnd;
  readonly #passed: GatePoint[] = [];
  readonly #onPassed: ((point: GatePoint) => void)[] = [];
  readonly #onBlocked: ((event: string) => void)[] = [];
  #parked: GatePoint | undefined;
  #isGone = false;
  #cpuMs = 0;
  #waiting: ((point: GatePoint | "gone") => void)[] = [];
  #resolveGone: () => void = () => undefined;

  /** For whoever accepts agents. */
  constructor(socket: SocketEnd, hello: Hello) {
    this.#socket = socket;
    this.hello = hello;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
  }

  /** Where the agent stands, if it is parked. */
  get parked(): GatePoint | undefined {
    return this.#parked;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Processor time that the agent had used when it last said so. */
  get cpuMs(): number {
    return this.#cpuMs;
  }

  /** Free plans and after `runOn`: the events that are done, in the order in which the agent said so. */
  get passed(): readonly GatePoint[] {
    return this.#passed;
  }

  /** Answers the agent's hello; it does nothing before that. */
  sendScript(script: Omit<ScriptMessage, "kind">): void {
    this.#send({ kind: "script", ...script });
  }

  /** The gate the agent stands at, or the next it comes to; "gone" when it ends before. */
  nextPark(): Promise<GatePoint | "gone"> {
    if (this.#parked !== undefined) return Promise.resolve(this.#parked);
    if (this.#isGone) return Promise.resolve("gone");
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Lets the agent pass the gate it stands at. Throws when it is alive and not parked; one that is gone is let be. */
  release(): void {
    if (this.#isGone) return;
    if (this.#parked === undefined) {
      throw new Error(`The agent ${this.hello.pid} is not parked; wait for nextPark() before release().`);
    }
    this.#parked = undefined;
    this.#send({ kind: "release" });
  }

  /** Parked or not: from here on no gate stops the agent. */
  runOn(): void {
    this.#parked = undefined;
    this.#send({ kind: "run-on" });
  }

  /** Calls back for each event passed from now on. */
  onPassed(callback: (point: GatePoint) => void): void {
    this.#onPassed.push(callback);
  }

  /**
   * Calls back when a write to stdout has waited for its reader for a while, with the event it belongs to: such an
   * agent comes to no gate until somebody reads.
   */
  onBlocked(callback: (event: string) => void): void {
    this.#onBlocked.push(callback);
  }

  /** Ends the connection, and so the agent. */
  end(): void {
    this.#socket.destroy();
  }

  /** For `GateServer` alone. Returns what is wrong about a message that makes no sense here. */
  take(message: AgentMessage): string | undefined {
    if (message.kind === "hello") return "it said hello twice";
    if (message.kind === "blocked") for (const callback of this.#onBlocked) callback(message.event);
    if (message.kind === "passed" || message.kind === "park") this.#cpuMs = message.cpuMs ?? this.#cpuMs;
    if (message.kind === "passed") this.#pass({ nth: message.nth, event: message.event });
    if (message.kind === "park") {
      if (this.#parked !== undefined)
        return `it parked at ${message.event} while parked at ${this.#parked.event}`;
      this.#park({ nth: message.nth, event: message.event });
    }
    return undefined;
  }

  /** For `GateServer` alone. */
  ended(): void {
    this.#isGone = true;
    this.#parked = undefined;
    this.#settle("gone");
    this.#resolveGone();
  }

  #pass(point: GatePoint): void {
    this.#passed.push(point);
    for (const callback of this.#onPassed) callback(point);
  }

  #park(point: GatePoint): void {
    this.#parked = point;
    this.#settle(point);
  }

  #settle(point: GatePoint | "gone"): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(point);
  }

  #send(message: HarnessMessage): void {
    if (!this.#isGone && this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}
