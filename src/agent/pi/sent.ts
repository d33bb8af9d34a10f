/**
 * What pi sends to its model when it resumes a session, from the entries of the session file.
 *
 * The history is the way from the file's last entry to the root along `parentId`; a parent that is not there counts as
 * the root. A compaction puts its summary in the place of what it sums up. An answer that broke off is left out, and
 * a call without a result gets one that says that there is none.
 * Always: pure; a cycle is walked once.
 */
import { isRecord } from "../../model/json.ts";
import { textOr } from "../resume-decode.ts";
import type { RecordValue } from "../resume-log.ts";
import type { Sent } from "../resume-types.ts";
import { blocksOf, isBrokenOff } from "./message.ts";

/** As much of an entry as decides what is sent. */
export interface Entry {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly type: string;
  readonly firstKeptId: string | undefined;
  readonly sends: readonly Sent[];
}

/** What one line of the file adds. */
export function entryOf(value: RecordValue): Entry | undefined {
  if (typeof value.id !== "string") return undefined;
  const message = isRecord(value.message) ? value.message : {};
  const type = textOr(value.type, "");
  return {
    id: value.id,
    parentId: typeof value.parentId === "string" ? value.parentId : undefined,
    type,
    firstKeptId: typeof value.firstKeptEntryId === "string" ? value.firstKeptEntryId : undefined,
    sends: type === "message" ? messageSends(message) : isTold(type) ? [{ role: "user" }] : [],
  };
}

function isTold(type: string): boolean {
  return type === "branch_summary" || type === "custom_message" || type === "compaction";
}

function messageSends(message: RecordValue): Sent[] {
  switch (message.role) {
    case "user":
    case "bashExecution":
    case "custom":
      return [{ role: "user" }];
    case "toolResult":
      return typeof message.toolCallId === "string"
        ? [{ role: "tool", callId: message.toolCallId, answer: "result" }]
        : [];
    case "assistant":
      return isBrokenOff(message) ? [] : blocksOf(message).flatMap(blockSends);
    default:
      return [];
  }
}

function blockSends({ type, text, id }: RecordValue): Sent[] {
  if (type === "text") return text === "" ? [] : [{ role: "assistant" }];
  return type === "toolCall" && typeof id === "string" ? [{ role: "assistant", callId: id }] : [];
}

export function sentOnResume(entries: readonly Entry[]): Sent[] {
  const history = sinceCompaction(wayTo(entries)).flatMap(({ sends }) => sends);
  return [...withSynthetic(history), { role: "user" }];
}

function wayTo(entries: readonly Entry[]): Entry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const way = new Set<Entry>();
  for (let entry = entries.at(-1); entry !== undefined && !way.has(entry); ) {
    way.add(entry);
    entry = entry.parentId === undefined ? undefined : byId.get(entry.parentId);
  }
  return [...way].reverse();
}

function sinceCompaction(way: readonly Entry[]): readonly Entry[] {
  const at = way.findLastIndex(({ type }) => type === "compaction");
  const compaction = way[at];
  if (compaction === undefined) return way;
  const from = way.findIndex(({ id }) => id === compaction.firstKeptId);
  const kept = from === -1 ? [] : way.slice(from, at).filter(({ type }) => type !== "compaction");
  return [compaction, ...kept, ...way.slice(at + 1)];
}

/** Calls that are open when the next message comes, or at the end, are answered there. */
function withSynthetic(history: readonly Sent[]): Sent[] {
  const sent: Sent[] = [];
  const open = new Set<string>();
  let isAnswering = false;
  const close = () => {
    for (const callId of open) sent.push({ role: "tool", callId, answer: "synthetic" });
    open.clear();
    isAnswering = false;
  };
  for (const one of history) {
    if (one.role === "tool" && one.callId !== undefined) {
      open.delete(one.callId);
      isAnswering = true;
    } else if (one.role === "user" || isAnswering) close();
    if (one.role === "assistant" && one.callId !== undefined) open.add(one.callId);
    sent.push(one);
  }
  close();
  return sent;
}
