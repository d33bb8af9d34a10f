/**
 * Words the first message to a resumed agent: what became of the work before it, then what the person asks.
 *
 * Always: one argument of a command line, so its size is bounded: ids and names first, inputs as far as they fit.
 * The person's words stand last, whole and unchanged, behind an empty line.
 */
import type { CallVerdict } from "../../model/verdict.ts";

/** A single argument may have 128 KiB on Linux, with its closing byte; the rest is room for the person's words. */
const prefaceBytesMax = 60_000;
const prefaceBytesMin = 8_000;
const promptBytesMax = 100_000;
const inputBytesMax = 4_000;
/** Enough for id and name of a usual call. */
const entryBytesMin = 60;

export interface Told {
  readonly handOverId: string;
  /** Started, and no source tells what became of them. */
  readonly unknown: readonly CallVerdict[];
  /** Known to have taken effect; nobody has their output. */
  readonly outputLost: readonly CallVerdict[];
  /** Results whose calls are lost: nobody has what was called. */
  readonly callLost: readonly CallVerdict[];
}

const encoder = new TextEncoder();

/** The prompt with its preface. */
export function prefaced(told: Told, prompt: string): string {
  const left = promptBytesMax - byteLength(prompt);
  const budget = Math.min(prefaceBytesMax, Math.max(prefaceBytesMin, left)) - 1_000;
  const count = Math.max(1, told.unknown.length + told.outputLost.length + told.callLost.length);
  const share = Math.max(entryBytesMin, Math.floor(budget / count));
  const listMax = Math.floor(budget / share);
  const paragraphs = [
    `[Hand-over ${told.handOverId}] The work before this message was interrupted. What was finished stands above with its results: do not do it again.`,
    ...section(
      "The outcome of the following tool calls is unknown. Each was started and its result was never recorded: it may have taken effect wholly, in part, or not at all. Look at the state of things first, and repeat a call only if its effect is not there.",
      told.unknown.slice(0, listMax),
      told.unknown.length,
      share,
    ),
    ...section(
      "The following tool calls took effect, but their output is lost. Do not repeat them.",
      told.outputLost.slice(0, Math.max(0, listMax - told.unknown.length)),
      told.outputLost.length,
      share,
    ),
    ...section(
      "The following results are on record, and what was called is lost. What they answer was done: do not do it again.",
      told.callLost.slice(0, Math.max(0, listMax - told.unknown.length - told.outputLost.length)),
      told.callLost.length,
      share,
      ({ result }) => result?.content,
    ),
  ];
  return `${paragraphs.join("\n\n")}\n\n${prompt}`;
}

/** `listed`: as many of the `count` calls as there is room for. */
function section(
  title: string,
  listed: readonly CallVerdict[],
  count: number,
  share: number,
  shown: (call: CallVerdict) => unknown = ({ input }) => input,
): string[] {
  if (count === 0) return [];
  const lines = listed.map((call) => {
    const head = shortened(`- ${plain(call.id)} ${plain(call.name)}`, share).trimEnd();
    const room = Math.min(inputBytesMax, share - byteLength(head) - 2);
    return `${head} ${shortened(JSON.stringify(shown(call)) ?? "", room)}`.trimEnd();
  });
  if (listed.length < count) lines.push(`- and ${count - listed.length} more`);
  return [`${title}\n${lines.join("\n")}`];
}

/** No control characters: NUL ends an argument, a newline would end the entry. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Surrogate}]/gu, "?");
}

/** Head and tail of a text that is too long, with what is missing between them. */
function shortened(text: string, bytesMax: number): string {
  if (byteLength(text) <= bytesMax) return text;
  for (let keep = Math.min(text.length, bytesMax); keep > 20; keep = Math.floor(keep * 0.8)) {
    const head = text.slice(0, Math.ceil(keep * 0.7)).replace(/[\ud800-\udbff]$/, "");
    const tail = text.slice(text.length - Math.floor(keep * 0.3)).replace(/^[\udc00-\udfff]/, "");
    const short = `${head} …(${text.length - head.length - tail.length} characters left out)… ${tail}`;
    if (byteLength(short) <= bytesMax) return short;
  }
  return "";
}

function byteLength(text: string): number {
  return encoder.encode(text).length;
}
