/**
 * Ada's event log, `.coding-agent/events/<id>.jsonl`.
 *
 * A call is taken from `tool_call`, which Ada writes when it dispatches, and not from the reply that names it: the
 * reply of the model announces all its calls before the first of them runs, so a call that stands only there was
 * never started, and to report it as uncertain would be wrong.
 * The end of a turn is a reply with the stop reason `end_turn`; Ada writes no other.
 * Always: facts keep the bytes of their record; a result as long as Ada's limit is known to be cut.
 */
import * as z from "zod/mini";
import { citeValue } from "../../model/cite.ts";
import type { Damage, Fact, FactBody } from "../../model/fact.ts";
import { isRecord } from "../../model/json.ts";
import { type LineRecord, lineBytesMaxDefault, readLines } from "../lines.ts";
import { idSchema } from "./wire.ts";

/** Ada cuts results in its log at so many UTF-16 units. */
export const loggedResultCharsMax = 2_000;

const blockSchema = z.object({ type: z.string(), text: z.optional(z.string()) });

const schemas = {
  session_start: z.object({ model: z.optional(z.string()) }),
  user_message: z.object({ text: z.string() }),
  assistant_reasoning: z.object({ text: z.string() }),
  assistant_response: z.object({
    stopReason: z.nullish(z.string()),
    content: z.union([z.string(), z.array(z.unknown())]),
  }),
  tool_call: z.object({ id: idSchema, tool: idSchema, input: z.optional(z.unknown()) }),
  tool_result: z.object({
    toolCallId: idSchema,
    tool: z.optional(idSchema),
    content: z.string(),
    isError: z._default(z.boolean(), false),
  }),
} as const;

/** Types that are known and say nothing that is needed here. */
const silent = new Set(["policy_decision", "session_archived", "error", "session_end"]);

/** Reads the whole log. `asked`: the session id it should be of. */
export function readLog(
  bytes: Uint8Array,
  path: string,
  asked: string,
): { readonly facts: Fact[]; readonly damage: readonly Damage[] } {
  const options = { isRecord: isEvent, lineBytesMax: lineBytesMaxDefault };
  const { records, damage } = readLines(bytes, path, options);
  const read = recordReader(path, asked);
  return { facts: records.flatMap(read), damage };
}

/** Reads record after record of one log, in order. */
export function recordReader(path: string, asked: string): (record: LineRecord) => Fact[] {
  const strangers = new Set<string>();
  return (record) => {
    const bodies = [...strangerOf(record, asked, strangers), ...bodiesOf(record)];
    return bodies.map((body, k): Fact => ({ source: "L", path, range: record.range, k, body }));
  };
}

/** Every event has a type and its data. */
export function isEvent(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.type === "string" && isRecord(value.data);
}

/** A record of another session in this file: named once for each such id. */
function strangerOf({ value }: LineRecord, asked: string, seen: Set<string>): FactBody[] {
  const { sessionId, type } = value;
  if (typeof sessionId !== "string" || sessionId === asked || type === "session_start") return [];
  if (seen.has(sessionId)) return [];
  seen.add(sessionId);
  return [{ kind: "session", agentSessionId: citeValue(sessionId) }];
}

function bodiesOf({ value }: LineRecord): FactBody[] {
  const { type, data } = value;
  if (typeof type !== "string" || silent.has(type)) return [];
  switch (type) {
    case "session_start":
      return read(type, data, ({ model }) => [
        {
          kind: "session",
          agentSessionId: typeof value.sessionId === "string" ? citeValue(value.sessionId) : "",
          ...(model === undefined ? {} : { model }),
        },
      ]);
    case "user_message":
      return read(type, data, ({ text }) => [{ kind: "prompt", text }]);
    case "assistant_reasoning":
      return read(type, data, ({ text }) => [{ kind: "reasoning", text }]);
    case "assistant_response":
      return read(type, data, replyOf);
    case "tool_call":
      return read(type, data, ({ id, tool, input }) => [
        { kind: "call", callId: id, name: tool, input: input ?? null },
      ]);
    case "tool_result":
      return read(type, data, resultOf);
    default:
      return [{ kind: "unknown", type: type.slice(0, 200) }];
  }
}

function read<T extends keyof typeof schemas>(
  type: T,
  data: unknown,
  make: (data: z.infer<(typeof schemas)[T]>) => FactBody[],
): FactBody[] {
  const result = schemas[type].safeParse(data);
  if (!result.success) return [{ kind: "unreadable", reason: `${type} without the fields it should have` }];
  return make(result.data as z.infer<(typeof schemas)[T]>);
}

function replyOf({ stopReason, content }: z.infer<typeof schemas.assistant_response>): FactBody[] {
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const texts = blocks.flatMap((block): FactBody[] => {
    const { data } = blockSchema.safeParse(block);
    return data?.type === "text" && data.text !== undefined ? [{ kind: "text", text: data.text }] : [];
  });
  return stopReason === "end_turn"
    ? [...texts, { kind: "turn-end", outcome: "completed", reason: stopReason }]
    : texts;
}

function resultOf({ toolCallId, tool, content, isError }: z.infer<typeof schemas.tool_result>): FactBody[] {
  const cut = content.length >= loggedResultCharsMax;
  const name = tool === undefined ? {} : { name: tool };
  return [{ kind: "result", callId: toolCallId, content, isError, cut, ...name }];
}
