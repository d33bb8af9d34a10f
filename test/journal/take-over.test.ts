/**
 * One writer at a time, without locks: generations, seals, late writes, races.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Appended, crc32, type Journal, readJournal, takeOver } from "../../src/journal/index.ts";
import { encodeRecord } from "../../src/journal/record.ts";
import { unsyncedBytesMax } from "../../src/journal/types.ts";
import { IoError } from "../../src/model/ports.ts";
import { bytesOf, MemoryFiles } from "./memory-files.ts";
import { flipped, folder } from "./sample.ts";

const segment = (generation: number): string => `${folder}/${String(generation).padStart(8, "0")}.journal`;

async function ok(answer: Promise<Appended>): Promise<Appended & { ok: true }> {
  const appended = await answer;
  if (!appended.ok) throw new Error(appended.detail);
  return appended;
}

test("take-over: an empty folder becomes generation 1, and the history is what was read", async () => {
  const files = new MemoryFiles();
  expect(await readJournal(files, folder)).toEqual({ records: [], damage: [], late: [], generation: 0 });
  const { journal, history } = await takeOver(files, folder, { pid: 5 });
  expect(journal).toMatchObject({ generation: 1, state: "open" });
  expect(history).toMatchObject({
    generation: 1,
    damage: [],
    records: [{ type: "life", data: { pid: 5, seals: [] } }],
  });
  expect(await readJournal(files, folder)).toEqual(history);
  await ok(journal.append("a", { x: 1 }));
  const second = await takeOver(files, folder, { pid: 6 });
  expect(second.history.records.map(({ generation, n, type }) => [generation, n, type])).toEqual([
    [1, 1, "life"],
    [1, 2, "a"],
    [2, 1, "life"],
  ]);
  expect(await readJournal(files, folder)).toEqual(second.history);
});

test("take-over: the older life is fenced, and what it still writes is late", async () => {
  const files = new MemoryFiles();
  const { journal: older } = await takeOver(files, folder, {});
  const kept = await ok(older.append("kept", {}));
  const { journal } = await takeOver(files, folder, {});
  expect(await older.append("too-late", { x: 1 })).toMatchObject({ ok: false, why: "fenced" });
  expect(older.state).toBe("fenced");
  const before = files.bytes(segment(1)).length;
  expect(await older.append("never", {})).toMatchObject({ ok: false, why: "fenced" });
  expect(files.bytes(segment(1)).length).toBe(before);
  files.appendTo(segment(1), bytesOf("torn"));
  expect((await journal.lateWrites()).map(({ generation, text }) => [generation, text.slice(-4)])).toEqual([
    [1, expect.any(String)],
    [1, "torn"],
  ]);

  for (const history of [await readJournal(files, folder), (await takeOver(files, folder, {})).history]) {
    expect(history.records.map(({ type }) => type).slice(0, 3)).toEqual(["life", "kept", "life"]);
    expect(history.damage).toEqual([]);
    expect(history.late).toMatchObject([
      { generation: 1, path: segment(1), range: { fromByte: kept.range.toByte, toByte: before } },
      { generation: 1, text: "torn", range: { fromByte: before, toByte: before + 4 } },
    ]);
    expect(history.late[0]?.text).toContain('"too-late"');
  }
  expect(journal.state).toBe("open");
});

test("take-over: a late write that completes a torn tail stays evidence", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  const { range } = await ok(journal.append("a", { x: 1 }));
  const whole = files.bytes(segment(1));
  files.put(segment(1), whole.slice(0, range.toByte - 4));
  await takeOver(files, folder, {});
  files.appendTo(segment(1), whole.slice(range.toByte - 4));
  const history = await readJournal(files, folder);
  expect(history.records.map(({ type }) => type)).toEqual(["life", "life"]);
  expect(history.damage).toMatchObject([
    { code: "torn-tail", range: { fromByte: range.fromByte, toByte: range.toByte - 4 } },
  ]);
  expect(history.late).toMatchObject([{ range: { fromByte: range.toByte - 4, toByte: range.toByte } }]);
});

test("take-over: nothing is ever appended to a file of an earlier life", async () => {
  const files = new MemoryFiles();
  for (let life = 0; life < 4; life++) {
    const before = new Map([...files.nodes].map(([path, node]) => [path, node.bytes]));
    const { journal } = await takeOver(files, folder, { life });
    await ok(journal.append("a", {}));
    // The life ends in the middle of a line.
    files.appendTo(segment(life + 1), bytesOf("j1\tto"));
    for (const [path, bytes] of before) expect(files.bytes(path)).toEqual(bytes);
  }
  const { damage, records } = await readJournal(files, folder);
  expect(records.filter(({ type }) => type === "a").length).toBe(4);
  expect(damage.map(({ code }) => code)).toEqual(["torn-tail", "torn-tail", "torn-tail", "torn-tail"]);
});

test("take-over: a seal holds even if the record that first stated it is damaged later", async () => {
  const files = new MemoryFiles();
  await takeOver(files, folder, {});
  await takeOver(files, folder, {});
  await takeOver(files, folder, {});
  files.appendTo(segment(1), bytesOf("late\n"));
  files.put(segment(2), flipped(files.bytes(segment(2)), 20, 1));
  const history = await readJournal(files, folder);
  expect(history.late).toMatchObject([{ generation: 1, text: "late" }]);
  expect(history.records.map(({ generation }) => generation)).toEqual([1, 3]);
  expect(history.damage).toMatchObject([{ code: "checksum", path: segment(2) }]);
});

test("take-over: a missing segment and one that cannot be read are damage, the others stand", async () => {
  const files = new MemoryFiles();
  for (let life = 0; life < 4; life++) await takeOver(files, folder, { life });
  await files.remove(segment(2));
  files.hook = (call, path) => {
    if (call === "read" && path === segment(3)) throw new IoError("EIO", path, call);
  };
  const history = await readJournal(files, folder);
  expect(history.records.map(({ data }) => data.life)).toEqual([0, 3]);
  expect(history.damage).toMatchObject([
    { code: "log-missing", path: segment(2) },
    { code: "log-unreadable", path: segment(3) },
  ]);
});

test("take-over: a stray segment with a number far above is read as one, with one damage for all that are missing below", async () => {
  for (const stray of [99_999_999, 12_345_678]) {
    const files = new MemoryFiles();
    for (let life = 0; life < 4; life++) await takeOver(files, folder, { life });
    await files.remove(segment(2));
    files.put(segment(stray), bytesOf("?"));
    const { journal, history } = await takeOver(files, folder, { life: 4 });
    expect(journal.generation).toBe(stray + 1);
    expect(history.records.map(({ data }) => data.life)).toEqual([0, 2, 3, 4]);
    const gap = `The segments 00000005.journal to ${stray - 1}.journal are missing from the folder.`;
    expect(history.damage).toMatchObject([
      { code: "log-missing", path: segment(2), detail: "The segment is missing from the folder." },
      { code: "log-missing", path: segment(5), detail: gap },
      { code: "torn-tail", path: segment(stray) },
    ]);
    // It is a segment like any other: the next life sees it, and fences it.
    const next = await takeOver(files, folder, { life: 5 });
    expect(next.journal.generation).toBe(stray + 2);
    expect(next.history.records.map(({ data }) => data.life)).toEqual([0, 2, 3, 4, 5]);
    expect(await journal.append("a", {})).toMatchObject({ ok: false, why: "fenced" });
  }
});

test("take-over: behind the last number that has a name nothing begins, since nobody would see it", async () => {
  const files = new MemoryFiles();
  await takeOver(files, folder, {});
  files.put(segment(999_999_999_999_999), bytesOf("?"));
  await expect(takeOver(files, folder, {})).rejects.toThrow(/999999999999999\.journal.*move that file away/);
  expect(await files.list(folder)).toEqual(["00000001.journal", "999999999999999.journal"]);
});

test("take-over: foreign names in the folder are nobody's", async () => {
  const files = new MemoryFiles();
  for (const name of ["1.journal", "00000000.journal", "000000002.journal", "00000003.journal.tmp", "x"]) {
    files.put(`${folder}/${name}`, bytesOf("?"));
  }
  const { journal, history } = await takeOver(files, folder, {});
  expect(journal.generation).toBe(1);
  expect(history.damage).toEqual([]);
});

test("take-over: what is sealed was synced before, so that a power cut does not take it", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  files.hook = (call) => {
    return call === "sync" ? new Promise(() => undefined) : undefined;
  };
  void journal.append("written-not-synced", {});
  for (let i = 0; i < 20; i++) await Promise.resolve();
  files.hook = () => undefined;
  const { history } = await takeOver(files, folder, {});
  expect(history.records.map(({ type }) => type)).toContain("written-not-synced");
  const { damage, records } = await readJournal(files.afterPowerCut(), folder);
  expect(damage).toEqual([]);
  expect(records.map(({ type }) => type)).toContain("written-not-synced");
});

test("take-over: an older segment that cannot be synced ends it with the error", async () => {
  const files = new MemoryFiles();
  await takeOver(files, folder, {});
  files.hook = (call, path) => {
    if (call === "renew") throw new IoError("EIO", path, "fdatasync");
  };
  await expect(takeOver(files, folder, {})).rejects.toThrow("EIO");
  expect(files.calls.filter((call) => call.startsWith("renew"))).toHaveLength(2);
  files.hook = () => undefined;
  expect((await takeOver(files, folder, {})).journal).toMatchObject({ generation: 3, state: "open" });
});

test("take-over: what may not be on the disk is written anew, and no more of a long segment than that", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  const text = "x".repeat(10_000);
  for (let i = 0; i < 60; i++) await ok(journal.append("synced", { i, text }));
  let letSync: (() => void) | undefined;
  files.hook = (call) => (call === "sync" ? new Promise((resolve) => (letSync = resolve)) : undefined);
  const sizeBytes = files.bytes(segment(1)).length;
  const waiting = Array.from({ length: 300 }, (_, i) => journal.append("written", { i, text }));
  for (let i = 0; i < 2_000; i++) await Promise.resolve();
  const synced = files.nodes.get(segment(1))?.synced.length ?? 0;
  // Nothing more is written while so much is not synced.
  expect(synced).toBe(sizeBytes);
  expect(files.bytes(segment(1)).length - synced).toBeLessThan(unsyncedBytesMax);
  expect(files.bytes(segment(1)).length - synced).toBeGreaterThan(unsyncedBytesMax / 2);
  files.hook = () => undefined;
  const { history } = await takeOver(files, folder, {});
  const [renewed] = files.calls.filter((call) => call.startsWith("renew"));
  const fromByte = Number(renewed?.split(" ")[2]);
  expect(fromByte).toBeGreaterThan(0);
  expect(fromByte).toBeLessThanOrEqual(synced);
  expect((await readJournal(files.afterPowerCut(), folder)).records).toEqual(history.records);
  letSync?.();
  await Promise.all(waiting);
});

test("take-over: the stamp of a segment is the one that it has when it is sealed", async () => {
  const files = new MemoryFiles();
  await takeOver(files, folder, {});
  files.stamps.set(segment(1), "opened");
  files.hook = (call) => {
    if (call === "renew") files.stamps.set(segment(1), "renewed");
  };
  const { seals } = await takeOver(files, folder, {});
  expect(seals).toMatchObject([{ generation: 1, stamp: "renewed" }]);
});

test("take-over: life data that is no JSON object is misuse, and creates nothing", async () => {
  const files = new MemoryFiles();
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  await expect(takeOver(files, folder, circular)).rejects.toThrow(/cannot be written as JSON/);
  expect(files.calls).toEqual([]);
});

/** Two lives whose every call to the machine is put in some order. */
test("races: whatever the interleaving, what was acknowledged is in the history that stands, once and in order", async () => {
  let bothAcknowledged = 0;
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.nat(2), fc.nat(60), async (scheduler, earlier, headStart) => {
      const files = new MemoryFiles();
      for (let life = 0; life < earlier; life++) await takeOver(files, folder, { earlier: life });
      files.hook = (call, path) => scheduler.schedule(Promise.resolve(), `${call} ${path}`);
      const acknowledged: string[][] = [[], []];
      const life = async (me: 0 | 1): Promise<Journal> => {
        for (let step = 0; me === 1 && step < headStart; step++)
          await scheduler.schedule(Promise.resolve(), "not yet");
        const { journal } = await takeOver(files, folder, { me });
        const append = async (name: string): Promise<void> => {
          if ((await journal.append(name, { me })).ok) acknowledged[me]?.push(name);
        };
        await append(`${me}a`);
        await Promise.all([append(`${me}b`), append(`${me}c`)]);
        await append(`${me}d`);
        return journal;
      };
      const [left, right] = await scheduler.waitFor(Promise.all([life(0), life(1)]));
      files.hook = () => undefined;
      expect(left.generation).not.toBe(right.generation);
      const newest = left.generation > right.generation ? left : right;
      expect(newest.state).toBe("open");
      if (acknowledged.every((names) => names.length > 0)) bothAcknowledged++;
      for (const world of [files, files.afterPowerCut()]) {
        const { records, damage } = await readJournal(world, folder);
        const seen = records.map(({ type }) => type);
        expect(damage).toEqual([]);
        for (const names of acknowledged) expect(seen.filter((type) => names.includes(type))).toEqual(names);
        expect(new Set(seen.filter((type) => type !== "life")).size).toBe(
          seen.filter((type) => type !== "life").length,
        );
      }
    }),
    { numRuns: 300 },
  );
  // The property speaks of something: in some runs the older life got records through before it was fenced.
  expect(bothAcknowledged).toBeGreaterThan(0);
});

