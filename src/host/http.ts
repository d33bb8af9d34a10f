/**
 * HTTP on this machine: from node's server to `handle(request)` and back.
 *
 * Always: listens on 127.0.0.1 alone; a response body is pulled only as fast as its client takes it; a client that
 * goes away cancels its body.
 * Written by hand because the general adapters load HTTP/2 and more, which is half of a start; see `model/http.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { HoldfastError } from "../model/error.ts";
import { ClientGone, type HttpPieces, type HttpRequest, type HttpResponse } from "../model/http.ts";
import { errorCode } from "./io.ts";

export interface HttpListener {
  readonly port: number;
  /** Takes no more connections; what is being answered may finish for `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** @throws HoldfastError `port-in-use` when the port cannot be had. */
export function listenHttp(
  port: number,
  handle: (request: HttpRequest) => Promise<HttpResponse>,
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
  server.on("connection", (socket) => {
    socket.once("close", () => {
      // Node tells it to the answer whose turn it is, and not to those behind it on the same connection.
      for (const one of answering) if (one.req.socket === socket) one.emit("close");
    });
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
  handle: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<void> {
  const request = toRequest(incoming);
  if (request === undefined) {
    outgoing.writeHead(400, { "content-type": "application/json", connection: "close" });
    outgoing.end(
      '{"error":{"code":"bad-request","message":"The address of this request is not a path on this server."}}\n',
    );
    return;
  }
  const { status, headers, body } = await handle(request);
  if (typeof body === "string") {
    outgoing.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    // Node leaves it out of the answer to HEAD.
    outgoing.end(body);
  } else {
    outgoing.writeHead(status, headers);
    if (request.method === "HEAD") body.cancel();
    await pump(body, outgoing);
  }
  // What is left of a request body that nobody read must not hold the connection.
  incoming.resume();
}

/** undefined when its target is not a path on this server. */
function toRequest(incoming: IncomingMessage): HttpRequest | undefined {
  const { rawHeaders, method = "GET", url = "" } = incoming;
  if (!url.startsWith("/")) return undefined;
  const headers = new Map<string, string>();
  // By hand: Node keeps the first of two Host headers, and a client must not pass under one of two names.
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name, value] = [(rawHeaders[index] ?? "").toLowerCase(), rawHeaders[index + 1] ?? ""];
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { method, target: url, headers, body: bodyOf(incoming) };
}

async function* bodyOf(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    // Left early, it must not take the connection with it: the answer is still to come.
    yield* incoming.iterator({ destroyOnReturn: false });
  } catch (thrown) {
    throw new ClientGone({ cause: thrown });
  }
}

/** Writes a body as its client takes it. */
async function pump(pieces: HttpPieces, outgoing: ServerResponse): Promise<void> {
  outgoing.once("close", () => pieces.cancel());
  // It may have gone while the answer was made.
  if (outgoing.closed || outgoing.req.socket.destroyed) pieces.cancel();
  outgoing.flushHeaders();
  for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
    if (!writeNow(outgoing, piece)) await drained(outgoing);
  }
  outgoing.end();
}

/** Node alone hands a piece to the system when everything that follows at once is done, the look for the next piece too. */
function writeNow(outgoing: ServerResponse, piece: string): boolean {
  const { socket } = outgoing;
  socket?.cork();
  const hasRoom = outgoing.write(piece);
  socket?.uncork();
  return hasRoom;
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
