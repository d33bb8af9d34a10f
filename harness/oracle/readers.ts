/**
 * The oracle's own readers of an agent's files in a cut: Ada's log, its stdout (spool), and its snapshot.
 *
 * Always: tolerant. What cannot be read is a span with its byte range (lines.ts), and never hides its neighbours.
 * Never: nothing here is shared with the readers under test; a reader never throws on what it reads.
 */
import { isUtf8 } from "node:buffer";
import type { CutFile } from "../history.ts";
import { inAdasWords } from "./acp-reader.ts";
import { bytesOf, type LineRecord, type Lines, linesOf, objectOf, once, parseObject } from "./lines.ts";
import { isRollout, readRollout } from "./rollout-reader.ts";

/** A call as a file records it. */
export interface SeenCall {
  readonly callId: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly record: LineRecord;
}

/** A result as a file records it. */
export interface SeenResult {
  readonly callId: string;
  readonly content: string;
  readonly isError: boolean;
  readonly record: LineRecord;
}

/** One model reply in Ada's log. */
export interface SeenReply {
  readonly stopReason: string;
  readonly text: string;
  readonly toolUseIds: readonly string[];
}

/** Ada's log, read. */
export interface AgentLog {
  readonly path: string;
  readonly prompts: readonly string[];
  readonly replies: readonly SeenReply[];
  readonly calls: ReadonlyMap<string, SeenCall>;
  readonly results: ReadonlyMap<string, SeenResult>;
  /** The log's last turn (after its last prompt) holds the model's final reply. */
  readonly lastTurnEnded: boolean;
  readonly lines: Lines;
}

/** Characters at which Ada cuts a result in its log. */
export const logResultCharsMax = 2_000;

/** Reads an agent's log; undefined when the file was not there. */
export const readAgentLog: (file: CutFile) => AgentLog | undefined = once((file) => {
  const lines = linesOf(file);
  if (lines === undefined) return undefined;
  return isRollout(file.path) ? readRollout(file.path, lines) : readAdaLog(file.path, lines);
});

function readAdaLog(path: string, lines: Lines): AgentLog {
  const prompts: string[] = [];
  const replies: SeenReply[] = [];
  const calls = new Map<string, SeenCall>();
  const results = new Map<string, SeenResult>();
  let lastTurnEnded = false;
  for (const record of lines.records) {
    const data = objectOf(record.value.data) ?? {};
    switch (record.value.type) {
      case "user_message":
        prompts.push(textOf(data.text));
        lastTurnEnded = false;
        break;
      case "assistant_response": {
        const reply = replyOf(data);
        replies.push(reply);
        lastTurnEnded = reply.stopReason === "end_turn";
        break;
      }
      case "tool_call":
        if (typeof data.id === "string") calls.set(data.id, seenCall(data.id, data.tool, data.input, record));
        break;
      case "tool_result":
        if (typeof data.toolCallId === "string")
          results.set(data.toolCallId, seenResult(data.toolCallId, data, record));
        break;
      default:
        break;
    }
  }
  return { path, prompts, replies, calls, results, lastTurnEnded, lines };
}

/** The agent's stdout as a spool holds it. */
export interface Spool {
  readonly path: string;
  readonly texts: readonly string[];
  readonly calls: ReadonlyMap<string, SeenCall>;
  readonly results: ReadonlyMap<string, SeenResult>;
  readonly ended: boolean;
  /** The id that the agent gave its own session: without it nobody knows which log and snapshot are its. */
  readonly agentSessionId: string | undefined;
  readonly lines: Lines;
}

/** Reads raw stdout lines of Ada or of an agent that speaks ACP; undefined when the file was not there. */
export const readSpool: (file: CutFile) => Spool | undefined = once((file) => {
  const lines = linesOf(file);
  if (lines === undefined) return undefined;
  const texts: string[] = [];
  const calls = new Map<string, SeenCall>();
  const results = new Map<string, SeenResult>();
  let ended = false;
  let agentSessionId: string | undefined;
  for (const record of lines.records) {
    const value = inAdasWords(record.value);
    const type = value.type;
    if (type === "assistant.text") texts.push(textOf(value.text));
    else if (type === "run.started" && record.isTerminated) agentSessionId = textOf(value.sessionId);
    else if (type === "run.completed" || type === "run.failed") ended = true;
    else if (type === "tool.call" && typeof value.id === "string")
      calls.set(value.id, seenCall(value.id, value.name, value.input, record));
    else if (type === "tool.result" && typeof value.id === "string")
      results.set(value.id, seenResult(value.id, value, record));
  }
  return { path: file.path, texts, calls, results, ended, agentSessionId, lines };
});

/** Ada's snapshot, read. */
export interface Snapshot {
  readonly path: string;
  readonly prompts: readonly string[];
  readonly assistantTexts: readonly string[];
  readonly callIds: ReadonlySet<string>;
  readonly results: ReadonlyMap<string, { readonly content: string; readonly isError: boolean }>;
}

/** Reads Ada's snapshot: undefined when the file was not there, "unreadable" when it is no snapshot. */
export const readSnapshot: (file: CutFile) => Snapshot | "unreadable" | undefined = once((file) => {
  const bytes = bytesOf(file);
  if (bytes === undefined) return undefined;
  const value = isUtf8(bytes) ? parseObject(bytes.toString("utf8")) : undefined;
  if (value === undefined || !Array.isArray(value.messages)) return "unreadable";
  const prompts: string[] = [];
  const assistantTexts: string[] = [];
  const callIds = new Set<string>();
  const results = new Map<string, { content: string; isError: boolean }>();
  for (const message of value.messages.map(objectOf)) {
    if (message === undefined) continue;
    const texts = message.role === "assistant" ? assistantTexts : prompts;
    if (typeof message.content === "string") texts.push(message.content);
    else if (Array.isArray(message.content))
      for (const block of message.content.map(objectOf)) {
        if (block?.type === "text") texts.push(textOf(block.text));
        if (block?.type === "tool_use" && typeof block.id === "string") callIds.add(block.id);
        if (block?.type === "tool_result" && typeof block.toolUseId === "string")
          results.set(block.toolUseId, {
            content: textOf(block.content),
            isError: block.isError === true,
          });
      }
  }
  return { path: file.path, prompts, assistantTexts, callIds, results };
});

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

function seenCall(callId: string, name: unknown, input: unknown, record: LineRecord): SeenCall {
  return { callId, input, record, ...(typeof name === "string" ? { name } : {}) };
}

function seenResult(callId: string, from: Readonly<Record<string, unknown>>, record: LineRecord): SeenResult {
  return { callId, content: textOf(from.content), isError: from.isError === true, record };
}

function replyOf(data: Readonly<Record<string, unknown>>): SeenReply {
  const blocks = Array.isArray(data.content) ? data.content.map(objectOf) : [];
  const text = blocks
    .filter((block) => block?.type === "text")
    .map((block) => textOf(block?.text))
    .join("");
  const toolUseIds = blocks.flatMap((block) =>
    block?.type === "tool_use" && typeof block.id === "string" ? [block.id] : [],
  );
  return { stopReason: textOf(data.stopReason), text, toolUseIds };
}
