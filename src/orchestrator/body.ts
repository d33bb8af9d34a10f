/**
 * Request bodies: JSON objects of bounded size, read by hand.
 *
 * A schema library would cost more of a start than everything else in the server; the bodies have five fields.
 */
import type { HttpRequest } from "../model/http.ts";
import { type Answer, refuse } from "./answer.ts";

export const bodyBytesMax = 1024 * 1024;

export type Body = Readonly<Record<string, unknown>>;

/** The body as an object, `{}` when there is none; or a refusal. */
export async function readBody(
  request: HttpRequest,
): Promise<{ readonly body: Body } | { readonly refusal: Answer }> {
  const bytes = await readBounded(request);
  if (bytes === undefined) {
    return { refusal: refuse(413, "body-too-large", `The body has more than ${bodyBytesMax} bytes.`) };
  }
  if (bytes.length === 0) return { body: {} };
  try {
    const parsed: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return { body: parsed as Body };
    }
  } catch {
    // Answered below like any other body that is no object.
  }
  return { refusal: refuse(400, "bad-body", "The body is not a JSON object in UTF-8.") };
}

async function readBounded(request: HttpRequest): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > bodyBytesMax) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** A text field; undefined when it is absent. */
export function textField(
  body: Body,
  name: string,
  charsMax: number,
): string | undefined | { readonly refusal: Answer } {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && value.length <= charsMax) return value;
  return {
    refusal: refuse(
      400,
      "bad-field",
      `The field "${name}" must be a text of at most ${charsMax} characters.`,
    ),
  };
}

/** A yes or no; false when it is absent. */
export function flagField(body: Body, name: string): boolean | { readonly refusal: Answer } {
  const value = body[name];
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  return { refusal: refuse(400, "bad-field", `The field "${name}" must be true or false.`) };
}
