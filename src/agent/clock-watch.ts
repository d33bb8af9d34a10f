/**
 * Lines of a log whose time is earlier than that of the line before them.
 *
 * Always: position is trusted and time is not; what is a little earlier was written side by side.
 */
import type { ByteRange } from "../model/cite.ts";
import { citeValue } from "../model/cite.ts";
import type { Oddity } from "../model/fact.ts";

/** Oddities as a spread for a cut. */
export function oddIn(oddities: readonly Oddity[]): { readonly oddities?: readonly Oddity[] } {
  return oddities.length === 0 ? {} : { oddities };
}

/** So much earlier a line may be. */
export const skewMaxMs = 60_000;
/** So many places of one log are listed. */
const listedMax = 20;

/** Times as agents write them have one form, in which they compare as texts. */
const isoLength = "2026-11-22T06:27:06.071Z".length;

export class ClockWatch {
  readonly oddities: Oddity[] = [];
  readonly #path: string;
  #last = "";

  constructor(path: string) {
    this.#path = path;
  }

  take(time: unknown, range: ByteRange): void {
    if (typeof time !== "string" || time.length !== isoLength) return;
    if (time < this.#last) this.#earlier(time, range);
    this.#last = time;
  }

  #earlier(time: string, range: ByteRange): void {
    const backMs = Date.parse(this.#last) - Date.parse(time);
    if (!(backMs > skewMaxMs) || this.oddities.length >= listedMax) return;
    const detail = `The time ${citeValue(time)} stands behind ${citeValue(this.#last)}: a clock was set back, or two wrote here; the order in the file counts`;
    this.oddities.push({ code: "clock-skew", path: this.#path, range, detail });
  }
}
