/**
 * What a life writes, call by call: where its segment goes, what is never written again, and that nothing stays open.
 */
import { expect, test } from "vitest";
import { takeOver } from "../../src/journal/index.ts";
import { SegmentWriter } from "../../src/journal/writer.ts";
import { IoError } from "../../src/model/ports.ts";
import { MemoryFiles } from "./memory-files.ts";
import { folder } from "./sample.ts";

const segment = (generation: number): string => `${folder}/0000000${generation}.journal`;
const draft = { type: "t", dataJson: "{}" };

test("take-over: the folder's own name is made durable, the segment's after it", async () => {
  const synced = async (place: string) => {
    const files = new MemoryFiles();
    await takeOver(files, place, {});
    return files.calls.filter((call) => call.startsWith("sync-folder"));
  };
  expect(await synced("/journal")).toEqual(["sync-folder /", "sync-folder /journal"]);
  expect(await synced("/data/s/journal")).toEqual(["sync-folder /data/s", "sync-folder /data/s/journal"]);
});

test("take-over: the number behind the newest segment is tried first", async () => {
  const files = new MemoryFiles();
  for (let life = 1; life <= 4; life++) await takeOver(files, folder, { life });
  files.calls.length = 0;
  expect((await takeOver(files, folder, {})).journal.generation).toBe(5);
  expect(files.calls.filter((call) => call.startsWith("create"))).toEqual([`create ${segment(5)}`]);
});

test("take-over: the seals of all older segments are told, ascending, each as its segment ends", async () => {
  const files = new MemoryFiles();
  for (let life = 1; life <= 3; life++) {
    const { journal } = await takeOver(files, folder, { life });
    for (let n = 0; n < life; n++) await journal.append("a", { n });
  }
  const { seals, history } = await takeOver(files, folder, {});
  expect(seals.map(({ generation, n }) => [generation, n])).toEqual([
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
  expect(seals.map(({ bytes }) => bytes)).toEqual([1, 2, 3].map((at) => files.bytes(segment(at)).length));
  expect(seals.every((seal) => !("stamp" in seal))).toBe(true);
  expect(history.records.at(-1)?.data.seals).toEqual(seals);
});

test("take-over: of more lives than one record repeats the seals of, each has its seal, ascending", async () => {
  const files = new MemoryFiles();
  for (let life = 1; life <= 20; life++) await takeOver(files, folder, { life });
  const { seals } = await takeOver(files, folder, {});
  expect(seals.map(({ generation }) => generation)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
});

test("writer: a segment that another server made while a failed sync was mended is named", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  files.hook = (call, path) => {
    if (call !== "sync") return;
    files.put(segment(2), new Uint8Array(0));
    throw new IoError("EIO", path, call);
  };
  expect(await journal.append("a", {})).toMatchObject({
    ok: false,
    why: "fenced",
    detail: expect.stringContaining("00000002.journal"),
  });
});

test("take-over: a limit of its own holds for what is read, too", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  await journal.append("large", { x: "y".repeat(2_000) });
  const { history } = await takeOver(files, folder, {}, { recordBytesMax: 1_000 });
  expect(history.damage.map(({ code }) => code)).toEqual(["oversized-record"]);
});

test("take-over: one that fails leaves nothing open", async () => {
  const files = new MemoryFiles();
  await takeOver(files, folder, {});
  const before = files.writing;
  files.hook = (call, path) => {
    if (call === "sync") throw new IoError("EIO", path, call);
  };
  await expect(takeOver(files, folder, {})).rejects.toThrow("EIO");
  expect([files.writing, files.opened]).toEqual([before, 0]);
});

test("writer: a segment whose name cannot be made durable is not used, nor left open", async () => {
  const files = new MemoryFiles();
  files.hook = (call, path) => {
    if (call === "sync-folder") throw new IoError("EIO", path, call);
  };
  await expect(SegmentWriter.create(files, folder, 1)).rejects.toThrow("EIO");
  expect(files.writing).toBe(0);
});

test.each(["append", "sync"] as const)(
  "writer: after a failed %s nothing more is written there",
  async (name) => {
    const files = new MemoryFiles();
    const writer = await SegmentWriter.create(files, folder, 1);
    files.hook = (call, path) => {
      if (call === name) throw new IoError("EIO", path, call);
    };
    await expect(writer?.write([draft])).rejects.toThrow("EIO");
    expect(writer?.good).toEqual({ generation: 1, n: 0, bytes: 0, crc: 0 });
    files.hook = () => undefined;
    files.calls.length = 0;
    await expect(writer?.write([draft])).rejects.toThrow("after a failed write");
    expect(files.calls).toEqual([]);
  },
);

test("writer: read back, what is gone or has other bytes is told from a disk that is well", async () => {
  const files = new MemoryFiles();
  const writer = await SegmentWriter.create(files, folder, 1);
  await writer?.write([draft, draft]);
  await expect(writer?.verify(files)).resolves.toBeUndefined();
  const whole = files.bytes(segment(1));
  files.put(segment(1), whole.slice(0, -1));
  await expect(writer?.verify(files)).rejects.toMatchObject({ code: "EIO" });
  await files.remove(segment(1));
  await expect(writer?.verify(files)).rejects.toMatchObject({ code: "ENOENT" });
  expect(files.opened).toBe(0);
  await writer?.close();
  expect(files.writing).toBe(0);
});

test("writer: a close that fails takes nothing away", async () => {
  const files = new MemoryFiles();
  const { journal } = await takeOver(files, folder, {});
  files.hook = (call, path) => {
    if (call === "close") throw new IoError("EIO", path, call);
  };
  await expect(journal.close()).resolves.toBeUndefined();
  expect(journal.state).toBe("closed");
});
