/**
 * The spool: raw lines of an agent, read once, and the covers that vouch for them.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  coverOf,
  type SpoolLine,
  type SpoolOptions,
  SpoolReader,
  verifySpool,
} from "../../src/journal/index.ts";
import { readRecent } from "../../src/journal/read.ts";
import { spoolLinesIn } from "../../src/journal/spool.ts";
import type { ReadFile } from "../../src/model/ports.ts";
import { bytesOf, concat, MemoryFiles } from "./memory-files.ts";
import { flipped } from "./sample.ts";

const path = "/attempt/spool";

async function spool(bytes: Uint8Array): Promise<{ files: MemoryFiles; file: ReadFile }> {
  const files = new MemoryFiles();
  files.put(path, bytes);
  const file = await files.openRead(path);
  if (file === undefined) throw new Error("no spool");
  return { files, file };
}

async function readAll(bytes: Uint8Array, options?: SpoolOptions): Promise<SpoolLine[]> {
  const reader = new SpoolReader((await spool(bytes)).file, options);
  const { lines } = await reader.next();
  return [...lines, ...reader.tail()];
}

const events = [
  '{"type":"session","id":"s1"}',
  '{"type":"text","text":"a}{\\"b ü 🙂"}',
  '{"type":"end","x":{"y":[{}]}}',
];
const lines = events.map((event) => `${event}\n`);
const whole = bytesOf(lines.join(""));
const starts = lines.map((_, i) => bytesOf(lines.slice(0, i).join("")).length);
/** Which event a byte belongs to, its newline included. */
const eventAt = (at: number): number => starts.filter((start) => start <= at).length - 1;
const newlines = starts.map((start, i) => start + bytesOf(lines[i] ?? "").length - 1);

test("spool: however it grows, each line is handed out once, with its bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...lines, "garbage\n", "\n", "half"), { maxLength: 12 }),
      fc.array(fc.nat(60), { maxLength: 30 }),
      async (texts, cuts) => {
        const bytes = bytesOf(texts.join(""));
        const { files, file } = await spool(new Uint8Array(0));
        const reader = new SpoolReader(file);
        const got: SpoolLine[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          files.appendTo(path, bytes.slice(at, at + cut));
          at = Math.min(bytes.length, at + cut);
          const batch = await reader.next();
          got.push(...batch.lines);
          expect(batch.toByte).toBe(bytes.subarray(0, at).lastIndexOf(0x0a) + 1);
          expect(batch.toByte + batch.tailBytes).toBe(at);
          expect(batch.more).toBe(false);
        }
        expect(reader.tailRange()).toEqual({ fromByte: bytes.lastIndexOf(0x0a) + 1, toByte: bytes.length });
        expect([...got, ...reader.tail()]).toEqual(await readAll(bytes));
        const text = [...got, ...reader.tail()].map((line) => line.text);
        expect(text.join("\n")).toBe(texts.join("").replace(/\n$/, ""));
      },
    ),
  );
});

test("spool: only what is new is read, from where it was told to start", async () => {
  const { files, file } = await spool(whole);
  const reader = new SpoolReader(file, { fromByte: starts[1] ?? 0 });
  expect((await reader.next()).lines.map((line) => line.text)).toEqual(events.slice(1));
  files.calls.length = 0;
  expect(await reader.next()).toEqual({ lines: [], toByte: whole.length, tailBytes: 0, more: false });
  expect(files.calls).toEqual([]);
});

test("spool: a batch can be bounded", async () => {
  const { file } = await spool(whole);
  const reader = new SpoolReader(file, { batchBytesMax: 10 });
  const got: string[] = [];
  for (let batches = 1; ; batches++) {
    const { lines: some, more } = await reader.next();
    got.push(...some.map((line) => line.text));
    if (more) continue;
    expect(batches).toBe(Math.ceil(whole.length / 10));
    break;
  }
  expect(got).toEqual(events);
});

