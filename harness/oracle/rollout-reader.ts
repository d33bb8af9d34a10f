/**
 * The oracle's own reader of Codex's log, in the same words as Ada's.
 *
 * Always: tolerant, as all of the oracle's readers: what is no such record says nothing.
 */
import { type Lines, objectOf, parseObject } from "./lines.ts";
import type { AgentLog, SeenCall, SeenReply, SeenResult } from "./readers.ts";

export function isRollout(path: string): boolean {
  return /(^|\/)rollout-[^/]*\.jsonl$/.test(path);
}

export function readRollout(path: string, lines: Lines): AgentLog {
  const prompts: string[] = [];
  const replies: SeenReply[] = [];
  const calls = new Map<string, SeenCall>();
  const results = new Map<string, SeenResult>();
  let lastTurnEnded = false;
  for (const record of lines.records) {
    const payload = objectOf(record.value.payload) ?? {};
    const callId = typeof payload.call_id === "string" ? payload.call_id : undefined;
    switch (payload.type) {
      case "message":
        if (payload.role === "user") {
          prompts.push(wordsOf(payload.content));
          lastTurnEnded = false;
        } else replies.push({ stopReason: "", text: wordsOf(payload.content), toolUseIds: [] });
        break;
      case "function_call": {
        const input = typeof payload.arguments === "string" ? parseObject(payload.arguments) : undefined;
        if (callId !== undefined) calls.set(callId, { callId, input, record });
        break;
      }
      case "function_call_output": {
        const output = typeof payload.output === "string" ? payload.output : "";
        const [, code = "", content = ""] =
          /^Process exited with code (\d+)\nOutput:\n([\s\S]*)$/.exec(output) ?? [];
        if (callId !== undefined) results.set(callId, { callId, content, isError: code !== "0", record });
        break;
      }
      case "task_complete":
        lastTurnEnded = true;
        break;
      default:
        break;
    }
  }
  return { path, prompts, replies, calls, results, lastTurnEnded, lines };
}

function wordsOf(content: unknown): string {
  const blocks = Array.isArray(content) ? content.map(objectOf) : [];
  return blocks.map((block) => (typeof block?.text === "string" ? block.text : "")).join("");
}
