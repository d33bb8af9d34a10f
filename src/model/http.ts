/**
 * One exchange over HTTP in plain types: what `handle(request)` takes and gives.
 *
 * Plain, because Node's Request and Response bring a whole HTTP client with them, which was a third of a server's
 * start, and because a tier that runs thousands of lives in one process pays for every stream object.
 */

/** A client went, or its connection did, in the middle of what it sent: its doing, and nobody is left to be answered. */
export class ClientGone extends Error {
  constructor(options?: ErrorOptions) {
    super("The request broke off before its end.", options);
    this.name = "ClientGone";
  }
}

export interface HttpRequest {
  /** In capitals. */
  readonly method: string;
  /** Path and query as they came, percent-encoded; begins with `/`. */
  readonly target: string;
  /** By name in small letters; what came more than once is joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  /** Read at most once, and only as far as it is asked for; throws {@link ClientGone} where it breaks off. */
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Also in answer to HEAD, which is told its length and not given it: that is the connection's. */
  readonly body: string | HttpPieces;
}

/** A body that is made while its client takes it. */
export interface HttpPieces {
  /** Asked one at a time, when the connection has room; undefined after the last one. */
  next(): Promise<string | undefined>;
  /** Nobody takes more of it; a `next()` under way then gives undefined. */
  cancel(): void;
}
