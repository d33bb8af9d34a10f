/**
 * Facts of one source as they are read, and how many of them stay in memory.
 *
 * Without limits everything is kept. With limits, for readers that judge a history and need not repeat it: long texts
 * are kept as head, tail and a sum of the whole, so that equal texts stay equal; and when there is too much, finished
 * turns are left out, oldest first, and counted.
 * Always: a turn is left out only if each of its calls has one result, or the same one again (Gemini CLI writes each
 * twice), nothing in it is unreadable, and another turn follows. Of a turn that is too long by itself, answered calls go in the same way; one that comes again
 * under its id after that goes with them, since its answer is no longer there to be seen beside it.
 */
import type { Fact, FactBody } from "../model/fact.ts";
import type { KeepLimits, SessionRead, Surroundings } from "./resume-types.ts";
import { inputChars, shortFacts } from "./short.ts";

/** Of a history that is too long so much is kept. */
const shareOfLong = 64;
/** A fact without its texts. */
const factBytes = 400;

/** What is known of a turn while it is read. */
class OpenTurn {
  readonly facts: Fact[] = [];
  bytes = 0;
  /** Per call its result, once it has one. */
  readonly #answers = new Map<string, ResultBody | undefined>();
  #unanswered = 0;
  #isPlain = true;

  /** Nobody will miss it: every call was made once and has one answer, and there is nothing else than speech. */
  get isClosed(): boolean {
    return this.#isPlain && this.#unanswered === 0;
  }

  get calls(): Iterable<string> {
    return this.#answers.keys();
  }

  get callCount(): number {
    return this.#answers.size;
  }

  add(fact: Fact, bytes: number): void {
    this.facts.push(fact);
    this.bytes += bytes;
    const { body } = fact;
    if (body.kind === "call") this.#call(body.callId);
    else if (body.kind === "result") this.#result(body);
    else if (!isSpeech(body)) this.#isPlain = false;
  }

  #call(callId: string): void {
    if (this.#answers.has(callId)) this.#isPlain = false;
    else this.#unanswered += 1;
    this.#answers.set(callId, undefined);
  }

  #result(body: ResultBody): void {
    const before = this.#answers.get(body.callId);
    if (before !== undefined) {
      if (!isSameAnswer(before, body)) this.#isPlain = false;
      return;
    }
    if (this.#answers.has(body.callId)) this.#unanswered -= 1;
    else this.#isPlain = false;
    this.#answers.set(body.callId, body);
  }
}

/** Collects facts in order. */
export class FactKeeper {
  readonly #limits: KeepLimits | undefined;
  readonly #other: readonly Fact[];
  /** Calls of the other source. */
  readonly #others: ReadonlySet<string>;
  /** Those of them that were left out here and did not come again. */
  readonly #gone = new Set<string>();
  /** What stays in any case; older than the turns. */
  readonly #stay: Fact[] = [];
  /** Turns that are over, oldest first. */
  readonly #turns: OpenTurn[] = [];
  #open = new OpenTurn();
  /** Answered calls that the open turn has lost. */
  #thinned = new Set<string>();
  #bytes = 0;
  #bytesMax: number;
  #turnsLeftOut = 0;
  #callsLeftOut = 0;

  readonly #onLeftOut: ((fact: Fact) => void) | undefined;

  /**
   * @param other facts of another source of the same session: see {@link comparable}.
   * @param onLeftOut told of each prompt, text, call and result that goes.
   */
  constructor(limits: KeepLimits | undefined, other: readonly Fact[] = [], onLeftOut?: (fact: Fact) => void) {
    this.#limits = limits;
    this.#onLeftOut = onLeftOut;
    this.#other = other;
    this.#others = new Set(other.flatMap(({ body }) => (body.kind === "call" ? [body.callId] : [])));
    this.#bytesMax = limits?.bytesMax ?? Number.POSITIVE_INFINITY;
  }

