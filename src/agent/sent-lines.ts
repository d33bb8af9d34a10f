/**
 * What each line of a log adds to the history that a resume sends, for as long as the line's facts are kept.
 *
 * Always: in the order of the file; of a line whose facts were left out (see `keep.ts`) nothing stays, so that a log of
 * any length costs what is kept of it.
 */
import type { ByteRange } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { Fact, Oddity } from "../model/fact.ts";
import { LineList } from "./line-list.ts";
import type { Sent } from "./resume-types.ts";

/** What one line adds. */
export interface SentLine {
  readonly range: ByteRange;
  /** Whatever number the reader gives its lines. */
  readonly line: number;
  readonly sends: readonly Sent[];
}

/** So many branches of one log are listed. */
const forksMax = 20;

/**
 * Branches that were left: lines that are not sent although the line before them is.
 *
 * @param isTaken is the line with this number sent, or on the way of those that are?
 */
export function forksIn(
  lines: readonly SentLine[],
  isTaken: (line: number) => boolean,
  parentOf: (line: number) => number | undefined,
  path: string,
): Oddity[] {
  const branches = lines.filter(({ line }) => {
    const parent = parentOf(line);
    return !isTaken(line) && parent !== undefined && isTaken(parent);
  });
  return branches.slice(0, forksMax).map(({ range, sends }) => {
    const call = sends.find(({ callId }) => callId !== undefined)?.callId;
    const what = call === undefined ? "" : `, with call ${citeValue(call)}`;
    const detail = `A branch of the conversation begins here that was left${what}: a resume does not send it`;
    return { code: "fork", path, range, detail };
  });
}

/** See the head of this module. */
export class SentLines {
  readonly #lines = new LineList<SentLine>();

  /** Each line of which something is left. */
  get lines(): readonly SentLine[] {
    return this.#lines.values;
  }

  /** Lines come in the order of the file. */
  add(range: ByteRange, line: number, sends: readonly Sent[]): void {
    if (sends.length > 0) this.#lines.add(range.fromByte, { range, line, sends });
  }

  /** What stood before is not sent any more. */
  clear(): void {
    this.#lines.clear();
  }

  /** What stands from this byte on is not sent any more. */
  dropFrom(fromByte: number): void {
    for (const { range } of this.lines)
      if (range.fromByte >= fromByte) this.#lines.put(range.fromByte, undefined);
  }

  /** The fact was left out: what its line sends for it goes too. */
  forget({ body, range: { fromByte } }: Fact): void {
    const known = this.#lines.find(fromByte);
    if (known === undefined) return;
    const sends = known.sends.filter((sent) => {
      if (body.kind === "call") return sent.role !== "assistant" || sent.callId !== body.callId;
      if (body.kind === "result") return sent.role !== "tool" || sent.callId !== body.callId;
      return sent.callId !== undefined;
    });
    if (sends.length === known.sends.length) return;
    this.#lines.put(fromByte, sends.length === 0 ? undefined : { ...known, sends });
  }
}
