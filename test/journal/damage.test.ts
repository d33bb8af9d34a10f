/**
 * Every kind of damage to a segment: it opens, loses only what the damage touches, and reports it.
 */
import { expect, test } from "vitest";
import { type JournalHistory, readJournal } from "../../src/journal/index.ts";
import { encodeRecord } from "../../src/journal/record.ts";
import { scanSegment } from "../../src/journal/segment.ts";
import { bytesOf, concat, MemoryFiles } from "./memory-files.ts";
import {
  expectExactly,
  first,
  flipped,
  folder,
  linesOf,
  readSealed,
  readUnsealed,
  sample,
  without,
} from "./sample.ts";

/** The sample, with its lines. */
async function given() {
  const { bytes, records } = await sample();
  return { bytes, records, lines: linesOf(bytes, records) };
}
const codes = (history: JournalHistory): string[] => history.damage.map((damage) => damage.code);

test("truncation at every byte: the records before it stand", async () => {
  const { bytes, records } = await given();
  for (let cut = 0; cut < bytes.length; cut++) {
    const short = bytes.slice(0, cut);
    const whole = records.filter((record) => record.range.toByte - 1 <= cut);
    const torn = records.find((record) => record.range.fromByte < cut && cut < record.range.toByte - 1);
    const unsealed = await readUnsealed(short);
    expectExactly(unsealed, whole);
    // A cut between two records of a segment without a seal leaves no trace: nothing can be reported.
    expect(unsealed.damage.map(({ code, range }) => ({ code, range }))).toEqual(
      torn === undefined
        ? []
        : [{ code: "torn-tail", range: { fromByte: torn.range.fromByte, toByte: cut } }],
    );
    const sealed = await readSealed(bytes, short);
    expectExactly(sealed, whole);
    expect(sealed.damage).toContainEqual(
      expect.objectContaining({ code: "truncated", range: { fromByte: cut, toByte: bytes.length } }),
    );
    expect(sealed.late).toEqual([]);
  }
});

test("a flip of every byte: no record but its own is lost, and the byte is in a reported range", async () => {
  const { bytes, records } = await given();
  for (let at = 0; at < bytes.length; at++) {
    // 0x03 makes a newline of a tab, 0x0a a NUL of a newline, 0x80 breaks UTF-8.
    for (const mask of [0x01, 0x03, 0x0a, 0x80, 0xff]) {
      const damaged = flipped(bytes, at, mask);
      const own = records.findIndex(({ range }) => range.fromByte <= at && at < range.toByte - 1);
      for (const history of [await readUnsealed(damaged), await readSealed(bytes, damaged)]) {
        expectExactly(history, own === -1 ? records : without(records, own));
        const covering = history.damage.filter(({ range }) => range.fromByte <= at && at < range.toByte);
        expect(covering.length).toBe(1);
        expect(history.damage.length).toBe(1);
        expect(history.late).toEqual([]);
      }
    }
  }
});

test("each record doubled, at its place and elsewhere: it stands once", async () => {
  const { bytes, records, lines } = await given();
  for (let i = 0; i < lines.length; i++) {
    for (let to = i; to <= lines.length; to++) {
      const damaged = concat(...lines.slice(0, to), ...lines.slice(i, i + 1), ...lines.slice(to));
      for (const history of [await readUnsealed(damaged), await readSealed(bytes, damaged)]) {
        expectExactly(history, records);
        // A copy behind the seal cannot be told from a late write, and is reported as one.
        const late = (i === lines.length - 1 || to === lines.length) && history.late.length > 0;
        expect([...codes(history), ...history.late.map(() => "late")]).toEqual([
          late ? "late" : "seq-repeat",
        ]);
      }
    }
  }
});

test("each record swapped with its neighbour: both stand, in order", async () => {
  const { bytes, records, lines } = await given();
  for (let i = 0; i + 1 < lines.length; i++) {
    const damaged = concat(
      ...lines.slice(0, i),
      ...lines.slice(i + 1, i + 2),
      ...lines.slice(i, i + 1),
      ...lines.slice(i + 2),
    );
    for (const history of [await readUnsealed(damaged), await readSealed(bytes, damaged)]) {
      expectExactly(history, records);
      expect(codes(history)).toEqual(["seq-gap"]);
    }
  }
});

test("each record removed: the others stand; only a last one without a seal leaves no trace", async () => {
  const { bytes, records, lines } = await given();
  for (let i = 0; i < lines.length; i++) {
    const damaged = concat(...without(lines, i));
    const unsealed = await readUnsealed(damaged);
    expectExactly(unsealed, without(records, i));
    const last = i === lines.length - 1;
    expect(codes(unsealed)).toEqual(last ? [] : ["seq-gap"]);
    const sealed = await readSealed(bytes, damaged);
    expectExactly(sealed, without(records, i));
    expect(codes(sealed)).toEqual(last ? ["truncated"] : ["seq-gap", "truncated"]);
    expect(sealed.damage.map((each) => each.detail).join()).toContain(`Record ${i + 1} is`);
  }
});