test("spool: truncation at every byte: whole lines stand, the rest is the tail", async () => {
  for (let cut = 0; cut <= whole.length; cut++) {
    const { file } = await spool(whole.slice(0, cut));
    const reader = new SpoolReader(file);
    const { lines: some, toByte, tailBytes } = await reader.next();
    const complete = newlines.filter((newline) => newline < cut).length;
    expect(some.map((line) => line.text)).toEqual(events.slice(0, complete));
    expect(toByte).toBe(starts[complete] ?? whole.length);
    expect(tailBytes).toBe(cut - toByte);
    // A last line that only lacks its newline is whole: the tail's text is the event.
    if (newlines[complete] === cut) expect(reader.tail()).toMatchObject([{ text: events[complete] }]);
    const damage = await verifySpool(file, [await cover(0, whole.length)], path);
    expect(damage).toMatchObject(
      cut === whole.length ? [] : [{ code: "truncated", range: { fromByte: cut, toByte: whole.length } }],
    );
  }
});

async function cover(fromByte: number, toByte: number): ReturnType<typeof coverOf> {
  return coverOf((await spool(whole)).file, fromByte, toByte);
}

test("spool: a flip of every byte is proven by the cover of its range, and harms no neighbour", async () => {
  const covers = await Promise.all(starts.map((start, i) => cover(start, (newlines[i] ?? 0) + 1)));
  for (let at = 0; at < whole.length; at++) {
    for (const mask of [0x01, 0x08, 0x0a, 0x80, 0xff]) {
      const damaged = flipped(whole, at, mask);
      const { file } = await spool(damaged);
      const { fromByte, toByte } = covers[eventAt(at)] ?? { fromByte: -1, toByte: -1 };
      expect(await verifySpool(file, covers, path)).toMatchObject([
        { code: "checksum", path, range: { fromByte, toByte } },
      ]);
      // The newline of the last line has no neighbour behind it; any other byte spoils its own line alone.
      const text = (await readAll(damaged)).map((line) => line.text);
      const own = newlines.slice(0, -1).includes(at) ? -1 : eventAt(at);
      for (const [i, event] of events.entries()) if (i !== own) expect(text).toContain(event);
    }
  }
});

test("spool: lines doubled, swapped and removed inside a cover are proven", async () => {
  const all = [await cover(0, whole.length)];
  const [a = "", b = "", c = ""] = lines;
  for (const damaged of [a + a + b + c, a + b + b + c, b + a + c, a + c + b, b + c, a + c]) {
    expect((await verifySpool((await spool(bytesOf(damaged))).file, all, path)).length).toBe(1);
  }
  // Damage behind the last cover cannot be proven: a doubled last line looks like one more line.
  expect(await verifySpool((await spool(bytesOf(a + b + c + c))).file, all, path)).toEqual([]);
  expect(await verifySpool((await spool(bytesOf(`${a}${b}${c}\u0000garbage`))).file, all, path)).toEqual([]);
});

test("spool: a cover that begins behind the end of the file is missing as a whole", async () => {
  const { file } = await spool(whole.slice(0, 10));
  const late = await cover(starts[1] ?? 0, whole.length);
  expect(await verifySpool(file, [late], path)).toMatchObject([
    { code: "truncated", range: { fromByte: starts[1], toByte: whole.length } },
  ]);
});

test("spool: glued lines are taken apart where each part is JSON", async () => {
  const [a = "", b = "", c = ""] = events;
  for (const seam of ["", "X", "\u0000"]) {
    const got = await readAll(bytesOf(`${a}${seam}${b}${seam}${c}\n`));
    expect(got.filter((line) => line.problem === undefined).map((line) => line.text)).toEqual(events);
    expect(got[0]?.range.fromByte).toBe(0);
    for (const [i, line] of got.entries())
      expect(line.range.toByte).toBe(got[i + 1]?.range.fromByte ?? whole.length - 2 + 2 * seam.length);
    if (seam !== "\u0000") expect(got.every((line) => line.glued === true)).toBe(true);
  }
  for (const text of [`${a}${b}XX`, `${a}XX${b}`, `${a}{"open`, 'text }{"x"', `{"text":"}{\\"x\\""}`]) {
    expect(await readAll(bytesOf(`${text}\n`))).toMatchObject([{ text }]);
  }
});

