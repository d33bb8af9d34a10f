/**
 * What reading a journal touches, and what it tells of a segment that is not as it was sealed.
 */
import { expect, test } from "vitest";
import { coverOf, readJournal, takeOver, verifySpool } from "../../src/journal/index.ts";
import { encodeRecord } from "../../src/journal/record.ts";
import { IoError, type ReadFile } from "../../src/model/ports.ts";
import { bytesOf, concat, MemoryFiles } from "./memory-files.ts";
import { flipped, folder } from "./sample.ts";

const segment = (generation: number): string => `${folder}/0000000${generation}.journal`;

/** So many lives, each with a record. */
async function lived(count: number): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  for (let life = 1; life <= count; life++)
    await (await takeOver(files, folder, { life })).journal.append("a", { life });
  files.calls.length = 0;
  return files;
}

const callsOf = (files: MemoryFiles, name: string): string[] =>
  files.calls.filter((call) => call.startsWith(`${name} `)).map((call) => call.slice(name.length + 1));

test("history: reading syncs nothing; a take-over writes anew, and syncs, what has no seal yet", async () => {
  const files = await lived(2);
  await readJournal(files, folder);
  expect(callsOf(files, "renew")).toEqual([]);
  await takeOver(files, folder, {});
  expect(callsOf(files, "renew")).toEqual([`${segment(2)} 0`]);
  expect(files.opened).toBe(0);
});

test("history: a small segment is read once, a larger one in pieces, and as well", async () => {
  const files = await lived(1);
  await readJournal(files, folder);
  expect(callsOf(files, "read").length).toBe(1);
  const { journal } = await takeOver(files, folder, {});
  for (let i = 0; i < 8; i++) await journal.append("large", { i, text: "x".repeat(40_000) });
  await takeOver(files, folder, {});
  files.calls.length = 0;
  const { records, damage } = await readJournal(files, folder);
  expect(records.filter(({ type }) => type === "large").map(({ data }) => data.i)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7,
  ]);
  expect(damage).toEqual([]);
  expect(callsOf(files, "read").filter((path) => path === segment(2)).length).toBeGreaterThan(2);
});

test("history: a segment that cannot be opened, or is no file, is damage with the bytes that it should have", async () => {
  const bytes = async (generation: number) => (await lived(3)).bytes(segment(generation)).length;
  const told = async (change: (files: MemoryFiles) => unknown) => {
    const files = await lived(3);
    change(files);
    const { damage, late, records } = await readJournal(files, folder);
    expect(late).toEqual([]);
    expect(files.opened).toBe(0);
    return [...damage.map(({ code, path, range }) => ({ code, path, range })), records.length];
  };
  const of = async (code: string, generation: number) => ({
    code,
    path: segment(generation),
    range: { fromByte: 0, toByte: generation === 3 ? 0 : await bytes(generation) },
  });
  const unopened = (generation: number) => (files: MemoryFiles) => {
    files.hook = (call, path) => {
      if (call === "open" && path === segment(generation)) throw new IoError("EACCES", path, call);
    };
  };
  expect(await told((files) => files.odd.add(segment(1)))).toEqual([await of("log-unreadable", 1), 4]);
  expect(await told(unopened(1))).toEqual([await of("log-unreadable", 1), 4]);
  expect(await told(unopened(3))).toEqual([await of("log-unreadable", 3), 4]);
  expect(await told((files) => files.remove(segment(1)))).toEqual([await of("log-missing", 1), 4]);
});

test("history: what is no failure of the disk is not taken for damage", async () => {
  // The third read is the second piece of a segment that is too large to be read at once.
  for (const [name, times] of [
    ["open", 1],
    ["read", 1],
    ["read", 3],
  ] as const) {
    const files = await lived(0);
    const { journal } = await takeOver(files, folder, {});
    await journal.append("large", { text: "x".repeat(400_000) });
    let left = times;
    files.hook = (call) => {
      if (call === name && --left === 0) throw new TypeError("a defect");
    };
    await expect(readJournal(files, folder)).rejects.toThrow("a defect");
    expect(files.opened).toBe(0);
  }
});

