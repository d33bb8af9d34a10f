/**
 * Appends: group commit, limits, order, closing.
 */
import { expect, test } from "vitest";
import { type Journal, type JournalOptions, readJournal, takeOver } from "../../src/journal/index.ts";
import { MemoryFiles } from "./memory-files.ts";
import { folder } from "./sample.ts";

async function opened(options?: JournalOptions): Promise<{ files: MemoryFiles; journal: Journal }> {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {}, options);
  files.calls.length = 0;
  return { files, journal };
}

const syncs = (files: MemoryFiles): number => files.calls.filter((call) => call.startsWith("sync ")).length;

test("append: those in flight share one sync; those that come meanwhile share the next", async () => {
  const { files, journal } = await opened();
  let open: (() => void) | undefined;
  files.hook = (call) =>
    call === "sync" && syncs(files) === 1 ? new Promise((resolve) => (open = resolve)) : undefined;
  const early = [1, 2, 3].map((x) => journal.append("early", { x }));
  while (open === undefined) await Promise.resolve();
  const late = [4, 5].map((x) => journal.append("late", { x }));
  open();
  const answers = await Promise.all([...early, ...late]);
  expect(answers.map((answer) => answer.ok && answer.n)).toEqual([2, 3, 4, 5, 6]);
  expect(syncs(files)).toBe(2);
});

test("append: the order is write, sync, look for a newer generation, answer", async () => {
  const { files, journal } = await opened();
  await journal.append("a", {}).then(() => files.calls.push("answer"));
  expect(files.calls.map((call) => call.split(" ")[0])).toEqual(["append", "sync", "list", "answer"]);
});

test("append: the answer names the bytes of the record, and a position that a snapshot can cover", async () => {
  const { files, journal } = await opened();
  const answers = await Promise.all([journal.append("a", { x: "ü" }), journal.append("b", {})]);
  const { records } = await readJournal(files, folder);
  for (const [i, answer] of answers.entries()) {
    if (!answer.ok) throw new Error(answer.detail);
    const { generation, n, range, path } = records[i + 1] ?? {};
    expect(answer).toMatchObject({ generation, n, range, path });
    expect(answer.position).toMatchObject({ generation, n, bytes: range?.toByte });
  }
  const last = answers[1];
  expect(journal.position()).toEqual(last?.ok && last.position);
});

test("append: data is taken as it is at the call", async () => {
  const { files, journal } = await opened();
  const data = { x: 1 };
  const answer = journal.append("a", data);
  data.x = 2;
  await answer;
  expect((await readJournal(files, folder)).records[1]?.data).toEqual({ x: 1 });
});

test("append: large appends are cut into groups", async () => {
  // A line takes at most 128 bytes and three for each character.
  const { files, journal } = await opened({ groupBytesMax: 2 * (128 + 3 * 50) });
  const data = { x: "y".repeat(40) };
  const answers = await Promise.all(Array.from({ length: 6 }, () => journal.append("a", data)));
  expect(answers.map((answer) => answer.ok && answer.n)).toEqual([2, 3, 4, 5, 6, 7]);
  expect(syncs(files)).toBe(3);
});

test("append: what cannot be recorded is misuse, and harms nothing", async () => {
  const { files, journal } = await opened({ recordBytesMax: 1000 });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const list: Record<string, unknown> = JSON.parse("[]");
  await expect(journal.append("a", circular)).rejects.toMatchObject({ code: "bad-argument" });
  await expect(journal.append("a", list)).rejects.toMatchObject({ code: "bad-argument" });
  await expect(journal.append("a", { toJSON: () => "text" })).rejects.toMatchObject({ code: "bad-argument" });
  await expect(journal.append("a", { x: "日".repeat(400) })).rejects.toMatchObject({ code: "bad-argument" });
  expect(files.calls).toEqual([]);
  // The largest record that is accepted is read back under the same limit.
  for (let length = 700; length < 1000; length += 1) {
    const fits = await journal.append("a", { x: "y".repeat(length) }).then(
      () => true,
      () => false,
    );
    if (!fits) break;
  }
  const { history } = await takeOver(files, folder, {}, { recordBytesMax: 1000 });
  expect(history.damage).toEqual([]);
  expect(history.records.length).toBeGreaterThan(100);
});

test("close: appends in flight are finished, later ones are answered", async () => {
  const { files, journal } = await opened();
  const early = journal.append("a", {});
  const closing = journal.close();
  expect(await journal.append("b", {})).toMatchObject({ ok: false, why: "closed" });
  expect(await early).toMatchObject({ ok: true, n: 2 });
  await closing;
  expect(journal.state).toBe("closed");
  expect((await readJournal(files, folder)).records.map(({ type }) => type)).toEqual(["life", "a"]);
});

test("append: a group is cut where it would grow beyond its limit, and one that is larger alone goes alone", async () => {
  const { files, journal } = await opened({ groupBytesMax: 2 * (128 + 3 * 52) });
  const sized = (length: number) => journal.append("a", { x: "y".repeat(length - 8) });
  await Promise.all([sized(50), sized(50), sized(50)]);
  expect(syncs(files)).toBe(2);
  files.calls.length = 0;
  const answers = await Promise.all([sized(500), sized(500)]);
  expect(answers.map(({ ok }) => ok)).toEqual([true, true]);
  expect(syncs(files)).toBe(2);
});

test("append: the longest record that is accepted is exactly as long as it may be", async () => {
  const { journal } = await opened({ recordBytesMax: 1000 });
  const overhead = '{"x":""}'.length + '"a"'.length + 128;
  await expect(journal.append("a", { x: "y".repeat(1001 - overhead) })).rejects.toMatchObject({
    code: "bad-argument",
  });
  expect(await journal.append("a", { x: "y".repeat(1000 - overhead) })).toMatchObject({ ok: true });
});

test("append: what cannot be written as JSON is refused with its cause", async () => {
  const { journal } = await opened();
  await expect(journal.append("a", { x: 1n })).rejects.toMatchObject({
    code: "bad-argument",
    cause: expect.any(TypeError),
  });
});

test("fence: a folder that is gone ends the journal, and what was refused once stays refused", async () => {
  const { files, journal } = await opened();
  files.folders.delete(folder);
  const answer = await journal.append("a", {});
  expect(answer).toMatchObject({ ok: false, why: "failed", detail: expect.stringContaining(folder) });
  expect(journal.state).toBe("failed");
  files.folders.add(folder);
  expect(await journal.checkFence()).toEqual(answer);
  expect(await journal.append("b", {})).toEqual(answer);
});

test("fence: the newest of many generations counts, and is named", async () => {
  const files = new MemoryFiles();
  for (let life = 1; life <= 2; life++) await takeOver(files, folder, { life });
  const { journal } = await takeOver(files, folder, { life: 3 });
  expect(await journal.checkFence()).toBeUndefined();
  await takeOver(files, folder, { life: 4 });
  expect(await journal.append("a", {})).toMatchObject({
    ok: false,
    why: "fenced",
    detail: expect.stringContaining("00000004.journal"),
  });
});

test("fence: a machine that lists at once is asked at once", async () => {
  const files = Object.assign(new MemoryFiles(), { listNow: () => ["00000001.journal", "00000002.journal"] });
  const { journal } = await takeOver(files, folder, {});
  expect(journal.state).toBe("fenced");
});