  /** Texts are shortened here and not before: most of a long history goes without. */
  get facts(): readonly Fact[] {
    const charsMax = this.#limits?.textCharsMax;
    const recent = [...this.#turns.flatMap(({ facts }) => facts), ...this.#open.facts];
    return charsMax === undefined ? recent : [...this.#stay, ...shortFacts(recent, charsMax)];
  }

  /** What was left out; undefined when nothing was. */
  get leftOut(): { readonly turns: number; readonly calls: number } | undefined {
    const [turns, calls] = [this.#turnsLeftOut, this.#callsLeftOut];
    return turns + calls === 0 ? undefined : { turns, calls };
  }

  /**
   * The facts of the other source in the form in which they can be compared with what was kept: texts shortened in the
   * same way, and without the turns that were left out.
   */
  comparable(): readonly Fact[] {
    const charsMax = this.#limits?.textCharsMax;
    if (charsMax === undefined) return this.#other;
    const parts = turnsOf(shortFacts(this.#other, charsMax));
    return parts.filter((part) => !part.some(({ body }) => this.#isGone(body))).flat();
  }

  #isGone(body: FactBody): boolean {
    return isPaired(body) && this.#gone.has(body.callId);
  }

  add(facts: readonly Fact[]): void {
    if (this.#limits === undefined) for (const fact of facts) this.#open.facts.push(fact);
    else for (const fact of facts) this.#addLimited(fact);
  }

  #addLimited(fact: Fact): void {
    const { body } = fact;
    // Nothing is judged by what the model thought.
    if (body.kind === "reasoning") return;
    if (body.kind === "prompt") this.#closeTurn();
    if (isPaired(body) && this.#thinned.has(body.callId)) {
      this.#onLeftOut?.(fact);
      return;
    }
    if (body.kind === "call") this.#gone.delete(body.callId);
    const bytes = bytesOf(body);
    this.#open.add(fact, bytes);
    this.#bytes += bytes;
    if (this.#bytes > this.#bytesMax) this.#leaveOut();
  }

  #closeTurn(): void {
    if (this.#open.facts.length === 0) return;
    this.#turns.push(this.#open);
    this.#open = new OpenTurn();
    this.#thinned = new Set();
  }

  /** Once a history is too long, little of what is over is kept: the rest of it comes and goes in the same way. */
  #leaveOut(): void {
    const bytesMax = (this.#limits?.bytesMax ?? 0) / shareOfLong;
    let count = 0;
    for (const turn of this.#turns) {
      if (this.#bytes <= bytesMax / 2) break;
      count += 1;
      if (turn.isClosed) this.#forget(turn);
      else this.#keep(turn);
    }
    // In place: an old array would keep alive what it held.
    this.#turns.splice(0, count);
    if (this.#bytes > bytesMax) this.#thin();
    // Where little could go, the next try waits until there is a quarter more.
    this.#bytesMax = Math.max(bytesMax, this.#bytes * 1.25);
  }

  #keep({ facts, bytes }: OpenTurn): void {
    this.#bytes -= bytes;
    for (const fact of shortFacts(facts, this.#limits?.textCharsMax ?? 0)) {
      this.#stay.push(fact);
      this.#bytes += bytesOf(fact.body);
    }
  }

  #forget(turn: OpenTurn): void {
    const { facts } = turn;
    this.#turnsLeftOut += 1;
    this.#callsLeftOut += turn.callCount;
    this.#bytes -= turn.bytes;
    if (this.#others.size > 0) for (const id of turn.calls) if (this.#others.has(id)) this.#gone.add(id);
    for (const fact of facts) {
      if (fact.body.kind !== "session") this.#onLeftOut?.(fact);
      else {
        this.#stay.push(fact);
        this.#bytes += bytesOf(fact.body);
      }
    }
    facts.length = 0;
  }

  /** Of the turn that goes on, what was said and answered goes; its last call stays, since what is open follows it. */
  #thin(): void {
    const { facts } = this.#open;
    const from = facts.findLastIndex(({ body }) => body.kind === "call");
    const answered = answeredIn(facts.slice(0, Math.max(0, from)));
    // A call that stays needs its answer beside it, also one that came before it under the same id.
    for (const { body } of facts.slice(Math.max(0, from))) if (isPaired(body)) answered.delete(body.callId);
    const thinned = new OpenTurn();
    let bytesLeft = 0;
    for (const [at, fact] of facts.entries()) {
      const { body } = fact;
      const isOver = body.kind === "text" || (isPaired(body) && answered.has(body.callId));
      const bytes = bytesOf(body);
      if (at >= from || !isOver) thinned.add(fact, bytes);
      else {
        bytesLeft += bytes;
        this.#onLeftOut?.(fact);
        if (body.kind !== "call") continue;
        this.#callsLeftOut += 1;
        this.#thinned.add(body.callId);
      }
    }
    this.#open = thinned;
    this.#bytes -= bytesLeft;
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

/** Ids of calls that were made once and have one answer, be it there twice. */
function answeredIn(part: readonly Fact[]): Set<string> {
  const counts = new Map<string, { calls: number; answer?: ResultBody; isUnclear: boolean }>();
  for (const { body } of part) {
    if (!isPaired(body)) continue;
    const count = counts.get(body.callId) ?? { calls: 0, isUnclear: false };
    if (body.kind === "call") count.calls += 1;
    else if (count.answer === undefined) count.answer = body;
    else if (!isSameAnswer(count.answer, body)) count.isUnclear = true;
    counts.set(body.callId, count);
  }
  const isClear = ({
    calls,
    answer,
    isUnclear,
  }: {
    calls: number;
    answer?: ResultBody;
    isUnclear: boolean;
  }) => calls === 1 && answer !== undefined && !isUnclear;
  return new Set([...counts].flatMap(([id, count]) => (isClear(count) ? [id] : [])));
}

type ResultBody = Extract<FactBody, { kind: "result" }>;

function isSameAnswer(left: ResultBody, right: ResultBody): boolean {
  return left.isError === right.isError && left.cut === right.cut && left.content === right.content;
}

function isPaired(body: FactBody): body is Extract<FactBody, { kind: "call" | "result" }> {
  return body.kind === "call" || body.kind === "result";
}

function isSpeech({ kind }: FactBody): boolean {
  return kind === "prompt" || kind === "text" || kind === "turn-end" || kind === "session";
}

function bytesOf(body: FactBody): number {
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

/** The keeper that a reader was asked to use; undefined where it decides for itself. `onLeftOut`: see its constructor. */
export function keeperOf(
  { keep }: Partial<Surroundings>,
  onLeftOut?: (fact: Fact) => void,
): FactKeeper | undefined {
  return keep === undefined ? undefined : new FactKeeper(keep, [], onLeftOut);
}

/** What was left out, as a spread for a `SessionRead`. */
export function leftOutOf(keeper: FactKeeper | undefined): Pick<SessionRead, "leftOut"> {
  const leftOut = keeper?.leftOut;
  return leftOut === undefined ? {} : { leftOut };
}