test("take-over: a life that is overtaken before its first record is synced is born fenced", async () => {
  const files = new MemoryFiles();
  let overtaken = false;
  files.hook = async (call) => {
    if (call !== "sync" || overtaken) return;
    overtaken = true;
    await takeOver(files, folder, { life: "faster" });
  };
  const { journal } = await takeOver(files, folder, { life: "slow" });
  expect(journal).toMatchObject({ generation: 1, state: "fenced" });
  expect(await journal.append("a", {})).toMatchObject({ ok: false, why: "fenced" });
  expect(files.calls.filter((call) => call.startsWith("append")).length).toBe(2);
});

test("take-over: of two seals of one segment the one of the earlier life holds", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  const position = journal.position();
  await journal.append("late", {});
  const later = journal.position();
  const life = (generation: number, seals: readonly unknown[]): Uint8Array =>
    encodeRecord(generation, 1, { type: "life", dataJson: JSON.stringify({ seals }) });
  const second = life(2, [position]);
  files.put(segment(2), second);
  files.put(segment(3), life(3, [later, { generation: 2, n: 1, bytes: second.length, crc: crc32(second) }]));
  const history = await readJournal(files, folder);
  expect(history.records.map(({ type }) => type)).toEqual(["life", "life", "life"]);
  expect(history.late).toMatchObject([{ generation: 1, range: { toByte: later.bytes } }]);
});

test("take-over: seals of a form that this version does not read are reported", async () => {
  const files = new MemoryFiles();
  await takeOver(files, folder, {});
  files.put(segment(2), encodeRecord(2, 1, { type: "life", dataJson: '{"seals":"none"}' }));
  const history = await readJournal(files, folder);
  expect(history.records.map(({ generation }) => generation)).toEqual([1, 2]);
  expect(history.damage).toMatchObject([{ code: "corrupt-middle", path: segment(2) }]);
});
