/**
 * Facts of one source as they are read, and how many of them stay in memory.
 *
 * Without limits everything is kept. With limits, for readers that judge a history and need not repeat it: long texts
 * are kept as head, tail and a sum of the whole, so that equal texts stay equal; and when there is too much, finished
 * turns are left out, oldest first, and counted.
 * Always: a turn is left out only if each of its calls has exactly one result, nothing in it is unreadable, and
 * another turn follows. Of a turn that is too long by itself, answered calls go in the same way.
 */
import type { Fact, FactBody } from "../model/fact.ts";
import { isRecord } from "../model/json.ts";
import { isShortened, shortenResult } from "../model/result.ts";
import type { KeepLimits } from "./resume-types.ts";

/** A fact without its texts. */
const factBytes = 400;

/** Collects facts in order. */
export class FactKeeper {
  readonly #limits: KeepLimits | undefined;
  #facts: Fact[] = [];
  #bytes = 0;
  /** Below this nothing is tried again. */
  #tryAt: number;
  #turns = 0;
  #calls = 0;
  /** Ids of calls that were left out and did not come again. */
  readonly #gone = new Set<string>();

  constructor(limits: KeepLimits | undefined) {
    this.#limits = limits;
    this.#tryAt = limits?.bytesMax ?? Number.POSITIVE_INFINITY;
  }

  get facts(): readonly Fact[] {
    return this.#facts;
  }

  /** What was left out; undefined when nothing was. */
  get leftOut(): { readonly turns: number; readonly calls: number } | undefined {
    return this.#turns + this.#calls === 0 ? undefined : { turns: this.#turns, calls: this.#calls };
  }

