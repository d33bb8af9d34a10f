/**
 * An agent in the shape of node's ChildProcess, so that a host's handlers need not change.
 *
 * Always: `data` of stdout comes after its bytes are on record; `exit` after the end is on record; `close` after the
 * last byte was taken. Where nobody reads stdout it is passed over, as node does.
 * What differs from node: stdin has no end, since it is a FIFO that outlives its writers; the exit code after signal n
 * is 128 + n and `signalCode` stays null, because a shell stands between; both are null when the agent was killed with
 * all that could tell.
 */
import { EventEmitter } from "node:events";
import { Readable, Writable } from "node:stream";
import type { AgentSource } from "../model/agent-source.ts";

const known = { SIGTERM: "SIGTERM", SIGKILL: "SIGKILL", SIGINT: "SIGINT" } as const;

export class AgentChild extends EventEmitter {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The host's id of its session. */
  readonly session: string;
  /** Was alive before this server. */
  readonly adopted: boolean;
  exitCode: number | null = null;
  readonly signalCode = null;
  killed = false;
  readonly #source: AgentSource;
  #over = false;

  constructor(source: AgentSource, of: { readonly session: string; readonly adopted: boolean }) {
    super();
    this.#source = source;
    this.session = of.session;
    this.adopted = of.adopted;
    this.stdout = readable(() => source.output());
    this.stderr = readable(() => source.errors());
    this.stdout.once("close", () => void source.close().catch((thrown: unknown) => this.#fail(thrown)));
    this.stdin = new Writable({
      write: (chunk: Buffer, _, done) => {
        const broken = () => Object.assign(new Error("The agent reads no more."), { code: "EPIPE" });
        source.input(chunk).then((taken) => done(taken ? null : broken()), done);
      },
    });
    // A host that never looks at stdin must not fall over its end, nor over a file that cannot be read any more.
    this.stdin.on("error", () => {});
    for (const stream of [this.stdout, this.stderr])
      stream.on("error", (thrown: unknown) => this.#fail(thrown));
    if (!of.adopted) setImmediate(() => this.emit("spawn"));
    source.ended.then(
      ({ exitCode }) => this.#end(exitCode),
      (thrown: unknown) => this.#fail(thrown),
    );
  }

  /** Of the agent; undefined until it is known. */
  get pid(): number | undefined {
    return this.#source.identity()?.pid;
  }

  /**
   * Signals the agent, by its identity; that the host did so is on record first.
   *
   * @returns false when it has ended; true says only that the signal is on its way.
   */
  kill(signal: NodeJS.Signals = "SIGTERM"): boolean {
    if (this.#over) return false;
    if (!(signal in known))
      throw new TypeError(`An agent can be sent SIGTERM, SIGINT or SIGKILL, not ${signal}.`);
    this.killed = true;
    this.#source.signal(signal as keyof typeof known).catch((thrown: unknown) => this.#fail(thrown));
    return true;
  }

  /** Reads no more of it; it is left alone, and nothing is emitted any more. */
  release(): void {
    this.#over = true;
    this.stdout.destroy();
    this.stderr.destroy();
  }

  #end(exitCode: number | null): void {
    if (this.#over) return;
    this.#over = true;
    this.exitCode = exitCode;
    this.emit("exit", exitCode, null);
    const closed = Promise.all([ended(this.stdout), ended(this.stderr)]);
    for (const stream of [this.stdout, this.stderr]) if (stream.readableFlowing === null) stream.resume();
    void closed.then(() => this.emit("close", exitCode, null));
  }

  #fail(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (this.listenerCount("error") > 0) this.emit("error", error);
  }
}

function readable(next: () => Promise<Uint8Array | undefined>): Readable {
  return new Readable({
    read() {
      next().then(
        (bytes) => this.push(bytes === undefined ? null : bytes),
        (thrown: unknown) => this.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
    },
  });
}

function ended(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
  });
}
