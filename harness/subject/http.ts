/**
 * One HTTP exchange, as a client outside the orchestrator makes it.
 *
 * Always: a connection of its own for every exchange. A pooled one would outlive the server that it was opened
 * to, and the first request after a restart would fail in the client, not in the orchestrator.
 * Never: it never retries, and a status is never an error: what an answer means is the caller's to say.
 */
import { request as httpRequest, type IncomingMessage } from "node:http";

/** Headers and body of one request. */
export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Ends the exchange; the promise then rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

/** A whole answer. */
export interface JsonAnswer {
  readonly status: number;
  /** The body as text, as it came. */
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: unknown;
}

/**
 * An answer that nothing can be made of. From 500 on it is the server that failed, which a run is judged by; "not now"
 * (503) and all below may be the fault of whoever asked.
 *
 * @example
 * if (status !== 200) throw new UnexpectedAnswer(`GET ${path}`, status, text);
 */
export class UnexpectedAnswer extends Error {
  /** Known by its name: a subject's file may have this class from another copy of the package. */
  override readonly name = "UnexpectedAnswer";

  constructor(
    request: string,
    readonly status: number,
    text = "",
  ) {
    super(`${request} answered ${status}${text === "" ? "" : `: ${text.slice(0, 200)}`}`);
  }
}

/** Did the server fail, rather than whoever asked it? */
export function isServerFailure(error: unknown): error is UnexpectedAnswer {
  if (!(error instanceof Error) || error.name !== "UnexpectedAnswer") return false;
  const { status } = error as UnexpectedAnswer;
  return status >= 500 && status !== 503;
}

/** A body that is larger than anything an orchestrator has reason to send; protects the harness, not the subject. */
const bodyBytesMax = 256 * 1024 * 1024;

/**
 * Sends one request and resolves when the headers of its answer are there.
 *
 * @throws the system's error (ECONNREFUSED, ECONNRESET, …) when no answer comes.
 */
export function openRequest(url: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const bytes = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
  const headers = {
    ...(bytes === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(bytes.length) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      method: options.method ?? "GET",
      headers,
      agent: false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    request.on("response", resolve);
    // Stays on after the answer: an error then reaches the reader of the answer as well.
    request.on("error", reject);
    request.end(bytes);
  });
}

/**
 * Sends one request and reads its whole answer.
 *
 * @example
 * const { status, body } = await requestJson(`${url}/api/sessions`, { method: "POST", body: { prompt } });
 * @throws the system's error when the connection is refused or breaks before the answer is complete.
 */
export async function requestJson(url: string, options: RequestOptions = {}): Promise<JsonAnswer> {
  const response = await openRequest(url, options);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    const part: Buffer = chunk;
    bytes += part.length;
    if (bytes > bodyBytesMax) throw new Error(`The answer of ${url} is over ${bodyBytesMax} bytes.`);
    chunks.push(part);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return { status: response.statusCode ?? 0, text, body: parseOrUndefined(text) };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
