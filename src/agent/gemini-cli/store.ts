/**
 * Where Gemini CLI keeps a session, `~/.gemini/tmp/<project>/chats/session-<time>-<id>.jsonl`, and the file read once.
 *
 * Only calls that are over come to the file: one that is not there may have run. Nothing in it ends a turn: an answer
 * without calls looks the same as one whose calls are still running.
 * Always: what a line states anew is a fact at that line; what it repeats is not.
 */
import { citeValue } from "../../model/cite.ts";
import type { Abilities, SourceCut } from "../../model/evidence.ts";
import type { Fact, FactBody } from "../../model/fact.ts";
import { canonicalJson, isRecord } from "../../model/json.ts";
import type { Files } from "../../model/ports.ts";
import { keeperOf, leftOutOf } from "../keep.ts";
import { KeyedList } from "../keyed-list.ts";
import { LineList } from "../line-list.ts";
import type { LineRecord } from "../lines.ts";
import { decodeRecord, parse, textOr, unknownType } from "../resume-decode.ts";
import { firstLine, isUuid, namesIn, withoutSlash } from "../resume-find.ts";
import { missingLog, type RecordValue, readLogCut } from "../resume-log.ts";
import type { FoundSession, SessionRead, Surroundings } from "../resume-types.ts";
import { Conversation } from "./fold.ts";
import { personBodies, replyBodies } from "./message.ts";
import { saidIn, sentOf, without } from "./sent.ts";

