/**
 * What a request asks for, read from its body and headers: a run and its options, the key of a repeat, who it is.
 *
 * Always: bounded, and refused by the name of the field.
 */
import { promptBytesMax } from "../session/dispatch.ts";
import { type Answer, refuse } from "./answer.ts";
import { type Body, flagField, textField } from "./body.ts";
import type { Routed } from "./routes.ts";

/** Prompts longer than an agent can take are refused by their bytes; this only bounds the field. */
export const promptCharsMax = 4 * promptBytesMax;
export const nameCharsMax = 200;

/** A prompt to be run, with all that goes with it. */
export function readSubmit(c: Routed, body: Body) {
  const prompt = textField(body, "prompt", promptCharsMax);
  const agent = textField(body, "agent", nameCharsMax);
  const model = textField(body, "model", nameCharsMax);
  const acknowledge = flagField(body, "acknowledge");
  const queue = flagField(body, "queue");
  const key = readKey(c);
  for (const field of [prompt, agent, model, acknowledge, queue]) if (typeof field === "object") return field;
  // It would end an argument of the agent's command line: the session could never be started.
  if (typeof model === "string" && model.includes("\0"))
    return { refusal: refuse(400, "bad-field", 'The field "model" must not hold a NUL character.') };
  if (typeof prompt !== "string")
    return { refusal: refuse(400, "bad-field", 'The field "prompt" is missing.') };
  if ("refusal" in key) return key;
  return {
    prompt,
    agent: typeof agent === "string" ? agent : "ada",
    acknowledge: acknowledge === true,
    queue: queue === true,
    ...(typeof model === "string" ? { model } : {}),
    ...key,
  };
}

/** The client's idempotency key, where it sent one. */
export function readKey(c: Routed): { readonly key?: string } | { readonly refusal: Answer } {
  const key = c.request.headers.get("idempotency-key");
  if (key === undefined) return {};
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return { key };
  return { refusal: refuse(400, "bad-key", "The Idempotency-Key must be 1 to 200 printable characters.") };
}

/** Who says so; for the record. */
export function whoOf(body: Body): string {
  return typeof body.who === "string" && body.who.trim() !== "" ? body.who.slice(0, nameCharsMax) : "user";
}
