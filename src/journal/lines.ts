/**
 * Splits bytes into lines, for files that are read in pieces.
 *
 * Always: every byte pushed belongs to exactly one line or to the tail, by its offset in the file; what is held
 * is never more than `lineBytesMax` plus the piece pushed.
 * Never: it does not decode and does not copy a line that lies within one piece.
 */

/** One line of a file. */
export interface RawLine {
  readonly fromByte: number;
  /** Behind the newline where there is one. */
  readonly toByte: number;
  readonly newline: boolean;
  /** Without the newline. Of an oversized line only its head is kept. */
  readonly bytes: Uint8Array;
  readonly oversized: boolean;
}

/** Of an oversized line so many bytes are kept, for people. */
const headBytesMax = 256;

const newlineByte = 0x0a;

export class LineSplitter {
  readonly #lineBytesMax: number;
  /** Offset of the first byte that is not in a line yet. */
  #fromByte: number;
  /** Offset behind the last byte pushed. */
  #toByte: number;
  #pieces: Uint8Array[] = [];
  #heldBytes = 0;
  #oversized = false;

  constructor(fromByte: number, lineBytesMax: number) {
    this.#fromByte = fromByte;
    this.#toByte = fromByte;
    this.#lineBytesMax = lineBytesMax;
  }

  /** End of the last complete line. */
  get lineEnd(): number {
    return this.#fromByte;
  }

  /** End of everything pushed so far. */
  get end(): number {
    return this.#toByte;
  }

  /** Takes the bytes that follow in the file; calls back for every line that they complete. */
  push(chunk: Uint8Array, onLine: (line: RawLine) => void): void {
    const base = this.#toByte;
    let at = 0;
    for (;;) {
      const stop = chunk.indexOf(newlineByte, at);
      if (stop === -1) break;
      const toByte = base + stop + 1;
      this.#toByte = toByte;
      const line = this.#take(chunk.subarray(at, stop), true);
      this.#fromByte = toByte;
      onLine(line);
      at = stop + 1;
    }
    this.#toByte = base + chunk.length;
    if (at < chunk.length) this.#keep(chunk.subarray(at));
  }

  /** The bytes behind the last newline, as a line without one; undefined when there are none. Changes nothing. */
  tail(): RawLine | undefined {
    if (this.#fromByte === this.#toByte) return undefined;
    return this.#line(this.#joined(), false, this.#oversized);
  }

  #take(last: Uint8Array, newline: boolean): RawLine {
    const simple = this.#pieces.length === 0 && !this.#oversized;
    if (!simple) this.#keep(last);
    const bytes = simple ? last : this.#joined();
    const oversized = this.#oversized || bytes.length > this.#lineBytesMax;
    this.#pieces = [];
    this.#heldBytes = 0;
    this.#oversized = false;
    return this.#line(bytes, newline, oversized);
  }

  #line(bytes: Uint8Array, newline: boolean, oversized: boolean): RawLine {
    return {
      fromByte: this.#fromByte,
      toByte: this.#toByte,
      newline,
      bytes: oversized ? bytes.slice(0, headBytesMax) : bytes,
      oversized,
    };
  }

  /** A copy is kept: the caller may use its buffer again. */
  #keep(piece: Uint8Array): void {
    const bytesMax = this.#oversized ? headBytesMax - this.#heldBytes : Number.POSITIVE_INFINITY;
    const kept = piece.slice(0, Math.max(0, bytesMax));
    if (kept.length === 0) return;
    this.#pieces.push(kept);
    this.#heldBytes += kept.length;
    if (this.#oversized || this.#heldBytes <= this.#lineBytesMax) return;
    this.#oversized = true;
    this.#pieces = [this.#joined().slice(0, headBytesMax)];
    this.#heldBytes = Math.min(this.#heldBytes, headBytesMax);
  }

  #joined(): Uint8Array {
    const [only] = this.#pieces;
    if (only !== undefined && this.#pieces.length === 1) return only;
    const whole = new Uint8Array(this.#heldBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.#pieces = whole.length === 0 ? [] : [whole];
    return whole;
  }
}
