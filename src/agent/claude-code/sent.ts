/**
 * What Claude Code sends to its model when it resumes a session, from the lines of the session file.
 *
 * It follows `parentUuid` from the newest line, brings parallel calls and results of the same answer back in, and then
 * treats a call without a result: up to 2.1.197 it is dropped, and where the history then ends with the person's
 * words two texts are put in (go on; nothing was asked). 2.1.330 keeps it with a result that says that the outcome
 * is unknown. Which version changed it is not known; between the two the older way is reported, which tells less.
 * Always: pure; a missing parent ends the walk, a cycle is walked once.
 */
import type { ByteRange } from "../../model/cite.ts";
import type { Fact, Oddity } from "../../model/fact.ts";
import { type Added, Chain } from "../chain.ts";
import { NumberList } from "../number-list.ts";
import type { RecordValue } from "../resume-log.ts";
import type { Sent } from "../resume-types.ts";
import { forksIn, type SentLine, SentLines } from "../sent-lines.ts";
import { textSum } from "../text-sum.ts";
import { blocksOf } from "./message.ts";

/** As much of a line of the chain as decides what is sent. */
export interface ChainLine {
  readonly uuid: string;
  readonly parentUuid: string | undefined;
  readonly role: "user" | "assistant" | "other";
  /** Shared by the lines of one answer of the model. */
  readonly messageId: string | undefined;
  readonly isSide: boolean;
  /** What it adds to the history by itself: answers before words, words before calls. */
  readonly sends: readonly Sent[];
}

const firstToKeepDangling = [2, 1, 330];

/** @param version of the agent that will resume, as far as known: that of the last line. */
export function sentOnResume(lines: readonly ChainLine[], version: string | undefined): Sent[] {
  const history = new History();
  lines.forEach((line, at) => void history.add(line, { fromByte: at, toByte: at + 1 }));
  return history.sent(version);
}

/** The lines of a session file as far as they decide what is sent; a line costs about 30 bytes once it is left out. */
export class History {
  readonly #chain = new Chain();
  readonly #said = new SentLines();
  /** Per line: 1 for a line of a sub-agent. */
  readonly #isSide = new NumberList();
  /** Per line: a number for the answer of the model that it is a part of, 0 for none. */
  readonly #answers = new NumberList();
  #lastAnswer: { readonly messageId: string; readonly sum: number } = { messageId: "", sum: 0 };
  /** The newest line of the conversation. */
  #leaf: number | undefined;

  /** @param range where the line stands. */
  add(one: ChainLine, range: ByteRange): Added {
    const line = this.#chain.length;
    this.#isSide.push(one.isSide ? 1 : 0);
    this.#answers.push(one.isSide ? 0 : this.#answerOf(one.messageId));
    if (!one.isSide && one.role !== "other") {
      this.#leaf = line;
      this.#said.add(range, line, one.sends);
    }
    return this.#chain.add(one.uuid, one.parentUuid);
  }

  /** A fact was left out: see {@link SentLines}. */
  forget(fact: Fact): void {
    this.#said.forget(fact);
  }

  sent(version: string | undefined): Sent[] {
    const isDanglingKept = isAtLeast(version, firstToKeepDangling);
    const history = entriesOf(this.#taken(this.#way()), isDanglingKept);
    const last = history.at(-1);
    if (last !== undefined && last.role !== "assistant" && !isDanglingKept) {
      history.push({ role: "user", inserted: true }, { role: "assistant", inserted: true });
    }
    return [...history, { role: "user" }];
  }

  /** Branches that were left. */
  forks(path: string): Oddity[] {
    const way = this.#way();
    const taken = new Set(this.#taken(way).map(({ line }) => line));
    const isTaken = (line: number) => way[line] === 1 || taken.has(line);
    return forksIn(this.#said.lines, isTaken, (line) => this.#chain.parentOf(line), path);
  }

  /** Per line 1 if the newest line of the conversation hangs on it. */
  #way(): Uint8Array {
    const leaf = this.#leaf;
    return leaf === undefined
      ? new Uint8Array(0)
      : this.#chain.onWay(leaf, (line) => this.#isSide.at(line) === 0);
  }

  /** Of the lines that are kept those that are sent: on the way, of an answer that is on the way, or a result of it. */
  #taken(way: Uint8Array): readonly SentLine[] {
    const { lines } = this.#said;
    const wanted = new Set(lines.map(({ line }) => this.#answers.at(line)));
    const answers = new Set<number>();
    for (let line = 0; line < way.length; line += 1) {
      const answer = way[line] === 1 ? this.#answers.at(line) : 0;
      if (answer !== 0 && wanted.has(answer)) answers.add(answer);
    }
    const taken = new Set(lines.filter(({ line }) => way[line] === 1 || answers.has(this.#answers.at(line))));
    const calls = new Set([...taken].flatMap(({ sends }) => sends.flatMap((one) => callIn(one) ?? [])));
    const answersOne = ({ role, callId }: Sent) =>
      role === "tool" && callId !== undefined && calls.has(callId);
    return lines.filter((one) => taken.has(one) || one.sends.some(answersOne));
  }

  #answerOf(messageId: string | undefined): number {
    if (messageId === undefined) return 0;
    if (this.#lastAnswer.messageId !== messageId) {
      this.#lastAnswer = { messageId, sum: textSum(messageId) || 1 };
    }
    return this.#lastAnswer.sum;
  }
}

/** What a message adds to the history by itself. */
export function sendsOf(role: "user" | "assistant", message: RecordValue): readonly Sent[] {
  const blocks = blocksOf(message);
  const [first] = blocks;
  // Most messages have one block.
  if (first !== undefined && blocks.length === 1) {
    const send = sendOf(role, first);
    return send === undefined ? nothing : [send];
  }
  const sends = blocks.flatMap((block) => sendOf(role, block) ?? []);
  return sends.toSorted((left, right) => rankOf(left) - rankOf(right));
}

const nothing: readonly Sent[] = [];

function sendOf(
  role: "user" | "assistant",
  { type, id, tool_use_id: callId }: RecordValue,
): Sent | undefined {
  if (type === "text") return { role };
  if (type === "tool_use" && typeof id === "string") return { role: "assistant", callId: id };
  if (type === "tool_result" && typeof callId === "string") return { role: "tool", callId, answer: "result" };
  return undefined;
}

/** Answers before words, words before calls. */
function rankOf({ role, callId }: Sent): number {
  if (callId === undefined) return 1;
  return role === "tool" ? 0 : 2;
}

function callIn({ role, callId }: Sent): string | undefined {
  return role === "assistant" ? callId : undefined;
}

function entriesOf(lines: readonly SentLine[], isDanglingKept: boolean): Sent[] {
  const all = lines.flatMap(({ sends }) => sends);
  const answered = new Set(all.flatMap(({ role, callId }) => (role === "tool" ? (callId ?? []) : [])));
  const made = new Set(all.flatMap((one) => callIn(one) ?? []));
  const seen = new Set<string>();
  return all.flatMap((one): Sent[] => {
    const { role, callId } = one;
    if (callId === undefined) return [one];
    if (role === "tool") {
      if (!made.has(callId) || seen.has(callId)) return [];
      seen.add(callId);
      return [one];
    }
    if (answered.has(callId)) return [one];
    return isDanglingKept ? [one, { role: "tool", callId, answer: "synthetic" }] : [];
  });
}

function isAtLeast(version: string | undefined, wanted: readonly number[]): boolean {
  const parts = (version ?? "").split(".").map((part) => Number.parseInt(part, 10) || 0);
  for (const [index, least] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
