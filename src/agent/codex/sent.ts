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
  return sentOf(items.map(sendOf));
}

/** What one item adds by itself. */
export function sendOf(item: HistoryItem): Sent {
  if (item.kind === "text") return { role: item.role };
  const { kind, callId } = item;
  if (kind === "call") return { role: "assistant", callId };
  return { role: "tool", callId, answer: kind === "answer" ? "result" : "synthetic" };
}

/** The history of what the items add by themselves. */
export function sentOf(sends: readonly Sent[]): Sent[] {
  const made = new Set<string>();
  const answered = new Set<string>();
  for (const { role, callId } of sends)
    if (callId !== undefined) (role === "tool" ? answered : made).add(callId);
  const history = sends.flatMap((one): Sent[] => {
    const { role, callId } = one;
    if (callId === undefined) return [one];
    if (role === "tool") return made.has(callId) ? [one] : [];
    return answered.has(callId) ? [one] : [one, { role: "tool", callId, answer: "synthetic" }];
  });
  return [...history, { role: "user" }];
}
