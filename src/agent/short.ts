/**
 * Facts with long texts shortened: head, tail and a sum of the whole, so that a long history is judged in little memory.
 *
 * Always: equal texts stay equal, different ones differ up to a 32-bit sum; a prompt stays whole, since turns are
 * recognised by it; what is shortened already is left as it is.
 */
import type { Fact, FactBody } from "../model/fact.ts";
import { isRecord } from "../model/json.ts";
import { isShortened, shortenResult } from "../model/result.ts";
import { textSum } from "./text-sum.ts";

export function shortFacts(facts: readonly Fact[], charsMax: number): Fact[] {
  return facts.map((fact) => {
    const body = shortBody(fact.body, charsMax);
    return body === fact.body ? fact : { ...fact, body };
  });
}

/** A body with long texts shortened. Prompts stay: turns are recognised by them. */
export function shortBody(body: FactBody, charsMax: number): FactBody {
  if (body.kind === "text" && body.text.length > charsMax)
    return { ...body, text: short(body.text, charsMax) };
  if (body.kind === "result" && body.content.length > charsMax)
    return { ...body, content: short(body.content, charsMax) };
  // Inputs say what to look for in the workspace: they are shortened only when they are large.
  if (body.kind === "call" && inputChars(body.input) > charsMax * inputTimes)
    return { ...body, input: shortInput(body.input, charsMax * inputTimes, 0) };
  return body;
}

const depthMax = 8;
const inputTimes = 16;

function shortInput(input: unknown, charsMax: number, depth: number): unknown {
  if (typeof input === "string") return short(input, charsMax);
  if (depth > depthMax) return input;
  if (Array.isArray(input)) return input.map((one) => shortInput(one, charsMax, depth + 1));
  if (!isRecord(input)) return input;
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, shortInput(value, charsMax, depth + 1)]),
  );
}

/**
 * Equal for equal texts and different for different ones, up to a 32-bit sum. A piece of a long text keeps the whole
 * of it alive, so it is copied.
 */
function short(text: string, charsMax: number): string {
  if (text.length <= charsMax || isShortened(text)) return text;
  return copied(shortenResult(text, `Sum ${textSum(text).toString(16).padStart(8, "0")}.`, charsMax));
}

function copied(text: string): string {
  return decoder.decode(encoder.encode(text));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** About how many characters an input has. */
export function inputChars(input: unknown): number {
  if (typeof input === "string") return input.length;
  if (typeof input !== "object" || input === null) return 16;
  let sum = 0;
  if (Array.isArray(input)) for (const one of input) sum += 16 + inputChars(one);
  else {
    const fields = input as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(fields)) sum += 16 + key.length + inputChars(fields[key]);
  }
  return sum;
}
