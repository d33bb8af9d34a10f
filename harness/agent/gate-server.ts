/**
 * The harness's end of the fake agents' socket: one server a run.
 *
 * Always: every message is checked against the protocol; one that does not fit ends that agent and is reported.
 * Closing the server ends every agent.
 */
import { createServer, type Server, type Socket } from "node:net";
import { assertSocketPath } from "../launch/socket-path.ts";
import { AgentConnection } from "./agent-connection.ts";
import { AgentMessageSchema } from "./protocol.ts";

export { AgentConnection, type GatePoint, type Hello } from "./agent-connection.ts";

/** A prompt may carry a hand-over; an argument of a process cannot be longer than this anyway. */
const lineCharsMax = 8 * 1024 * 1024;

export class GateServer {
  /** Every agent that has said hello, in that order; those that are gone too. */
  readonly agents: AgentConnection[] = [];
  /** What came over the socket and was no message: each is a defect of the harness or a stranger. */
  readonly problems: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #callbacks: ((agent: AgentConnection) => void)[] = [];

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /**
   * Rejects when the path is too long or taken.
   *
   * @example
   * const gates = new GateServer();
   * gates.onAgent((agent) => agent.sendScript(scriptFor(agent.hello)));
   * await gates.listen("/tmp/run-1/gates.sock");
   */
  async listen(socketPath: string): Promise<void> {
    assertSocketPath(socketPath);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(socketPath, () => resolve());
    });
  }

  /** Calls back for each agent that says hello; the callback answers with `sendScript`, at once or later. */
  onAgent(callback: (agent: AgentConnection) => void): void {
    this.#callbacks.push(callback);
  }

  /** Ends all agents and removes the socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setEncoding("utf8");
    let received = "";
    let agent: AgentConnection | undefined;
    socket.on("data", (text: string) => {
      const lines = (received + text).split("\n");
      received = lines.pop() ?? "";
      for (const line of lines) agent = this.#take(socket, agent, line);
      if (received.length > lineCharsMax)
        this.#refuse(socket, `a line of more than ${lineCharsMax} characters`);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      agent?.ended();
    });
  }

  #take(socket: Socket, agent: AgentConnection | undefined, line: string): AgentConnection | undefined {
    if (socket.destroyed) return agent;
    const message = AgentMessageSchema.safeParse(jsonOf(line));
    if (!message.success) {
      this.#refuse(socket, `no message of an agent: ${line.slice(0, 200)}`);
      return agent;
    }
    if (agent !== undefined) {
      const wrong = agent.take(message.data);
      if (wrong !== undefined) this.#refuse(socket, `agent ${agent.hello.pid}: ${wrong}`);
      return agent;
    }
    if (message.data.kind !== "hello") {
      this.#refuse(socket, `an agent began with ${message.data.kind} instead of hello`);
      return undefined;
    }
    const arrived = new AgentConnection(socket, message.data);
    this.agents.push(arrived);
    for (const callback of this.#callbacks) callback(arrived);
    return arrived;
  }

  #refuse(socket: Socket, problem: string): void {
    this.problems.push(problem);
    socket.destroy();
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
