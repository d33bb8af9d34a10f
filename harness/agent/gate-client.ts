/**
 * The agent's end of the socket to the harness, and the gates.
 *
 * Always: when the socket closes, `onGone` is called at once, whatever the agent waits for.
 */
import { connect, type Socket } from "node:net";
import type { AgentMessage, HarnessMessage, ScriptMessage } from "./protocol.ts";

export class GateClient {
  readonly #socket: Socket;
  #received = "";
  #leaving = false;
  #runOn = false;
  #onScript: ((script: ScriptMessage) => void) | undefined;
  #onRelease: (() => void) | undefined;

  private constructor(socket: Socket, onGone: () => void) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("error", () => undefined);
    const gone = () => {
      if (!this.#leaving) onGone();
    };
    socket.on("end", gone);
    socket.on("close", gone);
  }

  /** Rejects with the system's error when nobody listens at `socketPath`. */
  static connect(socketPath: string, onGone: () => void): Promise<GateClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(socketPath);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new GateClient(socket, onGone));
      });
    });
  }

  /** True after `run-on`: no gate stops the agent any more. */
  get isRunningOn(): boolean {
    return this.#runOn;
  }

  send(message: AgentMessage): void {
    const isGate = message.kind === "park" || message.kind === "passed";
    this.#socket.write(`${JSON.stringify(isGate ? { ...message, cpuMs: cpuMs() } : message)}\n`);
  }

  hello(message: Omit<Extract<AgentMessage, { kind: "hello" }>, "kind">): Promise<ScriptMessage> {
    return new Promise((resolve) => {
      this.#onScript = resolve;
      this.send({ kind: "hello", ...message });
    });
  }

  /** Says that the agent stands before `event`; resolves when it may pass. */
  park(nth: number, event: string): Promise<void> {
    return new Promise((resolve) => {
      this.#onRelease = resolve;
      this.send({ kind: "park", nth, event });
    });
  }

  /** Closes the socket when everything said has been handed over. */
  leave(): Promise<void> {
    this.#leaving = true;
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.end(() => this.#socket.destroy());
    });
  }

  #read(text: string): void {
    this.#received += text;
    const lines = this.#received.split("\n");
    this.#received = lines.pop() ?? "";
    for (const line of lines) this.#handle(JSON.parse(line));
  }

  #handle(message: HarnessMessage): void {
    if (message.kind === "script") {
      this.#onScript?.(message);
      return;
    }
    if (message.kind === "run-on") this.#runOn = true;
    const release = this.#onRelease;
    this.#onRelease = undefined;
    release?.();
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
