/**
 * One segment's lines: what is a record, what is none, and the bytes of each, also on a line with another one.
 */
import { describe, expect, it } from "vitest";
import { encodeRecord } from "../../src/journal/record.ts";
import { sealsIn, sealsToRecord } from "../../src/journal/seal.ts";
import { generationsIn, type ScannedRecord, scanSegment, segmentName } from "../../src/journal/segment.ts";
import { sequence } from "../../src/journal/sequence.ts";
import type { Damage } from "../../src/model/fact.ts";
import { bytesOf, concat, MemoryFiles } from "./memory-files.ts";

const record = (n: number, generation = 1) => encodeRecord(generation, n, { type: "t", dataJson: "{}" });
const [one, two, three] = [record(1), record(2), record(3)];
const length = one.length;
const joined = (bytes: Uint8Array) => bytes.subarray(0, -1);

/** Each record's number and bytes, each damage's code and bytes, as `1 0-31` and `glued-record 30-31`. */
async function scanned(...parts: readonly (Uint8Array | string)[]): Promise<string[]> {
  const files = new MemoryFiles();
  files.put("/j", concat(...parts.map((part) => (typeof part === "string" ? bytesOf(part) : part))));
  const file = await files.openRead("/j");
  if (file === undefined) throw new Error("no file");
  const { records, damage } = await scanSegment(file, 1, Number.MAX_SAFE_INTEGER, 4096);
  const told = (name: unknown, { fromByte, toByte }: Damage["range"]) => `${name} ${fromByte}-${toByte}`;
  return [
    ...records.map(({ n, range }) => told(n, range)),
    ...damage.map(({ code, range }) => told(code, range)),
  ];
}

const first = `1 0-${length}`;

describe("a line of a segment", () => {
  it("that is empty is damage of one byte", async () => {
    expect(await scanned(one, "\n", two)).toEqual([
      first,
      `2 ${length + 1}-${2 * length + 1}`,
      `corrupt-middle ${length}-${length + 1}`,
    ]);
  });

  it("with two records gives up both, and the place where they were glued", async () => {
    expect(await scanned(one, joined(two), three)).toEqual([
      first,
      `2 ${length}-${2 * length - 1}`,
      `3 ${2 * length - 1}-${3 * length - 1}`,
      `glued-record ${2 * length - 1}-${2 * length}`,
    ]);
    expect(await scanned(one, joined(two), "X", three)).toEqual([
      first,
      `2 ${length}-${2 * length - 1}`,
      `3 ${2 * length}-${3 * length}`,
      `glued-record ${2 * length - 1}-${2 * length}`,
    ]);
  });

  it("with more than a byte between two records has bytes there that are none", async () => {
    expect(await scanned(one, joined(two), "XYZ", three)).toEqual([
      first,
      `2 ${length}-${2 * length - 1}`,
      `3 ${2 * length + 2}-${3 * length + 2}`,
      `corrupt-middle ${2 * length - 1}-${2 * length + 2}`,
    ]);
    expect(await scanned(one, joined(two), "XYZ\n")).toEqual([
      first,
      `2 ${length}-${2 * length - 1}`,
      `corrupt-middle ${2 * length - 1}-${2 * length + 3}`,
    ]);
  });

  it("at the end is torn only if what is no record stands at its end", async () => {
    expect(await scanned(one, "j1\tto")).toEqual([first, `torn-tail ${length}-${length + 5}`]);
    expect(await scanned(one, "j1\tto\n")).toEqual([first, `corrupt-middle ${length}-${length + 6}`]);
    expect(await scanned(one, "garbage", joined(two))).toEqual([
      first,
      `2 ${length + 7}-${2 * length + 6}`,
      `corrupt-middle ${length}-${length + 7}`,
    ]);
  });

  it("that is none is tried so often in one line and no more, since each takes the checksum of all that follows", async () => {
    const none = `j1\t00000000\t9\t${"x".repeat(9)}`;
    const found = await scanned(one, none.repeat(150), "\n", two);
    const end = length + 150 * none.length + 1;
    expect(found.slice(0, 2)).toEqual([first, `2 ${end}-${end + length}`]);
    expect(found.length).toBe(2 + 64);
    expect(found.at(-1)).toBe(`checksum ${length + 63 * none.length}-${end}`);
  });

  it("of another generation is damage, with its own bytes alone", async () => {
    expect(await scanned(one, record(2, 7), three)).toEqual([
      first,
      `3 ${2 * length}-${3 * length}`,
      `corrupt-middle ${length}-${2 * length}`,
    ]);
  });

  it("with a single NUL is no run of them", async () => {
    expect(await scanned("a\0b\n")).toEqual(["corrupt-middle 0-4"]);
    expect(await scanned("\0ab\0\n")).toEqual(["corrupt-middle 0-5"]);
    expect(await scanned("a\0\0b\n")).toEqual(["nul-run 0-5"]);
  });

  it("next to another one that is none makes one damage of the same kind with it, and with nothing else", async () => {
    expect(await scanned("a\n", "b\n", one, "c\n")).toEqual([
      `1 4-${length + 4}`,
      "corrupt-middle 0-4",
      `corrupt-middle ${length + 4}-${length + 6}`,
    ]);
    expect(await scanned("a\n", "\0\0\n", "b\n")).toEqual([
      "corrupt-middle 0-2",
      "nul-run 2-5",
      "corrupt-middle 5-7",
    ]);
    expect(await scanned("a\n", "x".repeat(5000), "\n", "b\n")).toEqual([
      "corrupt-middle 0-2",
      "oversized-record 2-5003",
      "corrupt-middle 5003-5005",
    ]);
  });
});

