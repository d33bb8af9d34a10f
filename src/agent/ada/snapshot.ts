/**
 * Ada's snapshot, `.coding-agent/sessions/<id>.json`: what its resume sends to the model.
 *
 * Always: a message keeps its bytes in the file; what is no snapshot is damage and no facts.
 */
import * as z from "zod/mini";
import { citeValue } from "../../model/cite.ts";
import type { Fact, FactBody } from "../../model/fact.ts";
import { isRecord, jsonValueEnd, parseJson, skipBlank } from "../../model/json.ts";
import { isShortened } from "../../model/result.ts";
import { idSchema } from "./wire.ts";

/** A message as it stands in the file, and what it says. */
export interface SnapshotMessage {
  readonly raw: unknown;
  readonly facts: readonly Fact[];
}

export interface Snapshot {
  /** All fields of the file. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly messages: readonly SnapshotMessage[];
  readonly session?: Fact;
}

export type SnapshotRead =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly why: string };

const textBlock = z.object({ type: z.literal("text"), text: z.string() });
const callBlock = z.object({
  type: z.literal("tool_use"),
  id: idSchema,
  name: idSchema,
  input: z.optional(z.unknown()),
});
const resultBlock = z.object({
  type: z.literal("tool_result"),
  toolUseId: idSchema,
  content: z.union([z.string(), z.array(z.unknown())]),
  isError: z._default(z.boolean(), false),
});
const silentBlocks = new Set(["thinking", "reasoning", "image"]);

/** Reads a snapshot; never throws. */
export function readSnapshot(bytes: Uint8Array, path: string): SnapshotRead {
  if (bytes.length === 0) return { ok: false, why: "The snapshot is empty" };
  const fields = parse(bytes);
  if (fields === undefined) return { ok: false, why: "The snapshot is no JSON object" };
  if (!Array.isArray(fields.messages)) return { ok: false, why: "The snapshot has no list of messages" };
  const ranges = elementRanges(bytes, "messages");
  const messages = fields.messages.map((raw: unknown, index): SnapshotMessage => {
    const range = ranges[index] ?? { fromByte: 0, toByte: bytes.length };
    const facts = bodiesOf(raw).map((body, k): Fact => ({ source: "S", path, range, k, body }));
    return { raw, facts };
  });
  return { ok: true, snapshot: { fields, messages, ...sessionOf(fields, bytes.length, path) } };
}

function sessionOf(
  fields: Readonly<Record<string, unknown>>,
  length: number,
  path: string,
): { session?: Fact } {
  const { id, model } = fields;
  if (typeof id !== "string") return {};
  const named = typeof model === "string" ? { model } : {};
  const body: FactBody = { kind: "session", agentSessionId: citeValue(id), ...named };
  return { session: { source: "S", path, range: { fromByte: 0, toByte: length }, k: 0, body } };
}

function bodiesOf(message: unknown): FactBody[] {
  if (!isRecord(message)) return [{ kind: "unreadable", reason: "a message that is no object" }];
  const { role, content } = message;
  if (role !== "user" && role !== "assistant")
    return [{ kind: "unknown", type: `message ${citeValue(String(role))}` }];
  if (typeof content === "string") return [said(role, content)];
  if (!Array.isArray(content)) return [{ kind: "unreadable", reason: "a message without content" }];
  return content.flatMap((block: unknown) => blockBodies(role, block));
}

function said(role: "user" | "assistant", text: string): FactBody {
  return role === "user" ? { kind: "prompt", text } : { kind: "text", text };
}

function blockBodies(role: "user" | "assistant", block: unknown): FactBody[] {
  const text = textBlock.safeParse(block);
  if (text.success) return [said(role, text.data.text)];
  const call = callBlock.safeParse(block);
  if (call.success) {
    const { id, name, input } = call.data;
    return [{ kind: "call", callId: id, name, input: input ?? null }];
  }
  const result = resultBlock.safeParse(block);
  if (result.success) {
    const { toolUseId, isError } = result.data;
    const content = textOf(result.data.content);
    return [{ kind: "result", callId: toolUseId, content, isError, cut: isShortened(content) }];
  }
  const type = isRecord(block) ? String(block.type) : "";
  return silentBlocks.has(type) ? [] : [{ kind: "unknown", type: `block ${citeValue(type)}` }];
}

function textOf(content: string | readonly unknown[]): string {
  if (typeof content === "string") return content;
  const texts = content.map((part) => textBlock.safeParse(part).data?.text ?? "");
  return texts.join("");
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = parseJson(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of the elements of the list under a key of the outermost object; the file is known to be JSON. */
function elementRanges(bytes: Uint8Array, wanted: string): { fromByte: number; toByte: number }[] {
  let ranges: { fromByte: number; toByte: number }[] = [];
  let at = skipBlank(bytes, 0) + 1;
  for (;;) {
    at = skipBlank(bytes, at);
    const keyEnd = jsonValueEnd(bytes, at);
    if (keyEnd === undefined || bytes[at] !== 0x22) return ranges;
    const key: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(at, keyEnd)));
    at = skipBlank(bytes, skipBlank(bytes, keyEnd) + 1);
    const end = jsonValueEnd(bytes, at);
    if (end === undefined) return ranges;
    // Of a key that is there twice the last one counts, as for JSON.parse.
    if (key === wanted) ranges = elementsOf(bytes, at, end);
    at = skipBlank(bytes, end) + 1;
  }
}

function elementsOf(bytes: Uint8Array, from: number, to: number): { fromByte: number; toByte: number }[] {
  const ranges: { fromByte: number; toByte: number }[] = [];
  for (let at = skipBlank(bytes, from + 1); at < to - 1; ) {
    const end = jsonValueEnd(bytes, at);
    if (end === undefined || end > to) return ranges;
    ranges.push({ fromByte: at, toByte: end });
    at = skipBlank(bytes, skipBlank(bytes, end) + 1);
  }
  return ranges;
}
