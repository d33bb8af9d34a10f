/**
 * What each line of a log adds to the history that a resume sends, for as long as the line's facts are kept.
 *
 * Always: in the order of the file; of a line whose facts were left out (see `keep.ts`) nothing stays, so that a log of
 * any length costs what is kept of it.
 */
import type { ByteRange } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { Fact, Oddity } from "../model/fact.ts";
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

/** So many lines of which nothing is left may stand between the others. */
const holesMin = 64;

/**
 * One array that is cleaned in place, and no map: a map's table that grew old would keep alive what was deleted from
 * it, which costs the garbage collector of a long log a third of all time.
 */
export class SentLines {
  readonly #lines: SentLine[] = [];
  #holes = 0;

  /** Each line of which something is left. */
  get lines(): readonly SentLine[] {
    return this.#lines.filter(({ sends }) => sends.length > 0);
  }

  /** Lines come in the order of the file. */
  add(range: ByteRange, line: number, sends: readonly Sent[]): void {
    if (sends.length > 0) this.#lines.push({ range, line, sends });
  }

  /** What stood before is not sent any more. */
  clear(): void {
    this.#lines.length = 0;
    this.#holes = 0;
  }

  /** The fact was left out: what its line sends for it goes too. */
  forget({ body, range: { fromByte } }: Fact): void {
    const at = this.#indexOf(fromByte);
    const known = this.#lines[at];
    if (known === undefined) return;
    const sends = known.sends.filter((sent) => {
      if (body.kind === "call") return sent.role !== "assistant" || sent.callId !== body.callId;
      if (body.kind === "result") return sent.role !== "tool" || sent.callId !== body.callId;
      return sent.callId !== undefined;
    });
    if (sends.length === known.sends.length) return;
    this.#lines[at] = { ...known, sends };
    if (sends.length > 0) return;
    this.#holes += 1;
    if (this.#holes > holesMin && this.#holes * 2 > this.#lines.length) this.#clean();
  }

  #clean(): void {
    let to = 0;
    for (const one of this.#lines) {
      if (one.sends.length === 0) continue;
      this.#lines[to] = one;
      to += 1;
    }
    this.#lines.length = to;
    this.#holes = 0;
  }

  /** -1 when no line begins there. */
  #indexOf(fromByte: number): number {
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lines[middle]?.range.fromByte ?? 0) < fromByte) low = middle + 1;
      else high = middle;
    }
    return this.#lines[low]?.range.fromByte === fromByte ? low : -1;
  }
}
