/**
 * Positions in a session's stream: `epoch.attempt.byteOffset.k`.
 *
 * Always: a position is made of bytes of the record itself, so that a newer decoder, which may find more or
 * fewer events in the same bytes, cannot move a cursor that a client already holds. `byteOffset` is the end of
 * the spool line an event came from; facts of ours stand at the offset after which they were recorded, with
 * `k` from {@link factK} on, so that they follow every event of that line. No position is given twice for two things: what
 * was shown and is lost leaves its place empty.
 * Never: positions of two epochs are not comparable; the epoch changes when the record was replaced.
 */

/** A place in the stream of one session. */
export interface Position {
  /** Life of the session's record; 1 to 32 characters of `[a-z0-9]`. */
  readonly epoch: string;
  /** 1, 2, 3 … within the session; 0 before the first attempt. */
  readonly attempt: number;
  readonly byteOffset: number;
  readonly k: number;
}

/** Facts that we record are numbered from here, behind all events that one line can decode into. */
export const factK = 1_000_000;

/** A hole stands behind all that its last line may have shown, some of which a client may lack: in no event's place. */
export const holeK = factK - 1;

/** Behind everything that stands at a byte: none is larger. */
export const lastK = 999_999_999_999_999;

/** Writes a position as the SSE id. */
export function formatPosition(position: Position): string {
  return `${position.epoch}.${position.attempt}.${position.byteOffset}.${position.k}`;
}

/** Reads an SSE id; undefined for anything that {@link formatPosition} cannot have written. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([a-z0-9]{1,32})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})$/.exec(text);
  if (match === null) return undefined;
  const [, epoch = "", attempt, byteOffset, k] = match;
  return { epoch, attempt: Number(attempt), byteOffset: Number(byteOffset), k: Number(k) };
}

/** Orders two positions of one epoch: negative, zero, positive. */
export function comparePositions(left: Position, right: Position): number {
  return left.attempt - right.attempt || left.byteOffset - right.byteOffset || left.k - right.k;
}
