/**
 * Lines of a Gemini CLI session file, folded to the conversation that a resume finds in it.
 *
 * The last record of a message's id counts; `$set` with messages replaces the whole list; `$rewindTo` takes a message
 * and all behind it away, and everything when it does not know the message.
 * Always: pure but for its own list; a line that is none of these changes nothing; of a message that was forgotten only
 * its place stays, so that a rewind to it still takes away what stands behind it.
 */
import { isRecord } from "../../model/json.ts";
import { KeyedList } from "../keyed-list.ts";
import { NumberList } from "../number-list.ts";
import { listOf } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import { textSum } from "../text-sum.ts";

interface Placed<T> {
  /** Place of the first appearance. */
  readonly place: number;
  readonly kept: T;
}

export class Conversation<T> {
  readonly #keep: (message: RecordValue) => T;
  #messages = new KeyedList<Placed<T>>();
  #places = 0;
  /** Messages that were forgotten: place, and sum of the id. */
  #goneAt = new NumberList();
  #gone = new NumberList();

  /** @param keep what is kept of a message: whole ones of a long log are too much. */
  constructor(keep: (message: RecordValue) => T) {
    this.#keep = keep;
  }

  /** In order of first appearance. */
  get messages(): readonly T[] {
    return this.#messages.values.map(({ kept }) => kept);
  }

  /** Adds one line; answers the messages that it states. */
  take(line: RecordValue): readonly RecordValue[] {
    const { $set: set, $rewindTo: target } = line;
    if (isRecord(set)) return Array.isArray(set.messages) ? this.#replace(listOf(set.messages)) : [];
    if (target !== undefined) {
      this.#rewind(String(target));
      return [];
    }
    return this.#add(line) ? [line] : [];
  }

  /**
   * Part of a message was left out of a log that is too long.
   *
   * @param less what is left of it; undefined when that is nothing.
   */
  forget(id: string, less: (kept: T) => T | undefined): void {
    const entry = this.#messages.entry(id);
    if (entry === undefined) return;
    const { place, kept } = entry.value;
    const left = less(kept);
    if (left !== undefined) {
      entry.value = { place, kept: left };
      return;
    }
    this.#messages.delete(id);
    this.#goneAt.push(place);
    this.#gone.push(textSum(id));
  }

  #replace(values: readonly unknown[]): readonly RecordValue[] {
    this.#messages = new KeyedList();
    this.#goneAt = new NumberList();
    this.#gone = new NumberList();
    return values.filter(isRecord).filter((message) => this.#add(message));
  }

  #add(message: RecordValue): boolean {
    const { id, type } = message;
    if (typeof id !== "string" || typeof type !== "string") return false;
    const entry = this.#messages.entry(id);
    const kept = this.#keep(message);
    if (entry === undefined) this.#messages.add(id, { place: this.#places++, kept });
    else entry.value = { place: entry.value.place, kept };
    return true;
  }

  #rewind(target: string): void {
    const from = this.#messages.get(target)?.place ?? this.#placeOfGone(target) ?? 0;
    for (const id of this.#messages.keys) {
      if ((this.#messages.get(id)?.place ?? 0) >= from) this.#messages.delete(id);
    }
  }

  #placeOfGone(id: string): number | undefined {
    const sum = textSum(id);
    for (let at = this.#gone.length - 1; at >= 0; at -= 1)
      if (this.#gone.at(at) === sum) return this.#goneAt.at(at);
    return undefined;
  }
}
