/**
 * HTTP on this machine: from node's server to `handle(request)` and back.
 *
 * Always: listens on 127.0.0.1 alone; a response body is pulled only as fast as its client takes it; a client that
 * goes away cancels its body.
 * Written by hand because the general adapters load HTTP/2 and more, which is half of a start.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { HoldfastError } from "../model/error.ts";
import { errorCode } from "./io.ts";

export interface HttpListener {
  readonly port: number;
  /** Takes no more connections; what is being answered may finish for `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** @throws HoldfastError `port-in-use` when the port cannot be had. */
export function listenHttp(
  port: number,
  handle: (request: Request) => Promise<Response>,
): Promise<HttpListener> {
  const answering = new Set<ServerResponse>();
  let onQuiet = () => {};
  const server = createServer((incoming, outgoing) => {
    answering.add(outgoing);
    const done = () => {
      answering.delete(outgoing);
      if (answering.size === 0) onQuiet();
    };
    // "finish": the last byte is the system's; "close": the client went first.
    outgoing.once("finish", done);
    outgoing.once("close", done);
    answer(incoming, outgoing, handle).catch(() => outgoing.destroy());
  });
  const quiet = (graceMs: number) =>
    new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, graceMs);
      onQuiet = () => {
        clearTimeout(limit);
        resolve();
      };
      if (answering.size === 0) onQuiet();
    });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(port, error)));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        close: async (graceMs) => {
          const closed = new Promise<void>((tell) => server.close(() => tell()));
          await quiet(graceMs);
          // Clients keep connections open that they do not use.
          server.closeAllConnections();
          await closed;
        },
      });
    });
  });
}

function cannotListen(port: number, error: Error): HoldfastError {
  const message =
    errorCode(error) === "EADDRINUSE"
      ? `Port ${port} on 127.0.0.1 is in use. Stop the program that has it, or choose another with --port.`
      : `The server cannot listen on 127.0.0.1:${port}: ${error.message}.`;
  return new HoldfastError("port-in-use", message, { cause: error });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: Request) => Promise<Response>,
): Promise<void> {
  const request = toRequest(incoming);
  if (request === undefined) {
    outgoing.writeHead(400, { "content-type": "application/json", connection: "close" });
    outgoing.end(
      '{"error":{"code":"bad-request","message":"The address or a header of this request cannot be read."}}\n',
    );
    return;
  }
  const response = await handle(request);
  outgoing.writeHead(response.status, [...response.headers].flat());
  if (response.body === null) outgoing.end();
  else await pump(response.body, outgoing);
  // What is left of a request body that nobody read must not hold the connection.
  incoming.resume();
}

function toRequest(incoming: IncomingMessage): Request | undefined {
  const headers = new Headers();
  const { rawHeaders, method = "GET" } = incoming;
  try {
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "");
    }
    const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "127.0.0.1"}`);
    if (method === "GET" || method === "HEAD") return new Request(url, { method, headers });
    return new Request(url, { method, headers, body: bodyOf(incoming), duplex: "half" } as RequestInit);
  } catch {
    return undefined;
  }
}

/** The request's body, read only as it is asked for. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(new Uint8Array(next.value as Buffer));
      },
      cancel: () => void incoming.resume(),
    },
    { highWaterMark: 0 },
  );
}

/** Writes a body as its client takes it. */
async function pump(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  outgoing.once("close", () => void reader.cancel().catch(() => undefined));
  outgoing.flushHeaders();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (!outgoing.write(next.value)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.once("drain", done);
    outgoing.once("close", done);
  });
}
