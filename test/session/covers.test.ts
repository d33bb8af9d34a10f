/**
 * Which bytes of a spool are on record, and where in its file it goes on.
 */
import { describe, expect, it, vi } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import {
  type Covers,
  coveredByte,
  emptyCovers,
  extendCovers,
  extendToByte,
  fileByteOf,
  firstUnitEndingAt,
  noCrc,
} from "../../src/session/covers.ts";
import { mapSpool } from "../../src/session/shift.ts";
import { bytesOf, MemoryFiles } from "../journal/memory-files.ts";

const units = ({ starts, ends, crcs }: Covers) =>
  starts.map((start, index) => [start, ends[index], crcs[index]]);

describe("covers", () => {
  it("one behind the other make units behind each other", () => {
    const covers = emptyCovers();
    expect(coveredByte(covers)).toBe(0);
    extendCovers(covers, { fromByte: 0, ends: [4, 9], crcs: [1, 2] });
    extendCovers(covers, { fromByte: 9, ends: [12], crcs: [3] });
    expect(units(covers)).toEqual([
      [0, 4, 1],
      [4, 9, 2],
      [9, 12, 3],
    ]);
    expect(coveredByte(covers)).toBe(12);
  });

  it("with a hole between them make a unit that nothing vouches for", () => {
    const covers = emptyCovers();
    extendCovers(covers, { fromByte: 3, ends: [4], crcs: [1] });
    extendCovers(covers, { fromByte: 6, ends: [9], crcs: [2] });
    expect(units(covers)).toEqual([
      [0, 3, noCrc],
      [3, 4, 1],
      [4, 6, noCrc],
      [6, 9, 2],
    ]);
  });

  it("twice the same change nothing, and one that begins inside what is covered vouches for nothing", () => {
    const covers = emptyCovers();
    extendCovers(covers, { fromByte: 0, ends: [4, 9], crcs: [1, 2] });
    extendCovers(covers, { fromByte: 0, ends: [4, 9], crcs: [5, 6] });
    extendCovers(covers, { fromByte: 6, ends: [9, 11, 13], crcs: [7, 8, 9] });
    extendCovers(covers, { fromByte: 12, ends: [15], crcs: [10] });
    expect(units(covers)).toEqual([
      [0, 4, 1],
      [4, 9, 2],
      [9, 11, 8],
      [11, 13, 9],
      [13, 15, noCrc],
    ]);
  });

  it("without enough checksums vouch for nothing there", () => {
    const covers = emptyCovers();
    extendCovers(covers, { fromByte: 0, ends: [4, 9], crcs: [1] });
    expect(units(covers)).toEqual([
      [0, 4, 1],
      [4, 9, noCrc],
    ]);
  });

  it("reach to a byte that is on record, once", () => {
    const covers = emptyCovers();
    extendToByte(covers, 0);
    extendToByte(covers, 5);
    extendToByte(covers, 5);
    extendToByte(covers, 4);
    expect(units(covers)).toEqual([[0, 5, noCrc]]);
  });

  it("are found by where they end", () => {
    const covers = emptyCovers();
    extendCovers(covers, { fromByte: 0, ends: [4, 9, 10, 12, 20], crcs: [1, 2, 3, 4, 5] });
    const found = Array.from({ length: 22 }, (_, byte) => firstUnitEndingAt(covers, byte));
    expect(found).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]);
    expect(firstUnitEndingAt(emptyCovers(), 3)).toBe(0);
  });

  it("are in the file where the last shift before them says", () => {
    const covers = emptyCovers();
    expect(fileByteOf(covers, 7)).toBe(7);
    covers.shifts.push({ atByte: 10, fileByte: 4 }, { atByte: 20, fileByte: 0 });
    expect([9, 10, 15, 19, 20, 25].map((byte) => fileByteOf(covers, byte))).toEqual([9, 4, 9, 13, 0, 5]);
  });
});

