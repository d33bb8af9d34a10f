/**
 * Rebuilds the messages of Ada's snapshot from everything that the sources know.
 *
 * Always: a turn that the snapshot covers already stays as it stands there, to the byte; in the others every
 * finished call is followed by its result in the next message, and roles alternate. A turn that was cut off ends
 * with a sentence that says so.
 * Never: a call without a result is in the messages: it belongs into the prompt, as unknown.
 */
import type { Fact } from "../../model/fact.ts";
import { mergeOrders } from "../../model/order.ts";
import { noteCut, shortenResult } from "../../model/result.ts";
import { isSamePrompt, saysPrompt, type Turn } from "../../model/turn.ts";
import type { CallVerdict } from "../../model/verdict.ts";
import type { SnapshotMessage } from "./snapshot.ts";

/** Stands where an interrupted turn breaks off. */
export const interruptedNote = "[This turn was interrupted here.]";

type Block = Readonly<Record<string, unknown>>;

interface Message {
  readonly role: "user" | "assistant";
  readonly content: string | readonly Block[];
}

export interface Rebuilt {
  readonly messages: readonly unknown[];
  /** Ids of calls whose result was too long to be handed over whole. */
  readonly shortened: ReadonlySet<string>;
}

/**
 * @param snapshot the messages as they stand now; their facts are those in `turns`.
 * @param callOf the verdict on a call of a turn, if its result is to be in the messages.
 * @param nextPrompt what the agent will be started with: the same words need not stand there twice.
 */
export function rebuildMessages(
  turns: readonly Turn[],
  snapshot: readonly SnapshotMessage[],
  callOf: (turn: Turn, callId: string) => CallVerdict | undefined,
  nextPrompt: string,
): Rebuilt {
  const owners = ownersOf(turns, snapshot);
  const messages: unknown[] = owners.get(undefined)?.map(({ raw }) => raw) ?? [];
  const shortened = new Set<string>();
  turns.forEach((turn, index) => {
    const next = turns[index + 1];
    if (isRetold(turn, next === undefined ? nextPrompt : promptOf(next))) return;
    const here = owners.get(turn) ?? [];
    if (isCovered(turn, callOf)) messages.push(...here.map(({ raw }) => raw));
    else {
      messages.push(...here.filter(isForeign).map(({ raw }) => raw));
      messages.push(...messagesOf(turn, callOf, shortened));
    }
    if (roleOf(messages.at(-1)) === "user") {
      messages.push({ role: "assistant", content: [{ type: "text", text: interruptedNote }] });
    }
  });
  return { messages, shortened };
}

/** Which turn each message belongs to; under `undefined` those before the first. */
function ownersOf(
  turns: readonly Turn[],
  snapshot: readonly SnapshotMessage[],
): Map<Turn | undefined, SnapshotMessage[]> {
  const turnOf = new Map<Fact, Turn>();
  for (const turn of turns) for (const fact of turn.S) turnOf.set(fact, turn);
  const owners = new Map<Turn | undefined, SnapshotMessage[]>();
  let owner: Turn | undefined;
  for (const message of snapshot) {
    owner = message.facts.map((fact) => turnOf.get(fact)).find((turn) => turn !== undefined) ?? owner;
    owners.set(owner, [...(owners.get(owner) ?? []), message]);
  }
  return owners;
}

/**
 * A prompt that never reached the agent and comes again is not told twice. One of which the next is only the end stays:
 * what was owed with it would else be asked by nobody any more.
 */
function isRetold(turn: Turn, nextPrompt: string | undefined): boolean {
  const isBare = turn.O.length + turn.L.length + turn.S.length === 0;
  const prompt = promptOf(turn);
  return isBare && prompt !== undefined && nextPrompt !== undefined && saysPrompt(nextPrompt, prompt);
}

/** What was asked; from the agent's own log where that has it, with what stood before it. */
function promptOf({ L, prompt }: Turn): string | undefined {
  const logged = L.find(({ body }) => body.kind === "prompt")?.body;
  return logged?.kind === "prompt" ? logged.text : prompt;
}

/** As the agent was given it: what a preface of ours named as unknown is named nowhere else. */
function toldOf(turn: Turn): string | undefined {
  const { L, given } = turn;
  return L.some(({ body }) => body.kind === "prompt") ? promptOf(turn) : (given ?? promptOf(turn));
}

