/**
 * The hand-over to an agent whose store is closed to us: nothing is written, and the first message says what the
 * agent's own history lacks or has wrong.
 *
 * Always: pure; one argument of a command line, so it has at most {@link promptBytesMax} bytes as long as the person's
 * words have; those stand last, whole and unchanged, behind an empty line. Ids and names come before inputs, inputs
 * before results.
 * Never: a call that the agent's model knows already is not told again.
 */
import { citeValue } from "../model/cite.ts";
import { saysPrompt } from "../model/turn.ts";
import type { CallVerdict, ModelKnows } from "../model/verdict.ts";
import type { HandOver, HandOverRequest } from "./contract.ts";
import type { Sent } from "./resume-types.ts";

/** A single argument may have 128 KiB on Linux, with its closing byte. */
export const promptBytesMax = 100_000;
const prefaceBytesMin = 8_000;
const inputBytesMax = 4_000;
/** Enough for id and name of a usual call. */
const entryBytesMin = 80;
/** What stands around the entries. */
const frameBytes = 1_500;

interface Entry {
  readonly call: CallVerdict;
  readonly as: "result" | "unknown";
}

/** Does the model, sent this history, know the call's outcome? `effect` is what the sources say of it. */
export function knowsOf(sent: readonly Sent[], { id, effect }: CallVerdict): ModelKnows {
  const answers = sent.filter(({ role, callId }) => role === "tool" && callId === id);
  if (answers.some(({ answer }) => answer === "result")) return "yes";
  if (answers.length === 0) return "no";
  return effect === "unknown" || effect === "partly" ? "unknown" : "wrongly";
}

/** As much of a request as words need. */
export type WordsRequest = Pick<
  HandOverRequest,
  "verdict" | "prompt" | "earlierPrompts" | "handOverId" | "sources" | "sent"
>;

/** Words the hand-over of a session whose store nobody but the agent writes, or that the agent will not read. */
export function handOver(request: WordsRequest): HandOver {
  const { verdict, sent } = request;
  const entries = verdict.calls.flatMap((call, index): Entry[] => {
    const as = verdict.recovery.sends[index]?.as;
    return as === "result" || as === "unknown" ? [{ call, as }] : [];
  });
  const shared = sharedIds(verdict.calls);
  const told = entries.filter(({ call, as }) => {
    if (as === "unknown") return true;
    if (sent === undefined) return call.modelKnows !== "yes";
    // An answer that is sent may be that of another call of the same id.
    return knowsOf(sent, call) !== "yes" || (shared.has(call.id) && call.modelKnows !== "yes");
  });
  const { text, shortened } = worded(told, request, lostPrompts(request));
  return {
    prompt: text,
    repairs: [],
    sends: entries.map(({ call: { id: callId }, as }) => ({ callId, as, shortened: shortened.has(callId) })),
  };
}

/** Ids that several calls have: some models count anew in each turn. */
function sharedIds(calls: readonly CallVerdict[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { id } of calls) (seen.has(id) ? shared : seen).add(id);
  return shared;
}

/** What the person asked for earlier and the agent's store does not have. */
function lostPrompts({ earlierPrompts, sources, prompt }: WordsRequest): string[] {
  const store = sources.filter(({ source }) => source === "L" || source === "S");
  if (store.every(({ status }) => status !== "read")) return [];
  const kept = store.flatMap(({ facts }) =>
    facts.flatMap(({ body }) => (body.kind === "prompt" ? [body.text] : [])),
  );
  const lost = earlierPrompts.map(({ text }) => text);
  return lost.filter(
    (text) => ![...kept, prompt].some((other) => saysPrompt(other.trimEnd(), text.trimEnd())),
  );
}