export const geminiCliAbilities: { readonly O: Abilities; readonly L: Abilities; readonly S: Abilities } = {
  O: {
    prompt: { order: "write-ahead", synced: false },
    call: { order: "write-ahead", synced: false },
    result: { order: "write-behind", synced: false },
    "turn-end": { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  L: {
    prompt: { order: "write-ahead", synced: false },
    call: { order: "write-behind", synced: false },
    result: { order: "write-behind", synced: false },
    text: { order: "write-behind", synced: false },
  },
  S: {},
};

/** Kinds of messages that are for people only. */
const silent = new Set(["info", "warning", "error"]);

/** See {@link AgentStore}. A folder is the project's if it says so, by name or in a file of its own. */
export async function locate(files: Files, cwd: string, around: Surroundings): Promise<FoundSession[]> {
  const root = `${withoutSlash(around.home)}/.gemini/tmp`;
  const place = withoutSlash(cwd);
  const hash = await sha256(place);
  const found: FoundSession[] = [];
  for (const name of await namesIn(files, root)) {
    const folder = `${root}/${name}`;
    const named = name === hash ? place : (await firstLine(files, `${folder}/.project_root`))?.trim();
    if (named === undefined || withoutSlash(named) !== place) continue;
    found.push(...(await sessionsIn(files, `${folder}/chats`)));
  }
  return found;
}

async function sessionsIn(files: Files, folder: string): Promise<FoundSession[]> {
  const found: FoundSession[] = [];
  for (const name of await namesIn(files, folder)) {
    if (!name.startsWith("session-") || !name.endsWith(".jsonl")) continue;
    const path = `${folder}/${name}`;
    const head = parse((await firstLine(files, path)) ?? "");
    const id = isRecord(head) ? textOr(head.sessionId, "") : "";
    if (isUuid(id)) found.push({ agent: "gemini-cli", id, path });
  }
  return found;
}

/** Folders of older versions are named by this. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The newest file of one session as a cut: a resume begins another with the same id. */
export async function readStore(
  files: Files,
  cwd: string,
  agentSessionId: string,
  around?: Surroundings,
): Promise<readonly SourceCut[]> {
  if (around === undefined || !isUuid(agentSessionId)) return [missingLog(geminiCliAbilities.L)];
  const found = (await locate(files, cwd, around)).findLast(({ id }) => id === agentSessionId);
  return found === undefined ? [missingLog(geminiCliAbilities.L)] : (await read(files, found)).sources;
}

/** See {@link AgentStore}. */
export async function read(
  files: Files,
  { path }: FoundSession,
  around: Partial<Surroundings> = {},
): Promise<SessionRead> {
  const keeper = keeperOf(around, (fact) => reader.forget(fact));
  const reader = new Reader(around.keep !== undefined);
  const cut = await readLogCut(
    files,
    path,
    geminiCliAbilities.L,
    isLine,
    (record) => reader.take(record),
    keeper,
  );
  return {
    sources: [cut],
    sent: sentOf(reader.conversation.messages),
    versions: [],
    ...leftOutOf(keeper),
  };
}

function isLine(value: RecordValue): boolean {
  const isMessage = typeof value.id === "string" && typeof value.type === "string";
  return isMessage || isRecord(value.$set) || "$rewindTo" in value || typeof value.sessionId === "string";
}

/** Of a long log a message that comes again is compared with its last record if it is one of so many … */
const comparedMax = 1_000;
/** … and no more than so many characters of text stand between: what lives long costs the garbage collector. */
const comparedCharsMax = 512 * 1024;

class Reader {
  readonly conversation = new Conversation(saidIn);
  readonly #isLong: boolean;
  /** What was said already, per message, in the order of their first records: a message comes again as it grows. */
  readonly #said = new KeyedList<readonly FactBody[]>();
  /** Per line that said something: its message, and how many facts are left of it. */
  readonly #lines = new LineList<{ readonly id: string; left: number }>();
  #saidChars = 0;
  #isNamed = false;

  /** @param isLong of a log that may be too long for memory. */
  constructor(isLong: boolean) {
    this.#isLong = isLong;
  }

  take({ value, range: { fromByte } }: LineRecord): readonly FactBody[] {
    if (typeof value.sessionId === "string" && value.type === undefined) return this.#session(value);
    const messages = this.conversation.take(value);
    const [only] = messages;
    if (only === undefined) return nothing;
    const said = messages.length === 1 ? this.#fresh(only) : messages.flatMap((one) => this.#fresh(one));
    const id = textOr(value.id, "");
    if (said.length > 0 && id !== "") this.#lines.add(fromByte, { id, left: said.length });
    return said;
  }

  /** A fact was left out: what its message sends for it goes too. A list of messages on one line stays. */
  forget({ body, range: { fromByte } }: Fact): void {
    const line = this.#lines.find(fromByte);
    if (line === undefined) return;
    this.conversation.forget(line.id, (said) => without(said, body));
    line.left -= 1;
    if (line.left === 0) this.#lines.put(fromByte, undefined);
  }

  #fresh(message: RecordValue): readonly FactBody[] {
    const id = textOr(message.id, "");
    const bodies = bodiesOf(message);
    // A message often comes empty first.
    if (bodies.length === 0) return bodies;
    const entry = this.#said.entry(id);
    if (entry === undefined) {
      this.#said.add(id, bodies);
      this.#remembered(bodies);
      return bodies;
    }
    const before = entry.value;
    const fresh = bodies.filter((body) => !before.some((one) => isSame(one, body)));
    if (fresh.length > 0) entry.value = [...before, ...fresh];
    this.#remembered(fresh);
    return fresh;
  }

  /** Of a long log the oldest go for them, and never the last one. */
  #remembered(bodies: readonly FactBody[]): void {
    this.#saidChars += charsOf(bodies);
    if (!this.#isLong) return;
    while (this.#said.size > comparedMax || (this.#saidChars > comparedCharsMax && this.#said.size > 1))
      this.#saidChars -= charsOf(this.#said.shift() ?? nothing);
  }

  #session({ sessionId }: RecordValue): FactBody[] {
    if (this.#isNamed) return [];
    this.#isNamed = true;
    return [{ kind: "session", agentSessionId: citeValue(textOr(sessionId, "")) }];
  }
}

const nothing: readonly FactBody[] = [];

function charsOf(bodies: readonly FactBody[]): number {
  let chars = 0;
  for (const body of bodies) {
    if (body.kind === "result") chars += body.content.length;
    else if (body.kind === "text" || body.kind === "prompt") chars += body.text.length;
  }
  return chars;
}

/** Long texts are compared as they are, without a copy. */
function isSame(left: FactBody, right: FactBody): boolean {
  if (left.kind === "result" && right.kind === "result") {
    return left.callId === right.callId && left.content === right.content && left.isError === right.isError;
  }
  if (left.kind === "text" && right.kind === "text") return left.text === right.text;
  return left.kind === right.kind && canonicalJson(left) === canonicalJson(right);
}

function bodiesOf(message: RecordValue): readonly FactBody[] {
  const type = textOr(message.type, "");
  return decodeRecord(type, () => {
    if (type === "user") return personBodies(message);
    if (type === "gemini") return replyBodies(message);
    return silent.has(type) ? [] : [unknownType(`message ${type}`)];
  });
}
