/**
 * What each line of a log adds to the history that a resume sends, for as long as the line's facts are kept.
 *
 * Always: in the order of the file; of a line whose facts were left out (see `keep.ts`) nothing stays, so that a log of
 * any length costs what is kept of it.
 */
import type { Fact } from "../model/fact.ts";
import type { Sent } from "./resume-types.ts";

/** What one line adds. */
export interface SentLine {
  /** Whatever number the reader gives its lines. */
  readonly line: number;
  readonly sends: readonly Sent[];
}

export class SentLines {
  readonly #lines = new Map<number, SentLine>();

  /** Each line of which something is left. */
  get lines(): readonly SentLine[] {
    return [...this.#lines.values()];
  }

  add(fromByte: number, line: number, sends: readonly Sent[]): void {
    if (sends.length > 0) this.#lines.set(fromByte, { line, sends });
  }

  /** What stood before is not sent any more. */
  clear(): void {
    this.#lines.clear();
  }

  /** The fact was left out: what its line sends for it goes too. */
  forget({ body, range: { fromByte } }: Fact): void {
    const known = this.#lines.get(fromByte);
    if (known === undefined) return;
    const sends = known.sends.filter((sent) => {
      if (body.kind === "call") return sent.role !== "assistant" || sent.callId !== body.callId;
      if (body.kind === "result") return sent.role !== "tool" || sent.callId !== body.callId;
      return sent.callId !== undefined;
    });
    if (sends.length === 0) this.#lines.delete(fromByte);
    else if (sends.length < known.sends.length) this.#lines.set(fromByte, { ...known, sends });
  }
}
