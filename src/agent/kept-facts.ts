/**
 * Facts of one source with a bound on the text in them, so that a huge log or stream stays a session that can be read.
 *
 * Always: what is old gives its room to what is new; every fact stays, and what identifies it. A result of which only the
 * beginning is left says so.
 */
import type { Fact, FactBody } from "../model/fact.ts";

/** So many characters of results, texts and reasoning of one source are kept whole; of the oldest beyond, the beginning. */
export const charsKeptMax = 16 * 1024 * 1024;
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
  #chars = 0;
  #next = 0;

  add(facts: readonly Fact[]): void {
    for (const fact of facts) {
      this.facts.push(fact);
      this.#chars += textOf(fact.body).length;
    }
    while (this.#chars > charsKeptMax && this.#next < this.facts.length) this.#shortenNext();
  }

  #shortenNext(): void {
    const fact = this.facts[this.#next];
    this.#next += 1;
    if (fact === undefined) return;
    const text = textOf(fact.body);
    if (text.length <= charsOfOld) return;
    const head = copied(text.slice(0, charsOfOld));
    this.#chars -= text.length - head.length;
    this.facts[this.#next - 1] = { ...fact, body: withText(fact.body, head) };
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
