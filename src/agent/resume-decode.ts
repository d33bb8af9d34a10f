/**
 * Small total readers of JSON that others wrote: one line of a stream, and fields that may be anything.
 *
 * Always: total; a line that is no record is an `unreadable` fact, a type that is not known an `unknown` one.
 */
import { citeValue } from "../model/cite.ts";
import type { FactBody } from "../model/fact.ts";
import { isRecord, parseJson } from "../model/json.ts";
import type { RecordValue } from "./resume-log.ts";

/** Longest line that is decoded, in UTF-16 units; longer ones are kept in the spool and not understood. */
export const lineCharsMax = 64 * 1024 * 1024;
/** Ids and names are looked up, cited and shown: an agent's id of a megabyte is no id. */
export const idCharsMax = 512;

/**
 * One line of stdout, without its newline. `decode` answers undefined for a type that it does not know, and throws
 * {@link Misshapen} for a record that lacks what its type must have.
 */
export function decodeJsonLine(
  line: string,
  decode: (type: string, value: RecordValue) => readonly FactBody[] | undefined,
): readonly FactBody[] {
  if (line.length > lineCharsMax) return [unreadable(`a line of ${line.length} characters`)];
  if (line.trim() === "") return [];
  const value = parse(line);
  if (!isRecord(value)) return [unreadable("not a JSON object")];
  const { type } = value;
  if (typeof type !== "string") return [unreadable("a JSON object without a type")];
  return decodeRecord(type, () => decode(type, value));
}

/** Runs a decoder of one record. */
export function decodeRecord(
  type: string,
  decode: () => readonly FactBody[] | undefined,
): readonly FactBody[] {
  try {
    return decode() ?? [unknownType(type)];
  } catch (thrown) {
    if (!(thrown instanceof Misshapen)) throw thrown;
    return [unreadable(`${citeValue(type)} without ${thrown.what}`)];
  }
}

/** A record lacks what its type must have. Caught by {@link decodeRecord}; never leaves the agent's reader. */
export class Misshapen extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

/** An id or a name. */
export function needId(value: unknown, what: string): string {
  if (typeof value !== "string" || value === "" || value.length > idCharsMax) throw new Misshapen(what);
  return value;
}

export function needRecord(value: unknown, what: string): RecordValue {
  if (!isRecord(value)) throw new Misshapen(what);
  return value;
}

export function needText(value: unknown, what: string): string {
  if (typeof value !== "string") throw new Misshapen(what);
  return value;
}

export function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

/** A spread for an optional text field: `...optional("model", value)`. */
export function optional<K extends string>(key: K, value: unknown): { readonly [P in K]?: string } {
  return (typeof value === "string" ? { [key]: citeValue(value) } : {}) as { [P in K]?: string };
}

/** A list, or nothing. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text of a content that is a text, or a list of blocks of which some have one. */
export function textOfBlocks(content: unknown): string {
  if (typeof content === "string") return content;
  const texts: string[] = [];
  for (const block of listOf(content)) {
    const text: unknown = isRecord(block) ? block.text : block;
    if (typeof text === "string") texts.push(text);
  }
  return texts.length === 1 ? (texts[0] ?? "") : texts.join("\n");
}

/** Why something ended, as a short text. */
export function reasonOf(value: unknown): { readonly reason?: string } {
  if (value === undefined || value === null || value === "") return {};
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return { reason: text.slice(0, 1_000) };
}

export function unknownType(type: string): FactBody {
  return { kind: "unknown", type: type.slice(0, 200) };
}

export function unreadable(reason: string): FactBody {
  return { kind: "unreadable", reason };
}

export const parse = parseJson;