test("a run of NUL bytes, with and without the newlines around it, takes only what it overwrote", async () => {
  const { bytes, records } = await given();
  for (let i = 0; i < records.length; i++) {
    const { fromByte, toByte } = records[i]?.range ?? { fromByte: 0, toByte: 0 };
    for (const [from, to] of [
      [fromByte, toByte - 1],
      [fromByte, toByte],
      [fromByte + 5, toByte],
      [Math.max(0, fromByte - 1), toByte],
    ] as const) {
      const damaged = bytes.slice().fill(0, from, to);
      for (const history of [await readUnsealed(damaged), await readSealed(bytes, damaged)]) {
        expectExactly(history, without(records, i));
        expect(codes(history)).toContain("nul-run");
        for (const { range } of history.damage) {
          expect(range.fromByte).toBeGreaterThanOrEqual(fromByte - 1);
          expect(range.toByte).toBeLessThanOrEqual(toByte + 1);
        }
      }
    }
  }
});

test("glued lines: both records stand, and the place is reported", async () => {
  const { bytes, records } = await given();
  for (let i = 0; i + 1 < records.length; i++) {
    const newline = (records[i]?.range.toByte ?? 0) - 1;
    const damaged = concat(bytes.subarray(0, newline), bytes.subarray(newline + 1));
    const unsealed = await readUnsealed(damaged);
    expectExactly(unsealed, records);
    expect(unsealed.damage).toMatchObject([{ code: "glued-record", range: { fromByte: newline } }]);
    const sealed = await readSealed(bytes, damaged);
    expectExactly(sealed, records);
    expect(codes(sealed)).toEqual(["glued-record", "truncated"]);
  }
});

test("a bad line in the middle and garbage beside a record: the records stand", async () => {
  const { bytes, records, lines } = await given();
  for (let i = 0; i <= lines.length; i++) {
    for (const garbage of [
      "not a record\n",
      "j1\tgarbage\n",
      "\n",
      '{"type":"x"}\n',
      "\u0000\u0000\n",
      "garbage",
    ]) {
      const damaged = concat(...lines.slice(0, i), bytesOf(garbage), ...lines.slice(i));
      for (const history of [await readUnsealed(damaged), await readSealed(bytes, damaged)]) {
        if (i === lines.length && history.late.length > 0) continue;
        expectExactly(history, records);
        const fromByte = i === 0 ? 0 : records[i - 1]?.range.toByte;
        const found = history.damage.length + history.late.length;
        expect(found).toBe(1);
        expect((history.damage[0] ?? history.late[0])?.range.fromByte).toBe(fromByte);
      }
    }
  }
});

test("a valid last record without its newline stands, without damage", async () => {
  const { bytes, records } = await given();
  const history = await readUnsealed(bytes.slice(0, -1));
  expectExactly(history, records);
  expect(history.damage).toEqual([]);
  expect(history.records.at(-1)?.range.toByte).toBe(bytes.length - 1);
});

test("a segment that is a copy of another one is damage, not history", async () => {
  const { bytes, records } = await given();
  const files = new MemoryFiles();
  files.put(first, bytes);
  files.put(`${folder}/00000002.journal`, bytes);
  const history = await readJournal(files, folder);
  expectExactly(history, records);
  expect(history.damage).toMatchObject([
    {
      code: "corrupt-middle",
      path: `${folder}/00000002.journal`,
      range: { fromByte: 0, toByte: bytes.length },
    },
  ]);
});

test("a line longer than a record may be is reported, and its neighbours stand", async () => {
  const { records, lines } = await given();
  const files = new MemoryFiles();
  const long = bytesOf(`${"x".repeat(5000)}\n`);
  files.put("/j", concat(...lines.slice(0, 3), long, ...lines.slice(3)));
  const file = await files.openRead("/j");
  if (file === undefined) throw new Error("no file");
  const scan = await scanSegment(file, 1, Number.MAX_SAFE_INTEGER, 4096);
  expect(scan.records.map((record) => record.n)).toEqual([1, 2, 3, 4, 5, 6]);
  const fromByte = records[2]?.range.toByte ?? 0;
  expect(scan.damage).toMatchObject([
    { code: "oversized-record", range: { fromByte, toByte: fromByte + long.length } },
  ]);
});

test("sealed bytes that were exchanged for other readable ones are reported as a whole", async () => {
  const { bytes, lines } = await given();
  const other = encodeRecord(1, 5, { type: "decisiom", dataJson: "{}" });
  expect(other.length).toBe(lines[4]?.length);
  const history = await readSealed(bytes, concat(...lines.slice(0, 4), other, ...lines.slice(5)));
  expect(history.damage).toMatchObject([{ code: "checksum", range: { fromByte: 0, toByte: bytes.length } }]);
});