test("spool: more objects on one line than damage joins are one line", async () => {
  for (const [count, lines] of [
    [256, 256],
    [257, 1],
    [300_000, 1],
  ] as const)
    expect(await readAll(bytesOf(`${'{"a":1}'.repeat(count)}\n`))).toHaveLength(lines);
});

test("spool: NUL bytes are a problem of their own, and the text beside them stands", async () => {
  const [a = "", b = ""] = events;
  const text = `\u0000\u0000${a}\n${b}\u0000\n\u0000\u0000\u0000`;
  const got = await readAll(bytesOf(text));
  expect(got.map((line) => [line.text, line.problem, line.range.fromByte])).toEqual([
    ["", "nul", 0],
    [a, undefined, 2],
    [b, undefined, a.length + 3],
    ["", "nul", a.length + 3 + bytesOf(b).length],
    ["", "nul", a.length + 5 + bytesOf(b).length],
  ]);
  expect(got.at(-1)?.range.toByte).toBe(bytesOf(text).length);
  const many = await readAll(bytesOf(`${"a\u0000".repeat(1000)}\n`));
  expect(many).toMatchObject([{ problem: "nul", range: { fromByte: 0, toByte: 2001 } }]);
});

test("spool: bytes that are not UTF-8 are a problem of their line alone", async () => {
  const [a = "", b = ""] = lines;
  const got = await readAll(concat(bytesOf(a), Uint8Array.of(0x22, 0xff, 0x22, 0x0a), bytesOf(b)));
  expect(got.map((line) => line.problem)).toEqual([undefined, "not-utf8", undefined]);
  expect(got[1]?.text).toBe('"\ufffd"');
});

test("spool: an oversized line is reported with its range and never held", async () => {
  const mebibyte = new Uint8Array(1024 * 1024).fill(0x78);
  const [a = "", b = ""] = lines;
  const start = a.length;
  const size = start + 100 * mebibyte.length + 1;
  const before = process.memoryUsage().arrayBuffers;
  let held = 0;
  // A file of 100 MiB that exists nowhere: between two events, one line.
  const file: ReadFile = {
    path,
    size: async () => size + bytesOf(b).length,
    read: async (fromByte, toByte) => {
      held = Math.max(held, process.memoryUsage().arrayBuffers);
      if (fromByte < start) return bytesOf(a).slice(fromByte, toByte);
      if (fromByte >= size - 1) return bytesOf(`\n${b}`).slice(fromByte - size + 1, toByte - size + 1);
      return mebibyte.subarray(0, Math.min(toByte, size - 1) - fromByte);
    },
    sync: async () => undefined,
    close: async () => undefined,
  };
  const { lines: got } = await new SpoolReader(file, { lineBytesMax: 64 * 1024 }).next();
  expect(got).toMatchObject([
    { text: events[0] },
    { problem: "oversized", range: { fromByte: start, toByte: size } },
    { range: { fromByte: size } },
  ]);
  expect(got[1]?.text.length).toBe(200);
  expect(held - before).toBeLessThan(10 * 1024 * 1024);
});

test("spool: bytes that were read in one piece, and begin with a line, are handed on with their lines", async () => {
  const { files, file } = await spool(bytesOf("a\nb\nhalf"));
  const reader = new SpoolReader(file);
  const first = await reader.next();
  expect(first.bytes).toEqual(bytesOf("a\nb\nhalf"));
  expect(first).toMatchObject({ toByte: 4, tailBytes: 4, more: false });
  files.appendTo(path, bytesOf("\nc\n"));
  const second = await reader.next();
  expect(second.lines.map(({ text }) => text)).toEqual(["half", "c"]);
  expect(second).not.toHaveProperty("bytes");
  files.appendTo(path, bytesOf("d\n"));
  expect((await reader.next()).bytes).toEqual(bytesOf("d\n"));
  expect(await reader.next()).toEqual({ lines: [], toByte: 13, tailBytes: 0, more: false });
  const long = await spool(bytesOf(`${"x".repeat(300 * 1024)}\n`));
  expect(await new SpoolReader(long.file).next()).not.toHaveProperty("bytes");
});