  /**
   * Facts of another source of the same session in the form in which they can be compared with what was kept: texts
   * shortened in the same way, and without the turns that were left out.
   */
  comparable(facts: readonly Fact[]): readonly Fact[] {
    const charsMax = this.#limits?.textCharsMax;
    if (charsMax === undefined) return facts;
    const parts = turnsOf(facts.map((fact) => ({ ...fact, body: shortBody(fact.body, charsMax) })));
    return parts.filter((part) => !part.some(({ body }) => this.#isGone(body))).flat();
  }

  #isGone(body: FactBody): boolean {
    return isPaired(body) && this.#gone.has(body.callId);
  }

  add(facts: readonly Fact[]): void {
    if (this.#limits === undefined) {
      for (const fact of facts) this.#facts.push(fact);
      return;
    }
    for (const fact of facts) {
      const { body } = fact;
      if (body.kind === "reasoning") continue;
      if (body.kind === "call") this.#gone.delete(body.callId);
      const kept = { ...fact, body: shortBody(body, this.#limits.textCharsMax) };
      this.#facts.push(kept);
      this.#bytes += bytesOf(kept);
    }
    if (this.#bytes > this.#tryAt) this.#leaveOut();
  }

  /** Makes room for as much again, or waits until there is a quarter more. */
  #leaveOut(): void {
    const bytesMax = this.#limits?.bytesMax ?? 0;
    const kept: Fact[] = [];
    let bytes = this.#bytes;
    const parts = turnsOf(this.#facts);
    parts.forEach((part, at) => {
      const isLast = at === parts.length - 1;
      const isEnough = bytes <= bytesMax / 2;
      const gone = isEnough ? new Set<Fact>() : goneOf(part, isLast);
      const calls = [...gone].filter(({ body }) => body.kind === "call").length;
      if (gone.size === part.length && gone.size > 0) this.#turns += 1;
      this.#calls += calls;
      for (const fact of gone) {
        bytes -= bytesOf(fact);
        if (fact.body.kind === "call") this.#gone.add(fact.body.callId);
      }
      for (const fact of part) if (!gone.has(fact)) kept.push(fact);
    });
    this.#facts = kept;
    this.#bytes = bytes;
    this.#tryAt = Math.max(bytesMax, bytes * 1.25);
  }
}

function turnsOf(facts: readonly Fact[]): Fact[][] {
  const parts: Fact[][] = [];
  for (const fact of facts) {
    const last = parts.at(-1);
    if (last === undefined || fact.body.kind === "prompt") parts.push([fact]);
    else last.push(fact);
  }
  return parts;
}

/** Facts of a turn that nobody will miss. */
function goneOf(part: readonly Fact[], isLast: boolean): Set<Fact> {
  const answered = answeredIn(part);
  const isClosed = part.every(({ body }) => isSilent(body) || (isPaired(body) && answered.has(body.callId)));
  if (isClosed && !isLast) return new Set(part.filter(({ body }) => body.kind !== "session"));
  // The last call of a turn that goes on stays: what is open is compared with it.
  const from = part.findLastIndex(({ body }) => body.kind === "call");
  return new Set(
    part.slice(0, Math.max(0, from)).filter(({ body }) => {
      return body.kind === "text" || (isPaired(body) && answered.has(body.callId));
    }),
  );
}

/** Ids of calls that were made once and answered once. */
function answeredIn(part: readonly Fact[]): Set<string> {
  const counts = new Map<string, { calls: number; results: number }>();
  for (const { body } of part) {
    if (!isPaired(body)) continue;
    const count = counts.get(body.callId) ?? { calls: 0, results: 0 };
    if (body.kind === "call") count.calls += 1;
    else count.results += 1;
    counts.set(body.callId, count);
  }
  return new Set(
    [...counts].flatMap(([id, { calls, results }]) => (calls === 1 && results === 1 ? [id] : [])),
  );
}

function isPaired(body: FactBody): body is Extract<FactBody, { kind: "call" | "result" }> {
  return body.kind === "call" || body.kind === "result";
}

function isSilent({ kind }: FactBody): boolean {
  return kind === "prompt" || kind === "text" || kind === "turn-end" || kind === "session";
}

function bytesOf({ body }: Fact): number {
  switch (body.kind) {
    case "prompt":
    case "text":
      return factBytes + body.text.length;
    case "result":
      return factBytes + body.content.length;
    case "call":
      return factBytes + inputChars(body.input);
    default:
      return factBytes;
  }
}

function inputChars(input: unknown): number {
  if (typeof input === "string") return input.length;
  if (Array.isArray(input)) return input.reduce((sum: number, one) => sum + 16 + inputChars(one), 0);
  if (!isRecord(input)) return 16;
  return Object.entries(input).reduce((sum, [key, value]) => sum + 16 + key.length + inputChars(value), 0);
}

/** A body with long texts shortened. Prompts stay: turns are recognised by them. */
export function shortBody(body: FactBody, charsMax: number): FactBody {
  if (body.kind === "text") return { ...body, text: short(body.text, charsMax) };
  if (body.kind === "result") return { ...body, content: short(body.content, charsMax) };
  // Inputs say what to look for in the workspace: they are shortened only when they are large.
  if (body.kind === "call") return { ...body, input: shortInput(body.input, charsMax * inputTimes, 0) };
  return body;
}

const depthMax = 8;
const inputTimes = 16;

function shortInput(input: unknown, charsMax: number, depth: number): unknown {
  if (typeof input === "string") return short(input, charsMax);
  if (depth > depthMax) return input;
  if (Array.isArray(input)) return input.map((one) => shortInput(one, charsMax, depth + 1));
  if (!isRecord(input)) return input;
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, shortInput(value, charsMax, depth + 1)]),
  );
}

/**
 * Equal for equal texts and different for different ones, up to a 32-bit sum. A piece of a long text keeps the whole
 * of it alive, so it is copied.
 */
function short(text: string, charsMax: number): string {
  if (text.length <= charsMax || isShortened(text)) return text;
  return copied(shortenResult(text, `Sum ${sumOf(text)}.`, charsMax));
}

function copied(text: string): string {
  return decoder.decode(encoder.encode(text));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** FNV-1a over the UTF-16 units. */
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
