/**
 * Ada's event log, `.coding-agent/events/<id>.jsonl`.
 *
 * A call is taken from `tool_call`, which Ada writes when it dispatches, and not from the reply that names it: the
 * reply of the model announces all its calls before the first of them runs, so a call that stands only there was
 * never started; unless its own record is lost, which this reader cannot know: it says that the call was announced.
 * The end of a turn is a reply with the stop reason `end_turn`; Ada writes no other.
 * Always: facts keep the bytes of their record; a result as long as Ada's limit is known to be cut.
 */
import { citeValue } from "../../model/cite.ts";
import type { AnnouncedFact, Damage, Fact, FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { type LineRecord, lineBytesMaxDefault, readLines } from "../lines.ts";
import { decodeRecord, idCharsMax, Misshapen, needId, needText } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";

/** Ada cuts results in its log at so many UTF-16 units. */
export const loggedResultCharsMax = 2_000;

/** Types that are known and say nothing that is needed here. */
const silent = new Set(["policy_decision", "session_archived", "error", "session_end"]);

/** Reads the whole log. `asked`: the session id it should be of. */
export function readLog(
  bytes: Uint8Array,
  path: string,
  asked: string,
): { readonly facts: Fact[]; readonly damage: readonly Damage[] } {
  const options = { isRecord: isEvent, lineBytesMax: lineBytesMaxDefault };
  const { records, damage } = readLines(bytes, path, options);
  const reader = new RecordReader(path, asked);
  const facts = records.flatMap((record) => reader.read(record));
  return { facts: reader.withAnnounced(facts), damage };
}

/** More calls than this that were announced and not made are not remembered; the latest are. */
const announcedMax = 1_000;

/** Reads record after record of one log, in order. */
export class RecordReader {
  readonly #path: string;
  readonly #asked: string;
  readonly #strangers = new Set<string>();
  /** By call id; each until the call is made. */
  readonly #announced = new Map<string, Fact>();

  constructor(path: string, asked: string) {
    this.#path = path;
    this.#asked = asked;
  }

  read(record: LineRecord): Fact[] {
    const facts: Fact[] = [];
    const stranger = strangerOf(record, this.#asked, this.#strangers);
    if (stranger !== undefined) facts.push(this.#factOf(record, 0, stranger));
    for (const body of bodiesOf(record)) {
      facts.push(this.#factOf(record, facts.length, body));
      if (body.kind === "call") this.#announced.delete(body.callId);
    }
    this.#announce(record, facts.length);
    return facts;
  }

  #announce(record: LineRecord, from: number): void {
    let k = from;
    for (const body of announcedIn(record)) {
      this.#announced.delete(body.callId);
      this.#announced.set(body.callId, this.#factOf(record, k, body));
      k += 1;
    }
    if (this.#announced.size <= announcedMax) return;
    for (const oldest of this.#announced.keys()) {
      if (this.#announced.size <= announcedMax) break;
      this.#announced.delete(oldest);
    }
  }

  /** The facts that were read with the announcements of calls that no record has as made, each at its place. */
  withAnnounced(facts: readonly Fact[]): Fact[] {
    if (this.#announced.size === 0) return [...facts];
    const byPlace = (left: Fact, right: Fact) =>
      left.range.fromByte - right.range.fromByte || left.k - right.k;
    return [...facts, ...this.#announced.values()].sort(byPlace);
  }

  #factOf({ range }: LineRecord, k: number, body: FactBody): Fact {
    return { source: "L", path: this.#path, range, k, body };
  }
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= idCharsMax;
}

const none: readonly AnnouncedFact[] = [];

/** Calls that a reply of the model names. A block that is none is no announcement. */
function announcedIn({ value: { type, data } }: LineRecord): readonly AnnouncedFact[] {
  if (type !== "assistant_response" || !isRecord(data) || !Array.isArray(data.content)) return none;
  const announced: AnnouncedFact[] = [];
  for (const block of data.content as readonly unknown[]) {
    if (!isRecord(block) || block.type !== "tool_use") continue;
    const { id, name, input } = block;
    if (isId(id) && isId(name)) announced.push({ kind: "announced", callId: id, name, input: input ?? null });
  }
  return announced;
}

/** Every event has a type and its data. */
export function isEvent(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.type === "string" && isRecord(value.data);
}

/** A record of another session in this file: named once for each such id. */
function strangerOf({ value }: LineRecord, asked: string, seen: Set<string>): FactBody | undefined {
  const { sessionId, type } = value;
  if (sessionId === asked || typeof sessionId !== "string" || type === "session_start") return undefined;
  if (seen.has(sessionId)) return undefined;
  seen.add(sessionId);
  return { kind: "session", agentSessionId: citeValue(sessionId) };
}

function bodiesOf({ value }: LineRecord): readonly FactBody[] {
  const type = typeof value.type === "string" ? value.type : "";
  if (silent.has(type)) return [];
  const data = isRecord(value.data) ? value.data : {};
  return decodeRecord(type, () => decode(type, data, value));
}

const lacking = "the fields it should have";

/** By hand and not by a schema: a log may have millions of records. */
function decode(type: string, data: RecordValue, event: RecordValue): FactBody[] | undefined {
  switch (type) {
    case "session_start": {
      const model = data.model === undefined ? undefined : needText(data.model, lacking);
      const agentSessionId = typeof event.sessionId === "string" ? citeValue(event.sessionId) : "";
      return [{ kind: "session", agentSessionId, ...(model === undefined ? {} : { model }) }];
    }
    case "user_message":
      return [{ kind: "prompt", text: needText(data.text, lacking) }];
    case "assistant_reasoning":
      return [{ kind: "reasoning", text: needText(data.text, lacking) }];
    case "assistant_response":
      return replyOf(data);
    case "tool_call": {
      const callId = needId(data.id, lacking);
      return [{ kind: "call", callId, name: needId(data.tool, lacking), input: data.input ?? null }];
    }
    case "tool_result":
      return [resultOf(data)];
    default:
      return undefined;
  }
}

function replyOf({ stopReason, content }: RecordValue): FactBody[] {
  const isReason = stopReason === undefined || stopReason === null || typeof stopReason === "string";
  if (!isReason || (typeof content !== "string" && !Array.isArray(content))) throw new Misshapen(lacking);
  const texts: FactBody[] = typeof content === "string" ? [{ kind: "text", text: content }] : [];
  for (const block of typeof content === "string" ? [] : (content as readonly unknown[])) {
    if (isRecord(block) && block.type === "text" && typeof block.text === "string")
      texts.push({ kind: "text", text: block.text });
  }
  if (stopReason === "end_turn") texts.push({ kind: "turn-end", outcome: "completed", reason: stopReason });
  return texts;
}

function resultOf({ toolCallId, tool, content, isError }: RecordValue): FactBody {
  const callId = needId(toolCallId, lacking);
  const text = needText(content, lacking);
  if (isError !== undefined && typeof isError !== "boolean") throw new Misshapen(lacking);
  const cut = text.length >= loggedResultCharsMax;
  const name = tool === undefined ? {} : { name: needId(tool, lacking) };
  return { kind: "result", callId, content: text, isError: isError === true, cut, ...name };
}
