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
import { readChunks } from "./read.ts";
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

export interface SpoolBatch {
  readonly lines: SpoolLine[];
  /** End of the last complete line. */
  readonly toByte: number;
  /** Bytes behind it that were read and are no complete line yet. */
  readonly tailBytes: number;
  /** The file had more when it was looked at: only with `batchBytesMax`. */
  readonly more: boolean;
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
    const size = await this.#file.size();
    const lines: SpoolLine[] = [];
    const stop = Math.min(size, this.#splitter.end + this.#batchBytesMax);
    for await (const chunk of readChunks(this.#file, this.#splitter.end, stop)) {
      this.#splitter.push(chunk, (line) => lines.push(...splitLine(line)));
    }
    const toByte = this.#splitter.lineEnd;
    return { lines, toByte, tailBytes: this.#splitter.end - toByte, more: this.#splitter.end < size };
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
