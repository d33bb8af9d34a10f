/**
 * A journal with known records, and the claim that every kind of damage is held to.
 */
import { expect } from "vitest";
import { type JournalHistory, type JournalRecord, readJournal, takeOver } from "../../src/journal/index.ts";
import { concat, MemoryFiles } from "./memory-files.ts";

export const folder = "/journal";
export const first = `${folder}/00000001.journal`;

const drafts: readonly (readonly [string, Record<string, unknown>])[] = [
  ["dispatch", { runId: "r1", prompt: 'say "hi"\n\tj1\t00000000\t5\t' }],
  ["spool", { attempt: 1, cover: { fromByte: 0, toByte: 310, crc: 4_000_000_000 } }],
  ["of-a-later-version", { deep: [{ ü: "日本語 🙂" }, null, -1.5e-7], empty: {} }],
  ["decision", {}],
  ["ended", { runId: "r1", exitCode: 0 }],
];

/** The segment of one life with six records (its own first one among them), and what they are. */
export async function sample(): Promise<{ bytes: Uint8Array; records: readonly JournalRecord[] }> {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, { pid: 1 });
  for (const [type, data] of drafts) expect(await journal.append(type, data)).toMatchObject({ ok: true });
  const { records, damage, late } = await readJournal(files, folder);
  expect({ damage, late, count: records.length }).toEqual({ damage: [], late: [], count: 6 });
  return { bytes: files.bytes(first), records };
}

/** Reads a damaged segment as the last one, without a seal. */
export async function readUnsealed(bytes: Uint8Array): Promise<JournalHistory> {
  const files = new MemoryFiles();
  files.put(first, bytes);
  return readJournal(files, folder);
}

/** Seals the whole segment by a later life, then damages it. The history returned is of the first segment alone. */
export async function readSealed(whole: Uint8Array, damaged: Uint8Array): Promise<JournalHistory> {
  const files = new MemoryFiles();
  files.put(first, whole);
  await takeOver(files, folder, { pid: 2 });
  files.put(first, damaged);
  const history = await readJournal(files, folder);
  expect(history.records.at(-1)).toMatchObject({ generation: 2, n: 1, type: "life" });
  return { ...history, records: history.records.filter((record) => record.generation === 1) };
}

/** The history holds exactly these of the records, each once, in order, with what they held. */
export function expectExactly(history: JournalHistory, records: readonly JournalRecord[]): void {
  expect(history.records.map(content)).toEqual(records.map(content));
}

function content({ generation, n, type, data }: JournalRecord): unknown {
  return { generation, n, type, data };
}

/** The lines of a segment, each with its newline. */
export function linesOf(bytes: Uint8Array, records: readonly JournalRecord[]): Uint8Array[] {
  return records.map(({ range }) => bytes.slice(range.fromByte, range.toByte));
}

export function without<T>(items: readonly T[], ...at: readonly number[]): T[] {
  return items.filter((_, i) => !at.includes(i));
}

export function flipped(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  return concat(bytes.subarray(0, at), Uint8Array.of((bytes[at] ?? 0) ^ mask), bytes.subarray(at + 1));
}
