/**
 * `codex app-server`: JSON-RPC over stdin and stdout, several threads in one process, each turn an attempt of its own.
 *
 * Always: the process ends at once when its stdin closes, as the real one does (0.169.0: exit code 0 within half a
 * second, and the command that was running is ended with it). So it leaves no orphan to a server that was killed.
 */
import { createInterface } from "node:readline";
import type { StdoutPort } from "../machine.ts";
import { randomUuid } from "../machine.ts";
import { processMachine, randomHex } from "../process-machine.ts";
import type { Launched } from "../turn.ts";
import { playTurn } from "../turn.ts";
import { findRollout, Rollout } from "./rollout.ts";
import { SharedStdout } from "./shared-stdout.ts";
import { endEvents, replyEvents, startEvents } from "./steps.ts";
import { appServerSay } from "./wire.ts";

interface Request {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Serves until stdin closes. `home`: the folder that holds `.codex`. */
export function serveCodex(launched: Launched, home: string): void {
  const server = new AppServer(launched, home);
  createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })
    .on("line", (line) => void server.take(JSON.parse(line)))
    .on("close", () => server.end());
}

class AppServer {
  readonly #launched: Launched;
  readonly #home: string;
  readonly #machine = processMachine();
  readonly #stdout = new SharedStdout(this.#machine.stdout);
  readonly #answers = this.#stdout.lane();
  /** Turns that each thread has had, in this process or before. */
  readonly #turns = new Map<string, number>();
  readonly #endings = new Set<() => void>();
  #answered: Promise<void> = Promise.resolve();

  constructor(launched: Launched, home: string) {
    this.#launched = launched;
    this.#home = home;
  }

  async take({ id, method, params = {} }: Request): Promise<void> {
    if (id === undefined) return;
    switch (method) {
      case "initialize":
        return this.#answer({
          id,
          result: { userAgent: "holdfast/0.169.0", codexHome: `${this.#home}/.codex` },
        });
      case "thread/start":
        return this.#thread(id, randomUuid({ randomHex }), 0);
      case "thread/resume": {
        const thread = String(params.threadId);
        if (findRollout(this.#home, thread) !== undefined) return this.#thread(id, thread, 1);
        return this.#refuse(id, `no rollout found for thread id ${thread}`);
      }
      case "turn/start":
        return this.#turn(id, params);
      default:
        return this.#refuse(id, `unsupported request: ${method}`);
    }
  }

  /** The other end has closed our stdin. */
  end(): void {
    for (const end of this.#endings) end();
    process.exit(0);
  }

  async #thread(id: number | string, thread: string, turns: number): Promise<void> {
    this.#turns.set(thread, turns);
    await this.#answer({ id, result: { thread: { id: thread, turns: [], status: { type: "idle" } } } });
  }

  async #turn(id: number | string, params: Readonly<Record<string, unknown>>): Promise<void> {
    const threadId = String(params.threadId);
    const turns = this.#turns.get(threadId);
    if (turns === undefined) return this.#refuse(id, `thread not loaded: ${threadId}`);
    this.#turns.set(threadId, turns + 1);
    const turnId = randomUuid({ randomHex });
    const turn = { id: turnId, items: [], status: "inProgress", error: null };
    const machine = { ...this.#machine, stdout: this.#stdout.lane() };
    const ending = await playTurn({
      ...this.#launched,
      machine,
      cwd: String(params.cwd ?? process.cwd()),
      prompt: promptOf(params.input),
      model: "holdfast/fake",
      served: true,
      ...(turns === 0 ? { newId: threadId } : { resume: threadId, newId: threadId }),
      dialect: { startEvents, replyEvents, endEvents, say: appServerSay(threadId, turnId) },
      storeFor: (session, ledger) => new Rollout(this.#home, session, turnId, ledger, machine),
      onBegun: (cut) => {
        this.#endings.add(cut);
        return this.#answer({ id, result: { turn } });
      },
    });
    this.#endings.delete(ending.cut);
  }

  #refuse(id: number | string, text: string): Promise<void> {
    return this.#answer({ id, error: { code: -32600, message: text } });
  }

  /** One after the other: a lane is for one speaker. */
  #answer(value: object): Promise<void> {
    this.#answered = this.#answered.then(() => writeAll(this.#answers, `${JSON.stringify(value)}\n`));
    return this.#answered;
  }
}

async function writeAll(port: StdoutPort, text: string): Promise<void> {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) bytes = bytes.subarray(await port.write(bytes));
}

function promptOf(input: unknown): string {
  const parts: readonly { readonly type?: string; readonly text?: string }[] = Array.isArray(input)
    ? input
    : [];
  return parts.map(({ type, text = "" }) => (type === "text" ? text : "")).join("\n");
}
