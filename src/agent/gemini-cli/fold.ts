/**
 * Lines of a Gemini CLI session file, folded to the conversation that a resume finds in it.
 *
 * The last record of a message's id counts; `$set` with messages replaces the whole list; `$rewindTo` takes a message
 * and all behind it away, and everything when it does not know the message.
 * Always: pure but for its own list; a line that is none of these changes nothing.
 */
import { isRecord } from "../../model/json.ts";
import { listOf } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

export class Conversation<T> {
  readonly #keep: (message: RecordValue) => T;
  #messages = new Map<string, T>();

  /** @param keep what is kept of a message: whole ones of a long log are too much. */
  constructor(keep: (message: RecordValue) => T) {
    this.#keep = keep;
  }

  /** In order of first appearance. */
  get messages(): readonly T[] {
    return [...this.#messages.values()];
  }

  /** Adds one line; answers the messages that it states. */
  take(line: RecordValue): readonly RecordValue[] {
    const { $set: set, $rewindTo: target } = line;
    if (isRecord(set)) return Array.isArray(set.messages) ? this.#replace(listOf(set.messages)) : [];
    if (target !== undefined) {
      this.#rewind(target);
      return [];
    }
    return this.#add(line) ? [line] : [];
  }

  #replace(values: readonly unknown[]): readonly RecordValue[] {
    this.#messages = new Map();
    return values.filter(isRecord).filter((message) => this.#add(message));
  }

  #add(message: RecordValue): boolean {
    const { id, type } = message;
    if (typeof id !== "string" || typeof type !== "string") return false;
    this.#messages.set(id, this.#keep(message));
    return true;
  }

  #rewind(target: unknown): void {
    const ids = [...this.#messages.keys()];
    const at = ids.indexOf(String(target));
    for (const id of ids.slice(Math.max(0, at))) this.#messages.delete(id);
  }
}
