/**
 * Reads an agent's stdout, as the agent wrote it into its spool, line by line and only once.
 *
 * Always: every byte up to `toByte` was handed out in exactly one line; memory holds one line at most of what was
 * not handed out. A line that is damaged gives up what can be told apart from the damage.
 * Never: it decodes no line beyond text, and says nothing about bytes being those that the agent wrote: only a
 * cover can (see cover.ts).
 */
import type { ByteRange } from "../model/cite.ts";
import type { ReadFile } from "../model/ports.ts";
import { LineSplitter } from "./lines.ts";
import { readChunks, readRecent } from "./read.ts";
import { type SpoolLine, splitLine } from "./spool-line.ts";

export type { SpoolLine } from "./spool-line.ts";

export interface SpoolOptions {
  /** Start here; must be the start of a line. 0 by default. */
  readonly fromByte?: number;
  /** Longer lines are reported as oversized; 8 MiB by default. */
  readonly lineBytesMax?: number;
  /** Bytes that one `next()` reads at most (rounded up to whole pieces); everything there is by default. */
  readonly batchBytesMax?: number;
}

const lineBytesMaxDefault = 8 * 1024 * 1024;
/** Mostly a few lines are new; for less than 4 KiB the runtime has memory at hand. */
const firstPieceBytes = 4_000;
const laterPieceBytes = 256 * 1024;

export interface SpoolBatch {
  readonly lines: SpoolLine[];
  /** End of the last complete line. */
  readonly toByte: number;
  /** Bytes behind it that were read and are no complete line yet. */
  readonly tailBytes: number;
  /** The file may have more: only with `batchBytesMax`. */
  readonly more: boolean;
  /** The bytes of all lines, where they were read in one piece; they begin where the first line does. */
  readonly bytes?: Uint8Array;
}

/**
 * @example
 * const reader = new SpoolReader(file, { fromByte: shownUpTo });
 * const { lines, toByte } = await reader.next();
 */
export class SpoolReader {
  readonly #file: ReadFile;
  readonly #splitter: LineSplitter;
  readonly #batchBytesMax: number;

  constructor(file: ReadFile, options: SpoolOptions = {}) {
    this.#file = file;
    this.#splitter = new LineSplitter(options.fromByte ?? 0, options.lineBytesMax ?? lineBytesMaxDefault);
    this.#batchBytesMax = options.batchBytesMax ?? Number.POSITIVE_INFINITY;
  }

  /** Everything that was written since the last call. Calls are made one after the other. @throws IoError. */
  async next(): Promise<SpoolBatch> {
    const lines: SpoolLine[] = [];
    const isWhole = this.tailRange().fromByte === this.#splitter.end;
    let [pieces, first]: [number, Uint8Array | undefined] = [0, undefined];
    const take = (piece: Uint8Array): void => {
      pieces += 1;
      first ??= piece;
      this.#splitter.push(piece, (line) => lines.push(...splitLine(line)));
    };
    const more = Number.isFinite(this.#batchBytesMax)
      ? await this.#readSome(take)
      : await this.#readAll(take);
    const toByte = this.#splitter.lineEnd;
    const bytes = isWhole && pieces === 1 ? first : undefined;
    return {
      lines,
      toByte,
      tailBytes: this.#splitter.end - toByte,
      more,
      ...(bytes === undefined ? {} : { bytes }),
    };
  }

  /** What is there when it is called: a writer that never rests does not keep it. */
  async #readAll(take: (piece: Uint8Array) => void): Promise<false> {
    const size = await this.#file.size();
    for await (const piece of readChunks(this.#file, this.#splitter.end, size)) take(piece);
    return false;
  }

  /** Without asking for the size first: mostly a few lines are new, and one read finds them and the end. */
  async #readSome(take: (piece: Uint8Array) => void): Promise<boolean> {
    const stop = this.#splitter.end + this.#batchBytesMax;
    let pieceBytes = firstPieceBytes;
    while (this.#splitter.end < stop) {
      const asked = Math.min(pieceBytes, stop - this.#splitter.end);
      const piece = await readRecent(this.#file, this.#splitter.end, this.#splitter.end + asked);
      if (piece.length > 0) take(piece);
      if (piece.length < asked) return false;
      pieceBytes = laterPieceBytes;
    }
    return true;
  }

  /**
   * What stands behind the last newline, of what `next()` has read; empty when nothing does. To be asked for after
   * the agent's end: then it is a torn line, or a whole one without its newline. Only its decoder can tell.
   */
  tail(): SpoolLine[] {
    const tail = this.#splitter.tail();
    return tail === undefined ? [] : [...splitLine(tail)];
  }

  /** Bytes of the tail; empty range when there is none. */
  tailRange(): ByteRange {
    return { fromByte: this.#splitter.lineEnd, toByte: this.#splitter.end };
  }
}

/** The lines of bytes that are at hand, one without its newline at their end too; `fromByte`: where they begin. */
export function spoolLinesIn(bytes: Uint8Array, fromByte: number): SpoolLine[] {
  const splitter = new LineSplitter(fromByte, lineBytesMaxDefault);
  const lines: SpoolLine[] = [];
  splitter.push(bytes, (line) => lines.push(...splitLine(line)));
  const tail = splitter.tail();
  if (tail !== undefined) lines.push(...splitLine(tail));
  return lines;
}
