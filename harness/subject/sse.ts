/**
 * Server-sent events, read as a browser reads them.
 *
 * Always: a frame is given only when its blank line has arrived; what was received before the connection broke
 * is given before the stream ends, because what a client held counts as shown.
 * Never: it never reconnects and never throws because a connection broke: the stream just ends.
 */
import type { IncomingMessage } from "node:http";
import { openRequest } from "./http.ts";

/** One complete frame. */
export interface SseFrame {
  /** The frame's own `id:` field, where it has one. */
  readonly id?: string;
  /** `message` unless the frame says otherwise. */
  readonly event: string;
  readonly data: string;
}

/** Larger than any event the harness lets an agent make; a server that sends more is cut off. */
export const frameCharsMax = 64 * 1024 * 1024;

/** Cuts a byte stream into frames, wherever the chunks' borders fall. */
export class SseParser {
  readonly #decoder = new TextDecoder();
  /** The line that is not complete yet, in the pieces it came in. */
  #pieces: string[] = [];
  #chars = 0;
  #skipLineFeed = false;
  #data: string[] = [];
  #event = "";
  #id: string | undefined;

  /**
   * Takes the next bytes and gives the frames that they complete.
   *
   * @throws Error when a frame grows over {@link frameCharsMax}.
   */
  push(chunk: Uint8Array): SseFrame[] {
    const text = this.#decoder.decode(chunk, { stream: true });
    const frames: SseFrame[] = [];
    const ends = /[\r\n]/g;
    let from = 0;
    if (this.#skipLineFeed && text.length > 0) {
      // The CR that ended the last line was the first half of a CRLF.
      this.#skipLineFeed = false;
      if (text[0] === "\n") from = ends.lastIndex = 1;
    }
    for (let match = ends.exec(text); match !== null; match = ends.exec(text)) {
      this.#piece(text.slice(from, match.index));
      from = match.index + 1;
      if (match[0] === "\r") {
        if (from === text.length) this.#skipLineFeed = true;
        else if (text[from] === "\n") from = ends.lastIndex = from + 1;
      }
      const frame = this.#line();
      if (frame !== undefined) frames.push(frame);
    }
    this.#piece(text.slice(from));
    return frames;
  }

  #piece(text: string): void {
    if (text === "") return;
    this.#chars += text.length;
    if (this.#chars > frameCharsMax)
      throw new Error(`A frame of the event stream is over ${frameCharsMax} characters.`);
    this.#pieces.push(text);
  }

  /** Ends the line that was collected; a blank one ends the frame. */
  #line(): SseFrame | undefined {
    const line = this.#pieces.join("");
    this.#pieces = [];
    if (line === "") return this.#blank();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? "" : line.slice(colon + 1);
    const value = raw.startsWith(" ") ? raw.slice(1) : raw;
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #blank(): SseFrame | undefined {
    const frame =
      this.#data.length === 0
        ? undefined
        : {
            event: this.#event === "" ? "message" : this.#event,
            data: this.#data.join("\n"),
            ...(this.#id === undefined ? {} : { id: this.#id }),
          };
    this.#data = [];
    this.#event = "";
    this.#id = undefined;
    this.#chars = 0;
    return frame;
  }
}

/** How to open an event stream. */
export interface SseOptions {
  /** Sent as `Last-Event-ID`. */
  readonly after?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/**
 * Reads an event stream until its connection ends.
 *
 * The connection is opened by the first `next()`; leaving the loop closes it.
 *
 * @throws Error when the stream cannot be opened: the system's error, or one that names the status.
 */
export async function* readSse(url: string, options: SseOptions = {}): AsyncGenerator<SseFrame, void, void> {
  const response = await openStream(url, options);
  if (response === undefined) return;
  const parser = new SseParser();
  const frames: SseFrame[] = [];
  let ended = false;
  let broken: unknown;
  let wake = (): void => {};
  // Parsed as the bytes come and not as they are asked for: a connection that breaks takes with it what is
  // still in its buffers.
  response.on("data", (chunk: Buffer) => {
    try {
      frames.push(...parser.push(chunk));
    } catch (error) {
      broken = error;
      response.destroy();
    }
    wake();
  });
  for (const event of ["end", "error", "close"]) {
    response.on(event, () => {
      ended = true;
      wake();
    });
  }
  try {
    while (true) {
      for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) yield frame;
      if (broken !== undefined) throw broken;
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    response.destroy();
  }
}

async function openStream(url: string, options: SseOptions): Promise<IncomingMessage | undefined> {
  const headers = {
    accept: "text/event-stream",
    ...(options.after === undefined ? {} : { "last-event-id": options.after }),
    ...options.headers,
  };
  let response: IncomingMessage;
  try {
    response = await openRequest(url, {
      headers,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted === true) return undefined;
    throw error;
  }
  const type = response.headers["content-type"] ?? "no content type";
  if (response.statusCode === 200 && type.startsWith("text/event-stream")) return response;
  response.destroy();
  throw new Error(`${url} was to be an event stream but answered ${response.statusCode} with ${type}.`);
}