it("the generations of a folder are ascending, whatever else is there", () => {
  const odd = ["x", "00000000.journal", "1.journal", "000000004.journal", "1000000000000000.journal"];
  const names = [100_000_000, 10, 2, 3].map(segmentName);
  expect(generationsIn([...names, ...odd])).toEqual([2, 3, 10, 100_000_000]);
});

/** A record with a number at a place. */
const at = (n: number, fromByte: number, toByte = fromByte + 10, data = {}): ScannedRecord => ({
  generation: 2,
  n,
  type: "t",
  data,
  path: "/j",
  range: { fromByte, toByte },
});
const harm = (code: Damage["code"], fromByte: number, toByte: number): Damage => ({
  code,
  path: "/j",
  range: { fromByte, toByte },
  detail: "It is so.",
});

describe("numbers that are missing", () => {
  const told = (
    records: readonly ScannedRecord[],
    damage: readonly Damage[] = [],
    sealed?: { n: number; bytes: number },
  ) =>
    sequence("/j", { records, damage }, sealed).damage.map(
      ({ code, range, detail }) => `${code} ${range.fromByte}-${range.toByte} ${detail}`,
    );

  it("are said to be lost in the damage that stands in their place", () => {
    expect(told([at(1, 0), at(3, 20)], [harm("checksum", 10, 20)])).toEqual([
      "checksum 10-20 It is so. Record 2 is lost in it.",
    ]);
    expect(told([at(1, 0), at(5, 20)], [harm("checksum", 10, 20)])).toEqual([
      "checksum 10-20 It is so. Records 2 to 4 are lost in it.",
    ]);
  });

  it("are a damage of their own where nothing stands in their place: at the next record, or in the bytes between", () => {
    expect(told([at(1, 0), at(3, 10)])).toEqual(["seq-gap 10-20 Record 2 is missing before these bytes."]);
    expect(told([at(1, 0), at(3, 15)])).toEqual(["seq-gap 10-15 Record 2 is missing."]);
  });

  it("are not explained by damage elsewhere, nor by what the numbers themselves show", () => {
    expect(told([at(1, 20), at(3, 30)], [harm("checksum", 5, 15)])).toEqual([
      "checksum 5-15 It is so.",
      "seq-gap 30-40 Record 2 is missing before these bytes.",
    ]);
    expect(told([at(1, 0), at(3, 10)], [harm("checksum", 20, 25)])).toEqual([
      "seq-gap 10-20 Record 2 is missing before these bytes.",
      "checksum 20-25 It is so.",
    ]);
    expect(told([at(1, 0), at(1, 10), at(3, 20)])).toEqual([
      "seq-repeat 10-20 Record 1 stands in the file a second time.",
      "seq-gap 10-20 Record 2 is missing.",
    ]);
    expect(told([at(2, 10), at(1, 30), at(5, 60)])).toEqual([
      "seq-gap 20-60 Records 3 to 4 are missing.",
      "seq-gap 30-40 Record 1 stands behind record 2.",
    ]);
  });

  it("at a sealed end are missed up to where the seal is, or lost in damage that begins there", () => {
    expect(told([at(1, 0)], [], { n: 3, bytes: 30 })).toEqual(["seq-gap 10-30 Records 2 to 3 are missing."]);
    expect(told([at(1, 20)], [], { n: 2, bytes: 25 })).toEqual([
      "seq-gap 30-30 Record 2 is missing before these bytes.",
    ]);
    expect(told([at(1, 0)], [harm("nul-run", 10, 90)], { n: 2, bytes: 30 })).toEqual([
      "nul-run 10-90 It is so. Record 2 is lost in it.",
    ]);
  });
});

describe("seals", () => {
  const seal = (generation: number) => ({ generation, bytes: 10, crc: 1, n: 1 });
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => seal(index + 1));

  it("that a life records are all new ones and the newest sixteen old ones, ascending", () => {
    const known = upTo(20).toReversed();
    const recorded = sealsToRecord(known, [seal(22), seal(21)]);
    expect(recorded.map(({ generation }) => generation)).toEqual(
      Array.from({ length: 18 }, (_, index) => index + 5),
    );
    expect(sealsToRecord([], upTo(30)).length).toBe(30);
    expect(known[0]).toEqual(seal(20));
  });

  const states = (seals: unknown, changes: Partial<ScannedRecord> = {}) =>
    sealsIn([{ ...at(1, 0, 10, { seals }), type: "life", ...changes }]);

  it("are stated by the first record of a segment, of a life or of one that goes on", () => {
    expect(states([seal(1)])).toEqual({ seals: [seal(1)], damage: [] });
    expect(states([seal(1)], { type: "continued" })).toEqual({ seals: [seal(1)], damage: [] });
    expect(states([seal(1)], { type: "note" })).toEqual({ seals: [], damage: [] });
    expect(states([seal(1)], { n: 2 })).toEqual({ seals: [], damage: [] });
    expect(sealsIn([])).toEqual({ seals: [], damage: [] });
  });

  it("of its own segment or a later one are not believed", () => {
    expect(states([seal(1), seal(2), seal(3)]).seals).toEqual([seal(1)]);
  });

  it("that cannot be read are damage, at that record, and none of them holds", () => {
    for (const seals of [undefined, "none", [{ ...seal(1), bytes: -1 }], [{ ...seal(1), generation: 0 }]]) {
      const { seals: found, damage } = states(seals);
      expect(found).toEqual([]);
      expect(damage).toMatchObject([
        { code: "corrupt-middle", path: "/j", range: { fromByte: 0, toByte: 10 } },
      ]);
    }
  });
});