describe("a spool that is read again", () => {
  const lines = ['{"a":1}\n', '{"b":22}\n', '{"c":333}\n'];

  function covered(of: readonly string[] = lines): Covers {
    const covers = emptyCovers();
    const ends = of.map((_, index) => of.slice(0, index + 1).join("").length);
    extendCovers(covers, { fromByte: 0, ends, crcs: of.map((line) => crc32(bytesOf(line))) });
    return covers;
  }

  async function map(content: string, covers: Covers = covered()) {
    const files = new MemoryFiles();
    files.put("/spool", bytesOf(content));
    const file = await files.openRead("/spool");
    if (file === undefined) throw new Error("It was put there.");
    return mapSpool(file, covers);
  }

  const end = lines.join("").length;
  const [first = "", second = ""] = lines;

  it("goes on behind what is on record", async () => {
    expect(await map(lines.join(""))).toEqual({ streamByte: end, fileByte: end });
    expect(await map(`${lines.join("")}{"new`)).toEqual({ streamByte: end, fileByte: end });
    expect(await map("", emptyCovers())).toEqual({ streamByte: 0, fileByte: 0 });
    expect(await map("new", emptyCovers())).toEqual({ streamByte: 0, fileByte: 0 });
  });

  it("goes on where it was, also with a byte altered in place", async () => {
    expect(await map(lines.join("").replace("22", "33"))).toEqual({ streamByte: end, fileByte: end });
  });

  it("goes on where it was where the disk does not give its last byte, and says any other error", async () => {
    const files = new MemoryFiles();
    files.put("/spool", bytesOf(lines.join("")));
    const file = await files.openRead("/spool");
    if (file === undefined) throw new Error("It was put there.");
    const failing = (code: string) => ({
      ...file,
      read: () => Promise.reject(new IoError(code, "/spool", "read")),
    });
    expect(await mapSpool(failing("EIO"), covered())).toEqual({ streamByte: end, fileByte: end });
    await expect(mapSpool(failing("EACCES"), covered())).rejects.toMatchObject({ code: "EACCES" });
  });

  const shifted = (fileByte: number) => ({
    streamByte: end,
    fileByte,
    shift: { atByte: end, fileByte },
  });

  it("that was cut in a long line looks for the next one in so many bytes and no more", async () => {
    const parse = vi.spyOn(JSON, "parse");
    // Each of its objects could be where the next line begins.
    const long = `${'{"a":1},'.repeat(25_000)}\n`;
    expect(await map(long)).toEqual(shifted(0));
    expect(parse.mock.calls.length).toBeLessThan(400);
    parse.mockRestore();
  });

  it("that was cut goes on behind its last whole line", async () => {
    expect(await map(first + second)).toEqual(shifted(first.length + second.length));
    expect(await map(first)).toEqual(shifted(first.length));
    expect(await map("")).toEqual(shifted(0));
  });

  it("that was cut within a line goes on behind what is left of that", async () => {
    expect(await map(`${first}{"b"`)).toEqual(shifted(first.length + 4));
  });

  it("that was cut and has grown since goes on behind the seam", async () => {
    const grown = `${first}{"b":2{"new":"and longer than it was"}\n`;
    expect(await map(grown)).toEqual(shifted(first.length + '{"b":2'.length));
    const whole = `${first}{"new":{"x":"and longer than it was"}}\n`;
    expect(await map(whole)).toEqual(shifted(first.length));
    const nothing = `${first}{"b":2 no line that anybody understands, 12\n`;
    expect(await map(nothing)).toEqual(shifted(first.length));
    const inside = `${first}{"b":2{"new":{"x":"longer than it was"}}\n{"next":1}\n`;
    expect(await map(inside)).toEqual(shifted(first.length + '{"b":2'.length));
  });

  it("that was cut goes on behind the last line that is still what it was", async () => {
    expect(await map(first + second.replace("22", "33"))).toEqual(shifted(first.length));
    expect(await map(first.replace("1", "2"))).toEqual(shifted(0));
  });

  it("that was cut trusts no line that nothing vouches for", async () => {
    const covers = covered();
    covers.crcs[1] = noCrc;
    expect(await map(first + second, covers)).toEqual(shifted(first.length));
  });

  it("that was cut before and is cut again is looked for where it was then", async () => {
    const covers = covered();
    covers.shifts.push({ atByte: first.length, fileByte: 0 });
    // The second and third line stand at the begin of the file.
    expect(await map(lines.slice(1).join(""), covers)).toEqual({
      streamByte: end,
      fileByte: end - first.length,
    });
    expect(await map(second, covers)).toEqual(shifted(second.length));
  });
});
