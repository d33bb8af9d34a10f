/**
 * Facts of one source with a bound on the text in them, so that a huge log or stream stays a session that can be read.
 *
 * Always: what is old gives its room to what is new; every fact stays, and what identifies it. A result of which only the
 * beginning is left says so.
 */
import type { Fact, FactBody } from "../model/fact.ts";

/** So many characters of results, texts and reasoning of one source are kept whole; of the oldest beyond, the beginning. */
export const charsKeptMax = 16 * 1024 * 1024;
/**
 * Of a stream's texts and reasoning fewer: nobody hands them over, a few tell which turn they are of, and what is kept for
 * long is memory that comes back late.
 */
export const streamedCharsKeptMax = 2 * 1024 * 1024;
const charsOfOld = 200;

/**
 * Facts in order.
 *
 * @example
 * const kept = new KeptFacts();
 * kept.add(factsOfOneLine);
 * return kept.facts;
 */
export class KeptFacts {
  readonly facts: Fact[] = [];
  readonly #all = new Budget(charsKeptMax, () => true);
  readonly #speech: Budget;

  /** @param speechCharsMax of texts and reasoning alone. */
  constructor(speechCharsMax: number = charsKeptMax) {
    this.#speech = new Budget(speechCharsMax, ({ kind }) => kind !== "result");
  }

  add(facts: readonly Fact[]): void {
    for (const fact of facts) {
      const { body } = fact;
      this.facts.push(fact);
      this.#all.spend(body, textOf(body).length);
      this.#speech.spend(body, textOf(body).length);
    }
    while (this.#all.isOver || this.#speech.isOver) {
      const at = (this.#speech.isOver ? this.#speech : this.#all).nextOf(this.facts);
      if (at === undefined) return;
      this.#shorten(at);
    }
  }

  #shorten(at: number): void {
    const fact = this.facts[at];
    const text = fact === undefined ? "" : textOf(fact.body);
    if (fact === undefined || text.length <= charsOfOld) return;
    const head = copied(text.slice(0, charsOfOld));
    for (const budget of [this.#all, this.#speech]) budget.spend(fact.body, head.length - text.length);
    this.facts[at] = { ...fact, body: withText(fact.body, head) };
  }
}

/** How many characters the facts of some kind may have; the oldest of them gives way first. */
class Budget {
  readonly #charsMax: number;
  readonly #counts: (body: FactBody) => boolean;
  #chars = 0;
  #next = 0;

  constructor(charsMax: number, counts: (body: FactBody) => boolean) {
    this.#charsMax = charsMax;
    this.#counts = counts;
  }

  get isOver(): boolean {
    return this.#chars > this.#charsMax;
  }

  spend(body: FactBody, chars: number): void {
    if (this.#counts(body)) this.#chars += chars;
  }

  /** Index of the oldest that has not given way; undefined when all have. */
  nextOf(facts: readonly Fact[]): number | undefined {
    for (; this.#next < facts.length; this.#next += 1) {
      const fact = facts[this.#next];
      if (fact !== undefined && this.#counts(fact.body)) return this.#next++;
    }
    return undefined;
  }
}

/** Text that nothing is recognised by: prompts and inputs of calls are kept. */
function textOf(body: FactBody): string {
  if (body.kind === "result") return body.content;
  return body.kind === "text" || body.kind === "reasoning" ? body.text : "";
}

function withText(body: FactBody, text: string): FactBody {
  if (body.kind === "result") return { ...body, content: text, cut: true };
  return body.kind === "text" || body.kind === "reasoning" ? { ...body, text } : body;
}

/** A part of a string keeps the whole in memory; a copy does not. */
function copied(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}
