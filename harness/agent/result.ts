/**
 * A call's result: the step's result token at head and tail, filler between.
 *
 * Always: the same call gives the same result; the filler never cuts a surrogate pair.
 */
import type { StepTokens } from "../ledger.ts";
import type { Call } from "../plan/plan.ts";

const asciiUnit = 'ok line of output; path/to/file.ts:12 "quoted" \\ back\n';
/** Two-, three- and four-byte characters, a combining mark, a line separator that is no newline, an escape. */
const unicodeUnit = "grün 漢字 😀👩‍🚀 é\u2028\u001b[0m\tñ ";

/** `<token>h <filler> <token>t`; `resultChars` counts UTF-16 units. */
export function resultContent(call: Call, tokens: StepTokens): string {
  const filler = fillerOf(call.resultChars, call.style === "unicode" ? unicodeUnit : asciiUnit);
  return `${tokens.resultToken}h ${filler} ${tokens.resultToken}t`;
}

function fillerOf(chars: number, unit: string): string {
  const text = unit.repeat(Math.ceil(chars / unit.length)).slice(0, chars);
  const last = text.charCodeAt(text.length - 1);
  const isLoneLead = last >= 0xd800 && last <= 0xdbff;
  return isLoneLead ? `${text.slice(0, -1)}.` : text;
}