function worded(
  told: readonly Entry[],
  { handOverId, prompt }: WordsRequest,
  lost: readonly string[],
): { readonly text: string; readonly shortened: ReadonlySet<string> } {
  const shortened = new Set<string>();
  if (told.length === 0 && lost.length === 0) return { text: prompt, shortened };
  const budget = Math.max(prefaceBytesMin, promptBytesMax - byteLength(prompt)) - frameBytes;
  const lostTexts = lost.map((text) => short(text, Math.floor(budget / 4 / lost.length)));
  const left = budget - lostTexts.reduce((sum, text) => sum + byteLength(text), 0);
  const listed = told.slice(0, Math.max(1, Math.floor(left / entryBytesMin)));
  const shares = sharesOf(listed, left);
  const lines = new Map(listed.map((entry, at) => [entry, entryText(entry, shares[at] ?? 0, shortened)]));
  const section = (as: Entry["as"], title: string) => {
    const all = told.filter((entry) => entry.as === as);
    const here = all.flatMap((entry) => lines.get(entry) ?? []);
    const more = all.length > here.length ? [`- and ${all.length - here.length} more`] : [];
    return all.length === 0 ? [] : [[title, ...here, ...more].join("\n")];
  };
  const paragraphs = [
    `[Hand-over ${handOverId}] The work before this message was interrupted, and the conversation above may lack what happened last. What follows is on record.`,
    ...lostTexts.map((text) => `You had been asked: ${text}`),
    ...section(
      "result",
      "These tool calls were finished, whatever stands above. Their effects are there: do not repeat them.",
    ),
    ...section(
      "unknown",
      "The outcome of these tool calls is unknown, even if it says above that they were stopped or not done. Each was started and its result was never recorded: it may have taken effect wholly, in part, or not at all. Look at the state of things first, and repeat a call only if its effect is not there.",
    ),
  ];
  return { text: `${paragraphs.join("\n\n")}\n\n${prompt}`, shortened };
}

/** Short entries leave their room to long ones. */
function sharesOf(entries: readonly Entry[], budget: number): number[] {
  const wanted = entries.map(({ call }) => {
    const input = Math.min(inputBytesMax, byteLength(JSON.stringify(call.input) ?? ""));
    return byteLength(`${call.id}${call.name}`) + input + byteLength(call.result?.content ?? "") + 120;
  });
  const order = wanted.map((_, at) => at).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const shares = wanted.map(() => 0);
  let left = budget;
  order.forEach((at, done) => {
    const share = Math.min(wanted[at] ?? 0, Math.floor(left / (order.length - done)));
    shares[at] = share;
    left -= share;
  });
  return shares;
}

function entryText({ call, as }: Entry, share: number, shortened: Set<string>): string {
  const head = short(`- ${plain(call.id)} ${plain(call.name)}`, share);
  const left = share - byteLength(head);
  // The result may have two thirds of the room, and what the input leaves.
  const resultMin =
    as === "result" ? Math.min(byteLength(call.result?.content ?? "") + 60, (left * 2) / 3) : 0;
  const inputMax = Math.min(inputBytesMax, Math.floor(left - resultMin));
  const input = short(JSON.stringify(call.input) ?? "", inputMax);
  const asked = `${head} ${input}`.trimEnd();
  if (as === "unknown") return asked;
  const { result } = call;
  if (result === undefined) return `${asked}\n  It took effect; its output is lost.`;
  const word = result.isError ? "It failed with" : "Its result";
  const content = short(result.content.replaceAll("\0", "\ufffd"), share - byteLength(asked) - 60);
  if (content !== result.content || result.cut) shortened.add(call.id);
  const note = result.cut ? " (only a part is on record)" : "";
  return `${asked}\n  ${word}${note}:\n${content}`;
}

/** No control characters: NUL ends an argument, a newline would end the entry. */
function plain(text: string): string {
  return citeValue(text.replace(/[\p{Cc}\p{Surrogate}]/gu, "?"));
}

/** Head and tail of a text that is too long, with what is missing between them. */
function short(text: string, bytesMax: number): string {
  if (byteLength(text) <= bytesMax) return text;
  for (let keep = Math.min(text.length, bytesMax); keep > 20; keep = Math.floor(keep * 0.8)) {
    const head = text.slice(0, Math.ceil(keep * 0.6)).replace(/[\ud800-\udbff]$/, "");
    const tail = text.slice(text.length - Math.floor(keep * 0.4)).replace(/^[\udc00-\udfff]/, "");
    const kept = `${head} …(${text.length - head.length - tail.length} characters left out)… ${tail}`;
    if (byteLength(kept) <= bytesMax) return kept;
  }
  return "";
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