/** Roles and blocks that are not understood are kept when their turn is rebuilt. */
function isForeign({ facts }: SnapshotMessage): boolean {
  return facts.every(({ body }) => body.kind === "unknown" || body.kind === "unreadable");
}

function roleOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "role" in message ? message.role : undefined;
}

type CallOf = (turn: Turn, callId: string) => CallVerdict | undefined;

/** Does the snapshot hold the whole turn, with nothing in it that has to go? */
function isCovered(turn: Turn, callOf: CallOf): boolean {
  const prompt = promptOf(turn);
  const hasPrompt = turn.S.some(
    ({ body }) => body.kind === "prompt" && isSamePrompt(body.text, prompt ?? body.text),
  );
  if (turn.S.length === 0 || (prompt !== undefined && !hasPrompt)) return false;
  const here = new Set(keysOf(turn.S, turn, callOf));
  const isComplete = itemsOf(turn, callOf).every((key) => here.has(key));
  const hasOnlyKnown = turn.S.every(({ body }) => {
    if (body.kind !== "call" && body.kind !== "result") return true;
    const call = callOf(turn, body.callId);
    return call !== undefined && call.modelKnows !== "wrongly" && call.modelKnows !== "no";
  });
  return isComplete && hasOnlyKnown;
}

/** Texts, calls and results of a turn in one order; a call that only a reply names stands where that does. */
function itemsOf(turn: Turn, callOf: CallOf): string[] {
  const all = [turn.L, turn.O, turn.S];
  const made = new Set(all.flat().flatMap(({ body }) => (body.kind === "call" ? [body.callId] : [])));
  const isNews = ({ body }: Fact) => body.kind !== "announced" || !made.has(body.callId);
  return mergeOrders(all.map((facts) => keysOf(facts.filter(isNews), turn, callOf)));
}

function keysOf(facts: readonly Fact[], turn: Turn, callOf: CallOf): string[] {
  const counts = new Map<string, number>();
  return facts.flatMap(({ body }) => {
    if (body.kind === "text") {
      if (body.text === "" || body.text === interruptedNote) return [];
      const count = (counts.get(body.text) ?? 0) + 1;
      counts.set(body.text, count);
      return [`text ${count} ${body.text}`];
    }
    if (body.kind !== "call" && body.kind !== "announced" && body.kind !== "result") return [];
    const kind = body.kind === "result" ? "result" : "call";
    return callOf(turn, body.callId) === undefined ? [] : [`${kind} ${body.callId}`];
  });
}

function messagesOf(turn: Turn, callOf: CallOf, shortened: Set<string>): Message[] {
  const messages: Message[] = [];
  const prompt = toldOf(turn);
  if (prompt !== undefined) messages.push({ role: "user", content: prompt });
  let blocks: Block[] = [];
  let open: CallVerdict[] = [];
  let hasResult = false;
  const flush = () => {
    if (blocks.length > 0) messages.push({ role: "assistant", content: blocks });
    if (open.length > 0) {
      messages.push({ role: "user", content: open.map((call) => resultBlock(turn, call, shortened)) });
    }
    blocks = [];
    open = [];
    hasResult = false;
  };
  for (const item of itemsOf(turn, callOf)) {
    if (item.startsWith("result ")) {
      hasResult = open.length > 0;
      continue;
    }
    const isText = item.startsWith("text ");
    if (open.length > 0 && (hasResult || isText)) flush();
    const call = isText ? undefined : callOf(turn, item.slice("call ".length));
    if (isText) blocks.push({ type: "text", text: item.replace(/^text \d+ /, "") });
    if (call !== undefined) {
      blocks.push({ type: "tool_use", id: call.id, name: call.name, input: call.input });
      open.push(call);
    }
  }
  flush();
  return messages;
}

function resultBlock(turn: Turn, call: CallVerdict, shortened: Set<string>): Block {
  const { content = "", isError = false, cut = false } = call.result ?? {};
  const whole = cut ? noteCut(content) : content;
  const sent = shortenResult(whole, placeOfWhole(turn, call.id));
  if (cut || sent !== whole) shortened.add(call.id);
  return { type: "tool_result", toolUseId: call.id, content: sent, isError };
}

function placeOfWhole(turn: Turn, callId: string): string {
  const fact = turn.O.find(({ body }) => body.kind === "result" && body.callId === callId);
  if (fact?.path === undefined) return "The whole text is not on record.";
  return `The whole text is in ${fact.path}, bytes ${fact.range.fromByte} to ${fact.range.toByte}.`;
}