test("history: in a segment whose sealed bytes changed, records above the seal's number are late writes", async () => {
  const files = await lived(2);
  await takeOver(files, folder, {});
  const whole = files.bytes(segment(1));
  const late = encodeRecord(1, 3, { type: "late", dataJson: '{"x":1}' });
  files.put(segment(1), concat(flipped(whole, whole.length - 5, 1), late));
  const history = await readJournal(files, folder);
  expect(history.records.filter(({ generation }) => generation === 1).map(({ type }) => type)).toEqual([
    "life",
  ]);
  expect(history.late).toEqual([
    {
      path: segment(1),
      range: { fromByte: whole.length, toByte: whole.length + late.length },
      generation: 1,
      text: new TextDecoder().decode(late).trimEnd(),
    },
  ]);
  expect(history.damage.map(({ code }) => code)).toEqual(["checksum"]);
});

test("late writes: of the newest four sealed segments, and of nothing that is not there or no file", async () => {
  const files = await lived(6);
  const { journal } = await takeOver(files, folder, {});
  expect(await journal.lateWrites()).toEqual([]);
  for (const generation of [1, 2, 3, 4, 5, 6])
    files.appendTo(segment(generation), bytesOf(`${generation}\n`));
  const late = async () =>
    (await journal.lateWrites()).map(({ generation, text }) => `${generation} ${text}`);
  expect(await late()).toEqual(["6 6", "5 5", "4 4", "3 3"]);
  await files.remove(segment(6));
  files.odd.add(segment(5));
  files.calls.length = 0;
  expect(await late()).toEqual(["4 4", "3 3"]);
  // To open a FIFO waits for somebody at its other end.
  expect(callsOf(files, "open")).toEqual([segment(4), segment(3)]);
  expect(files.opened).toBe(0);
});

test("late writes: nothing is opened where nothing was added", async () => {
  const files = await lived(2);
  const { journal } = await takeOver(files, folder, {});
  files.calls.length = 0;
  expect(await journal.lateWrites()).toEqual([]);
  expect(callsOf(files, "open")).toEqual([]);
});

test("late writes: a file that is gone between the look and the reading is none", async () => {
  const files = await lived(1);
  const { journal } = await takeOver(files, folder, {});
  files.appendTo(segment(1), bytesOf("late\n"));
  files.hook = (call, path) => void (call === "open" && files.nodes.delete(path));
  expect(await journal.lateWrites()).toEqual([]);
});

test("cover: the machine's own checksum is used where it has one", async () => {
  const file: ReadFile = {
    path: "/spool",
    size: async () => 9,
    read: () => Promise.reject(new Error("not asked for")),
    crc32: async (fromByte, toByte) => ({ crc: fromByte, toByte: toByte - 1 }),
    sync: async () => undefined,
    close: async () => undefined,
  };
  expect(await coverOf(file, 3, 9)).toEqual({ fromByte: 3, toByte: 8, crc: 3 });
});

test("cover: damage names its kind, its file, its bytes and how many are missing", async () => {
  const files = new MemoryFiles();
  files.put("/s", bytesOf("0123456789"));
  const file = await files.openRead("/s");
  if (file === undefined) throw new Error("no file");
  const cover = await coverOf(file, 2, 9);
  files.put("/s", bytesOf("01x3456789"));
  const changed = await verifySpool((await files.openRead("/s")) ?? file, [cover], "/s");
  expect(changed).toMatchObject([{ code: "checksum", path: "/s", range: { fromByte: 2, toByte: 9 } }]);
  files.put("/s", bytesOf("01234"));
  const [cut] = await verifySpool((await files.openRead("/s")) ?? file, [cover], "/s");
  expect(cut).toMatchObject({ code: "truncated", path: "/s", range: { fromByte: 5, toByte: 9 } });
  expect(cut?.detail).toMatch(/^4 bytes .* the 3 bytes /);
});

test("history: what was done to every line of a segment is told of its first places one by one, of the others together", async () => {
  const files = await lived(0);
  const { journal } = await takeOver(files, folder, {});
  for (let i = 0; i < 400; i++) await journal.append("a", { i });
  const lines = Buffer.from(files.bytes(segment(1)))
    .toString()
    .split("\n")
    .map((line) => (line === "" ? line : `${line}\r`));
  files.put(segment(1), Buffer.from(lines.join("\n")));
  const { damage, records } = await readJournal(files, folder);
  expect(records.length).toBe(401);
  expect(damage.length).toBe(256);
  expect(damage.at(-1)).toMatchObject({
    code: "corrupt-middle",
    range: { toByte: files.bytes(segment(1)).length },
    detail: "146 more places in these bytes are damaged. The first: These bytes are no record.",
  });
  expect(damage.at(-1)?.range.fromByte).toBe(lines.slice(0, 256).join("\n").length - 1);
});
