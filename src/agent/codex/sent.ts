/**
 * What Codex sends to its model when it resumes a rollout.
 *
 * Every response item since the last compaction, in order; a call that nothing answers gets an answer right behind
 * it that says "aborted"; an answer without a call is left out.
 * Always: pure.
 */
import type { Sent } from "../resume-types.ts";
import type { HistoryItem } from "./rollout.ts";

export function sentOnResume(items: readonly HistoryItem[]): Sent[] {
  const made = new Set<string>();
  const answered = new Set<string>();
  for (const item of items) {
    if (item.kind === "call") made.add(item.callId);
    if (item.kind === "answer") answered.add(item.callId);
  }
  const history = items.flatMap((item): Sent[] => {
    if (item.kind === "text") return [{ role: item.role }];
    const { callId } = item;
    if (item.kind === "answer") return made.has(callId) ? [{ role: "tool", callId, answer: "result" }] : [];
    const call: Sent = { role: "assistant", callId };
    return answered.has(callId) ? [call] : [call, { role: "tool", callId, answer: "synthetic" }];
  });
  return [...history, { role: "user" }];
}
