/**
 * Lives of the orchestrator in memory, and the wire between them and their clients.
 *
 * Always: the server is the unmodified one, handed ports of memory and a listener of memory. What a life had sent
 * when it ended still reaches its clients; nothing else of it does.
 */
import type { JsonAnswer, RequestOptions } from "../subject/http.ts";
import { type SseFrame, type SseOptions, SseParser } from "../subject/sse.ts";
import type { Computer, MemoryProcess } from "./computer.ts";
import { memoryFiles } from "./files.ts";
import { type HttpPieces, type HttpRequest, type HttpResponse, startServer, type World } from "./ports.ts";
import type { Owner } from "./scheduler.ts";
import type { Wrappers } from "./wrapper.ts";

type Handle = (request: HttpRequest) => Promise<HttpResponse>;

export interface ServerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface ServerPlace {
  readonly home: string;
  readonly agentPath: string;
}

const url = "http://127.0.0.1:4173";

/** One life of the server. */
export class ServerLife {
  readonly process: MemoryProcess;
  /** Resolves when the life is over, however it ended. */
  readonly exited: Promise<ServerEnd>;
  /** What it said to its operator, for a run that cannot be explained. */
  readonly complaints: string[] = [];
  readonly url = url;
  readonly #computer: Computer;
  readonly #broken = new Set<() => void>();
  #handle: Handle | undefined;
  readonly #onOver: () => void;

  constructor(computer: Computer, onOver: () => void) {
    this.#computer = computer;
    this.#onOver = onOver;
    this.process = computer.spawn(undefined);
    this.exited = new Promise((resolve) => {
      this.process.onEnd = (end) => {
        const broken = [...this.#broken];
        this.#broken.clear();
        for (const tell of broken) tell();
        computer.scheduler.push(computer.network, () => resolve(end));
      };
    });
  }

  get isOver(): boolean {
    return this.process.owner.dead;
  }

  /** Resolves when the server answers and has reconciled everything. Never, when its life ends before. */
  async start(place: ServerPlace, wrappers: Wrappers): Promise<void> {
    const computer = this.#computer;
    const { owner } = this.process;
    const world: World = {
      files: memoryFiles(computer.disk, computer.calls, owner, computer),
      processes: computer.processesFor(this.process),
      agents: wrappers.portFor(this.process),
      clock: {
        now: () => computer.nowMs,
        after: (delayMs, callback) => computer.scheduler.after(owner, delayMs, callback),
      },
      ids: { next: () => computer.randomHex(8) },
    };
    const options = {
      home: place.home,
      port: 4173,
      agentCommands: { ada: place.agentPath },
      agentEnv: {},
      spoolBytesMax: 1024 * 1024 * 1024,
      graceMs: 5_000,
      orphanWaitMs: 600_000,
    };
    const listen = async (port: number, handle: Handle) => {
      this.#handle = handle;
      return { port, close: async () => this.#close() };
    };
    const complain = (message: string) => void this.complaints.push(message);
    try {
      const server = await startServer(world, options, listen, complain);
      this.process.onTerm = () => void server.close().then(() => this.#exit(0));
      void server.over.then((reason) => {
        complain(reason);
        this.#exit(1);
      });
      await server.ready;
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
      this.#exit(2);
    }
  }

  /** One exchange; rejects when the life ends before the answer is complete. */
  request(path: string, options: RequestOptions): Promise<JsonAnswer> {
    return new Promise((resolve, reject) => {
      this.#send(path, options, reject, async (response, done) => {
        const text = await textOf(response);
        done(() => resolve(this.#answerOf(path, response.status, text)));
      });
    });
  }

  /** An event stream, read until it ends or its client leaves. */
  async *frames(path: string, options: SseOptions): AsyncGenerator<SseFrame, void, void> {
    const connection = new Connection(this.#computer);
    const headers = {
      accept: "text/event-stream",
      ...(options.after === undefined ? {} : { "last-event-id": options.after }),
    };
    options.signal?.addEventListener("abort", () => connection.leave(), { once: true });
    this.#send(
      path,
      { headers },
      (error) => connection.end(error),
      async (response, done) => {
        if (response.status !== 200 || typeof response.body === "string") {
          done(() => connection.end(new Error(`${path} answered ${response.status}.`)));
          return;
        }
        const broken = () => connection.end();
        this.#broken.add(broken);
        await connection.pump(response.body, this.process.owner);
        this.#broken.delete(broken);
        done(() => connection.end());
      },
    );
    yield* connection.read();
  }

  #send(
    path: string,
    options: RequestOptions,
    fail: (error: Error) => void,
    take: (response: HttpResponse, done: (tell: () => void) => void) => Promise<void>,
  ): void {
    const { scheduler, network } = this.#computer;
    const broken = () => scheduler.push(network, () => fail(new Error("ECONNRESET: the server is gone")));
    const done = (tell: () => void) => {
      // What a dead process would have said was never sent.
      if (this.isOver) return;
      this.#broken.delete(broken);
      scheduler.push(network, tell);
    };
    scheduler.push(network, () => {
      const handle = this.#handle;
      if (this.isOver || handle === undefined) {
        fail(new Error("ECONNREFUSED: no server listens"));
        return;
      }
      this.#broken.add(broken);
      scheduler.push(this.process.owner, () => {
        void handle(requestOf(path, options)).then((response) => take(response, done));
      });
    });
  }

  /** People ask the same again and again: an answer in the same words is read once, and never changed. */
  #answerOf(path: string, status: number, text: string): JsonAnswer {
    const known = this.#computer.answers.get(path);
    if (known?.status === status && known.text === text) return known;
    const answer = { status, text, body: parseOrUndefined(text) };
    this.#computer.answers.set(path, answer);
    return answer;
  }

  #close(): void {
    this.#handle = undefined;
  }

