/**
 * What pi sends to its model when it resumes a session, from the entries of the session file.
 *
 * The history is the way from the file's last entry to the root along `parentId`; a parent that is not there counts as
 * the root. A compaction puts its summary in the place of what it sums up. An answer that broke off is left out, and
 * a call without a result gets one that says that there is none.
 * Always: pure; a cycle is walked once.
 */
import type { ByteRange } from "../../model/cite.ts";
import type { Fact, Oddity } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { type Added, Chain } from "../chain.ts";
import { textOr } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import type { Sent } from "../resume-types.ts";
import { forksIn, SentLines } from "../sent-lines.ts";
import { blocksOf, isBrokenOff } from "./message.ts";

/** As much of an entry as decides what is sent. */
export interface Entry {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly type: string;
  readonly firstKeptId: string | undefined;
  readonly sends: readonly Sent[];
}

/** What one line of the file adds. */
export function entryOf(value: RecordValue): Entry | undefined {
  if (typeof value.id !== "string") return undefined;
  const message = isRecord(value.message) ? value.message : {};
  const type = textOr(value.type, "");
  return {
    id: value.id,
    parentId: typeof value.parentId === "string" ? value.parentId : undefined,
    type,
    firstKeptId: typeof value.firstKeptEntryId === "string" ? value.firstKeptEntryId : undefined,
    sends: type === "message" ? messageSends(message) : isTold(type) ? [{ role: "user" }] : [],
  };
}

function isTold(type: string): boolean {
  return type === "branch_summary" || type === "custom_message" || type === "compaction";
}

function messageSends(message: RecordValue): Sent[] {
  switch (message.role) {
    case "user":
    case "bashExecution":
    case "custom":
      return [{ role: "user" }];
    case "toolResult":
      return typeof message.toolCallId === "string"
        ? [{ role: "tool", callId: message.toolCallId, answer: "result" }]
        : [];
    case "assistant":
      return isBrokenOff(message) ? [] : replySends(message);
    default:
      return [];
  }
}

function replySends(message: RecordValue): Sent[] {
  const sends: Sent[] = [];
  for (const { type, text, id } of blocksOf(message)) {
    if (type === "text" && text !== "") sends.push({ role: "assistant" });
    if (type === "toolCall" && typeof id === "string") sends.push({ role: "assistant", callId: id });
  }
  return sends;
}

export function sentOnResume(entries: readonly Entry[]): Sent[] {
  const history = new History();
  entries.forEach((entry, at) => void history.add(entry, { fromByte: at, toByte: at + 1 }));
  return history.sent();
}

/** The entries of a session file as far as they decide what is sent; see {@link SentLines} for what is kept of them. */
export class History {
  readonly #chain = new Chain();
  readonly #said = new SentLines();
  /** Compactions, with the id of the first entry that each keeps. */
  readonly #compactions = new Map<number, string | undefined>();

  /** @param range where the entry stands. */
  add({ id, parentId, type, firstKeptId, sends }: Entry, range: ByteRange): Added {
    const line = this.#chain.length;
    if (type === "compaction") this.#compactions.set(line, firstKeptId);
    this.#said.add(range, line, sends);
    return this.#chain.add(id, parentId);
  }

  /** A fact was left out: see {@link SentLines}. */
  forget(fact: Fact): void {
    this.#said.forget(fact);
  }

  sent(): Sent[] {
    const sends = new Map(this.#said.lines.map(({ line, sends }) => [line, sends]));
    const history = this.#way().flatMap((line) => sends.get(line) ?? []);
    return [...withSynthetic(history), { role: "user" }];
  }

  /** Branches that were left. What a compaction sums up is on the way. */
  forks(path: string): Oddity[] {
    const last = this.#chain.length - 1;
    const way = last < 0 ? new Uint8Array(0) : this.#chain.onWay(last);
    const isTaken = (line: number) => way[line] === 1;
    return forksIn(this.#said.lines, isTaken, (line) => this.#chain.parentOf(line), path);
  }

  /** Entries that are sent, oldest first: from the last compaction on, and before it what it keeps. */
  #way(): number[] {
    const way: number[] = [];
    let compaction: number | undefined;
    let isKept = false;
    for (const line of this.#chain.length === 0 ? [] : this.#chain.way(this.#chain.length - 1)) {
      if (compaction === undefined) {
        way.push(line);
        if (this.#compactions.has(line)) compaction = line;
        continue;
      }
      if (!this.#compactions.has(line)) way.push(line);
      isKept = line === this.#firstKept(compaction);
      if (isKept) break;
    }
    way.reverse();
    if (compaction === undefined) return way;
    const at = way.indexOf(compaction);
    // The summary stands before what is kept; what it names and is not there keeps nothing.
    return [compaction, ...(isKept ? way.slice(0, at) : []), ...way.slice(at + 1)];
  }

  #firstKept(compaction: number): number | undefined {
    const id = this.#compactions.get(compaction);
    return id === undefined ? undefined : this.#chain.find(id);
  }
}

/** Calls that are open when the next message comes, or at the end, are answered there. */
function withSynthetic(history: readonly Sent[]): Sent[] {
  const sent: Sent[] = [];
  const open = new Set<string>();
  let isAnswering = false;
  const close = () => {
    for (const callId of open) sent.push({ role: "tool", callId, answer: "synthetic" });
    open.clear();
    isAnswering = false;
  };
  for (const one of history) {
    if (one.role === "tool" && one.callId !== undefined) {
      open.delete(one.callId);
      isAnswering = true;
    } else if (one.role === "user" || isAnswering) close();
    if (one.role === "assistant" && one.callId !== undefined) open.add(one.callId);
    sent.push(one);
  }
  close();
  return sent;
}
