/**
 * Ada's stdout with `--stream-json`: one JSON object a line.
 *
 * Always: total. A line that is no record is an `unreadable` fact, a type that is not known an `unknown` one.
 */
import * as z from "zod/mini";
import type { FactBody } from "../../model/fact.ts";
import { isRecord, parseJson } from "../../model/json.ts";

/** Longest line that is decoded, in UTF-16 units; longer ones are kept in the spool and not understood. */
export const lineCharsMax = 64 * 1024 * 1024;

/** Ids and names are looked up, cited and shown: an agent's id of a megabyte is no id. */
export const idSchema = z.string().check(z.minLength(1), z.maxLength(512));

const schemas = {
  "run.started": z.object({
    sessionId: idSchema,
    model: z.optional(z.string()),
    version: z.optional(z.string()),
  }),
  "assistant.text": z.object({ text: z.string() }),
  "assistant.reasoning": z.object({ text: z.string() }),
  "tool.call": z.object({ id: idSchema, name: idSchema, input: z.optional(z.unknown()) }),
  "tool.result": z.object({
    id: idSchema,
    name: z.optional(idSchema),
    content: z.string(),
    isError: z._default(z.boolean(), false),
  }),
  "run.completed": z.object({ status: z.optional(z.string()) }),
  "run.failed": z.object({ error: z.optional(z.unknown()), message: z.optional(z.unknown()) }),
} as const;

type Wire = {
  [T in keyof typeof schemas]: z.infer<(typeof schemas)[T]> & { readonly type: T };
}[keyof typeof schemas];

/** One line without its newline, as 0 or 1 facts. */
export function decodeLine(line: string): readonly FactBody[] {
  if (line.length > lineCharsMax) return [unreadable(`a line of ${line.length} characters`)];
  if (line.trim() === "") return [];
  const value = parseJson(line);
  if (!isRecord(value)) return [unreadable("not a JSON object")];
  const { type } = value;
  if (typeof type !== "string") return [unreadable("a JSON object without a type")];
  if (!isKnown(type)) return [{ kind: "unknown", type: type.slice(0, 200) }];
  const read = schemas[type].safeParse(value);
  if (!read.success) return [unreadable(`${type} without the fields it should have`)];
  return [factOf({ ...read.data, type } as Wire)];
}

function factOf(wire: Wire): FactBody {
  switch (wire.type) {
    case "run.started": {
      const { sessionId: agentSessionId, model, version } = wire;
      const extra = {
        ...(model === undefined ? {} : { model }),
        ...(version === undefined ? {} : { version }),
      };
      return { kind: "session", agentSessionId, ...extra };
    }
    case "assistant.text":
      return { kind: "text", text: wire.text };
    case "assistant.reasoning":
      return { kind: "reasoning", text: wire.text };
    case "tool.call":
      return { kind: "call", callId: wire.id, name: wire.name, input: wire.input ?? null };
    case "tool.result": {
      const { id: callId, name, content, isError } = wire;
      return {
        kind: "result",
        callId,
        content,
        isError,
        cut: false,
        ...(name === undefined ? {} : { name }),
      };
    }
    case "run.completed":
      return { kind: "turn-end", outcome: "completed", ...reasonOf(wire.status) };
    case "run.failed":
      return { kind: "turn-end", outcome: "failed", ...reasonOf(wire.error ?? wire.message) };
  }
}

function reasonOf(value: unknown): { readonly reason?: string } {
  if (value === undefined || value === null) return {};
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { reason: text.slice(0, 1_000) };
}

function isKnown(type: string): type is keyof typeof schemas {
  return Object.hasOwn(schemas, type);
}

function unreadable(reason: string): FactBody {
  return { kind: "unreadable", reason };
}