  #exit(code: number): void {
    if (code !== 0) this.#onOver();
    this.#computer.end(this.process, code, null);
  }
}

/** One event stream's wire. */
class Connection {
  readonly #computer: Computer;
  readonly #parser = new SseParser();
  /** Sent and not taken yet; in order. */
  readonly #sent: string[] = [];
  readonly #frames: SseFrame[] = [];
  #pieces: HttpPieces | undefined;
  #ended = false;
  #left = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(computer: Computer) {
    this.#computer = computer;
  }

  /** The server's end: sends as long as there is something, and its life lasts. */
  async pump(pieces: HttpPieces, life: Owner): Promise<void> {
    const { scheduler, network } = this.#computer;
    this.#pieces = pieces;
    if (this.#left) pieces.cancel();
    for (let piece = await pieces.next(); piece !== undefined && !life.dead; piece = await pieces.next()) {
      this.#sent.push(piece);
      scheduler.push(network, () => this.#take());
    }
  }

  /** No more will be sent; what was is still taken. */
  end(error?: Error): void {
    this.#computer.scheduler.push(this.#computer.network, () => {
      while (this.#sent.length > 0) this.#take();
      this.#error = error;
      this.#ended = true;
      this.#wake();
    });
  }

  /** The client closes its end. */
  leave(): void {
    this.#left = true;
    this.#wake();
    this.#pieces?.cancel();
  }

  async *read(): AsyncGenerator<SseFrame, void, void> {
    while (!this.#left) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) yield frame;
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(): void {
    const chunk = this.#sent.shift();
    if (chunk === undefined || this.#left) return;
    this.#frames.push(...this.#parser.push(encoder.encode(chunk)));
    this.#wake();
  }
}

const encoder = new TextEncoder();

function requestOf(target: string, options: RequestOptions): HttpRequest {
  const { method = "GET", headers = {}, body } = options;
  const sent = {
    host: "127.0.0.1:4173",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  return {
    method,
    target,
    headers: new Map(
      Object.entries({ ...sent, ...headers }).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    body: body === undefined ? [] : [encoder.encode(JSON.stringify(body))],
  };
}

async function textOf({ body }: HttpResponse): Promise<string> {
  if (typeof body === "string") return body;
  let text = "";
  for (let piece = await body.next(); piece !== undefined; piece = await body.next()) text += piece;
  return text;
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