test("spool: read in batches nothing is read that is not asked for, and the end is seen", async () => {
  const { files, file } = await spool(bytesOf("a\n".repeat(10)));
  const reader = new SpoolReader(file, { batchBytesMax: 6 });
  const batches = [await reader.next(), await reader.next(), await reader.next(), await reader.next()];
  expect(batches.map(({ lines: some, more }) => [some.length, more])).toEqual([
    [3, true],
    [3, true],
    [3, true],
    [1, false],
  ]);
  expect(batches[0]?.bytes).toEqual(bytesOf("a\na\na\n"));
  files.calls.length = 0;
  expect(await reader.next()).toEqual({ lines: [], toByte: 20, tailBytes: 0, more: false });
  expect(files.calls).toEqual([`read ${path}`]);
});

test("spool: a batch that is larger than one piece is read to its end", async () => {
  const { file } = await spool(bytesOf(`${"x".repeat(999)}\n`.repeat(40)));
  const reader = new SpoolReader(file, { batchBytesMax: 30_000 });
  expect((await reader.next()).toByte).toBe(30_000);
  expect(await reader.next()).toMatchObject({ toByte: 40_000, more: false });
});

test("spool: a byte order mark is part of its line, also where other bytes of it are none of UTF-8", async () => {
  const mark = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61);
  expect((await readAll(mark)).map(({ text }) => text)).toEqual(["\ufeffa"]);
  expect((await readAll(concat(mark, Uint8Array.of(0xff)))).map(({ text }) => text)).toEqual([
    "\ufeffa\ufffd",
  ]);
});

test("spool: a few bytes are read at once where the machine can, many are not", async () => {
  const calls: string[] = [];
  const world = (readNow: boolean): ReadFile => ({
    path,
    size: async () => 0,
    read: async (fromByte, toByte) => {
      calls.push(`read ${fromByte} ${toByte}`);
      return new Uint8Array(0);
    },
    ...(readNow
      ? {
          readNow: (fromByte: number, toByte: number) => {
            calls.push(`now ${fromByte} ${toByte}`);
            return new Uint8Array(0);
          },
        }
      : {}),
    sync: async () => undefined,
    close: async () => undefined,
  });
  await readRecent(world(true), 100, 100 + 16 * 1024);
  await readRecent(world(true), 100, 101 + 16 * 1024);
  await readRecent(world(false), 100, 101);
  expect(calls).toEqual(["now 100 16484", "read 100 16485", "read 100 101"]);
});

test("spool: bytes at hand are taken apart as those of a file are", () => {
  const [a = "", b = ""] = events;
  expect(spoolLinesIn(bytesOf(`${a}\n${b}`), 50)).toEqual([
    { text: a, range: { fromByte: 50, toByte: 51 + a.length } },
    { text: b, range: { fromByte: 51 + a.length, toByte: 51 + a.length + bytesOf(b).length } },
  ]);
  expect(spoolLinesIn(bytesOf(`${a}\n`), 0).length).toBe(1);
});

test("spool: sixteen runs of NUL are taken apart, seventeen are not", async () => {
  expect((await readAll(bytesOf(`${"a\0".repeat(16)}\n`))).length).toBe(32);
  expect((await readAll(bytesOf(`${"a\0".repeat(17)}\n`))).length).toBe(1);
});

test("spool: glued objects at the very end have their own bytes, and what only looks like some stays whole", async () => {
  const [a = "", , b = ""] = events;
  expect(await readAll(bytesOf(a + b))).toEqual([
    { text: a, range: { fromByte: 0, toByte: a.length }, glued: true },
    { text: b, range: { fromByte: a.length, toByte: a.length + b.length }, glued: true },
  ]);
  for (const text of [`${a}XYZ${b}`, `{"a":"}{"b}{"c`, `${a}{"x":}`, `[${a}${b}]`])
    expect(await readAll(bytesOf(text))).toMatchObject([{ text }]);
});
