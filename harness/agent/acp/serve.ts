/**
 * An agent that speaks ACP: JSON-RPC over stdin and stdout, sessions in one process, each prompt an attempt of its own.
 *
 * Always: one turn of a session at a time; a permission is waited for before its call is made, however long that takes.
 * When its stdin is closed the process ends; a turn's end is not its end.
 */
import { createInterface } from "node:readline";
import { SharedStdout } from "../codex/shared-stdout.ts";
import { randomUuid, type StdoutPort } from "../machine.ts";
import { processMachine, randomHex } from "../process-machine.ts";
import { type Launched, playTurn } from "../turn.ts";
import { endEvents, replyEvents, startEvents } from "./steps.ts";
import { Transcript } from "./transcript.ts";
import { allowOption, answerOf, type RequestId, refusalOf, textUpdate, turnSay, updateOf } from "./wire.ts";

const protocolVersion = 1;
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

interface Message {
  readonly id?: RequestId;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: { readonly outcome?: { readonly optionId?: string } };
}

interface Session {
  readonly cwd: string;
  /** It was loaded: its model is sent what it did before. */
  readonly isLoaded: boolean;
  turns: number;
  /** Of the turn under way. */
  cancel?: () => void;
}

/** Serves until stdin closes. `home`: the folder that holds the agent's own store. */
export function serveAcp(launched: Launched, home: string): void {
  const server = new AcpAgent(launched, home);
  createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
    .on("line", (line) => void server.take(JSON.parse(line)))
    .on("close", () => server.end());
}

class AcpAgent {
  readonly #launched: Launched;
  readonly #home: string;
  readonly #machine = processMachine();
  readonly #stdout = new SharedStdout(this.#machine.stdout);
  readonly #answers = this.#stdout.lane();
  readonly #sessions = new Map<string, Session>();
  /** Permissions that are waited for. */
  readonly #asks = new Map<RequestId, (isAllowed: boolean) => void>();
  readonly #endings = new Set<() => void>();
  #said: Promise<void> = Promise.resolve();

  constructor(launched: Launched, home: string) {
    this.#launched = launched;
    this.#home = home;
  }

  async take({ id, method, params = {}, result }: Message): Promise<void> {
    const sessionId = String(params.sessionId);
    if (method === "session/cancel") return this.#sessions.get(sessionId)?.cancel?.();
    if (id === undefined) return;
    if (method === undefined) {
      this.#asks.get(id)?.(result?.outcome?.optionId === allowOption.optionId);
      this.#asks.delete(id);
      return;
    }
    switch (method) {
      case "initialize":
        return this.#say(answerOf(id, { protocolVersion, agentCapabilities: { loadSession: true } }));
      case "session/new": {
        const made = randomUuid({ randomHex });
        this.#sessions.set(made, { cwd: String(params.cwd), isLoaded: false, turns: 0 });
        return this.#say(answerOf(id, { sessionId: made }));
      }
      case "session/load":
        return this.#load(id, sessionId, String(params.cwd));
      case "session/prompt":
        return this.#prompt(id, sessionId, params.prompt);
      default:
        return this.#say(refusalOf(id, -32601, `no such method: ${method}`));
    }
  }

  /** The other end has closed our stdin. */
  end(): void {
    for (const end of this.#endings) end();
    process.exit(0);
  }

  /** All of it is told again before it is answered. */
  async #load(id: RequestId, sessionId: string, cwd: string): Promise<void> {
    const updates = idPattern.test(sessionId) ? this.#transcriptOf(sessionId).updates() : undefined;
    if (updates === undefined) return this.#say(refusalOf(id, -32002, `no such session: ${sessionId}`));
    this.#sessions.set(sessionId, { cwd, isLoaded: true, turns: 0 });
    return this.#say(...updates.map((update) => updateOf(sessionId, update)), answerOf(id, {}));
  }

  async #prompt(id: RequestId, sessionId: string, blocks: unknown): Promise<void> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return this.#say(refusalOf(id, -32002, `no such session: ${sessionId}`));
    if (session.cancel !== undefined)
      return this.#say(refusalOf(id, -32600, "a prompt of this session is under way"));
    const prompt = promptOf(blocks);
    const transcript = this.#transcriptOf(sessionId);
    const goesOn = session.isLoaded || session.turns > 0;
    session.turns += 1;
    const cancelled = new Promise<void>((resolve) => (session.cancel = resolve));
    const machine = { ...this.#machine, stdout: this.#stdout.lane() };
    const say = turnSay(sessionId, id);
    const { cut, code } = await playTurn({
      ...this.#launched,
      machine,
      cwd: session.cwd,
      prompt,
      model: "holdfast/fake",
      saidBytes: this.#stdout.bytes,
      newId: sessionId,
      ...(goesOn ? { resume: sessionId } : {}),
      dialect: {
        startEvents,
        replyEvents,
        endEvents,
        say: (line) => {
          const messages = say(line);
          for (const message of messages) keep(transcript, message);
          return messages;
        },
      },
      storeFor: () => transcript,
      onBegun: async (end) => {
        this.#endings.add(end);
        transcript.add(textUpdate("user_message_chunk", prompt));
      },
      permission: (requestId) => new Promise((resolve) => this.#asks.set(requestId, resolve)),
      cancelled,
    });
    this.#endings.delete(cut);
    delete session.cancel;
    if (code !== 0) await this.#say(answerOf(id, { stopReason: "cancelled" }));
  }

  #transcriptOf(sessionId: string): Transcript {
    return new Transcript(this.#home, sessionId, this.#machine);
  }

  /** One after the other: a lane is for one speaker. */
  #say(...messages: readonly object[]): Promise<void> {
    const text = messages.map((message) => `${JSON.stringify(message)}\n`).join("");
    this.#said = this.#said.then(() => writeAll(this.#answers, text));
    return this.#said;
  }
}

function keep(transcript: Transcript, message: object): void {
  if ("params" in message && typeof message.params === "object" && message.params !== null)
    if ("update" in message.params) transcript.add(message.params.update as object);
}

async function writeAll(port: StdoutPort, text: string): Promise<void> {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) bytes = bytes.subarray(await port.write(bytes));
}

function promptOf(blocks: unknown): string {
  const parts: readonly { readonly type?: string; readonly text?: string }[] = Array.isArray(blocks)
    ? blocks
    : [];
  return parts.map(({ type, text = "" }) => (type === "text" ? text : "")).join("\n");
}
