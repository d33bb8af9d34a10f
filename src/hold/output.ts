/**
 * The recorded bytes of one agent's stdout, from a place on, until its end is on record.
 *
 * Always: a byte is given only when its cover is durable; bytes that are no longer those that were covered are left
 * out, and stand as a hole in the history. What ends without a newline was never a line, and is not given.
 * Never: it polls: the recorder wakes it.
 */
import { crc32 } from "../journal/index.ts";
import type { ReadFile } from "../model/ports.ts";
import { attemptFolder, type Context } from "../session/context.ts";
import { fileByteOf, firstUnitEndingAt, noCrc } from "../session/covers.ts";
import type { AttemptState, SessionState } from "../session/state.ts";
import { attemptPaths } from "../supervise/index.ts";

const pieceBytesMax = 256 * 1024;

export class Output {
  readonly #context: Context;
  readonly #session: SessionState;
  readonly #attempt: AttemptState;
  #unit: number;
  #file: ReadFile | undefined;
  #closed = false;
  #wake = () => {};

  /** @param afterByte offset of the stream behind which it begins. */
  constructor(context: Context, session: SessionState, attempt: AttemptState, afterByte: number) {
    this.#context = context;
    this.#session = session;
    this.#attempt = attempt;
    this.#unit = firstUnitEndingAt(attempt.covers, afterByte + 1);
  }

  /** The next bytes; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    while (!this.#closed) {
      const changed = nextChange(this.#context, this.#session.id);
      try {
        const ended = this.#attempt.ended !== undefined;
        const piece = await this.#piece();
        if (piece !== undefined && piece.length > 0) return piece;
        if (piece !== undefined) continue;
        if (ended || this.#closed) {
          await this.close();
          return undefined;
        }
        await Promise.race([changed.happened, new Promise<void>((resolve) => (this.#wake = resolve))]);
      } finally {
        changed.cancel();
      }
    }
    return undefined;
  }

  /** Lets go of the file; a call of {@link next} that waits gives undefined. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** Units that lie together, as bytes; empty where they are a hole, undefined when nothing more is on record. */
  async #piece(): Promise<Uint8Array | undefined> {
    const { covers } = this.#attempt;
    const from = covers.starts[this.#unit];
    if (from === undefined) return undefined;
    this.#file ??= await this.#context.world.files.openRead(this.#path());
    const good: Uint8Array[] = [];
    let bytes = 0;
    while (this.#unit < covers.ends.length && bytes < pieceBytesMax) {
      const unit = await this.#read(this.#unit);
      this.#unit += 1;
      good.push(unit);
      bytes += unit.length;
    }
    return joined(good, bytes);
  }

  async #read(index: number): Promise<Uint8Array> {
    const { covers } = this.#attempt;
    const [start = 0, end = 0] = [covers.starts[index], covers.ends[index]];
    const fileFromByte = fileByteOf(covers, start);
    const bytes = await this.#file?.read(fileFromByte, fileFromByte + end - start);
    const crc = covers.crcs[index] ?? noCrc;
    const isWhole = bytes !== undefined && bytes.length === end - start;
    return isWhole && (crc === noCrc || crc32(bytes) === crc) ? bytes : new Uint8Array();
  }

  #path(): string {
    return attemptPaths(attemptFolder(this.#context, this.#session.id, this.#attempt.attempt)).spool;
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The next record of a session that takes effect; to be asked for before one looks. */
export function nextChange(
  context: Context,
  sessionId: string,
): { readonly happened: Promise<void>; cancel(): void } {
  let stop = () => {};
  const happened = new Promise<void>((resolve) => {
    stop = context.recorder.watch(sessionId, resolve);
  });
  return { happened, cancel: () => stop() };
}
