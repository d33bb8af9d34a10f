import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32 } from "../../src/journal/crc32.ts";
import { encodeRecord, findRecord, parseRecord } from "../../src/journal/record.ts";
import { bytesOf, concat } from "./memory-files.ts";

const data = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue());
const count = fc.integer({ min: 1, max: 1_000_000 });

test("record: what was written is read back, whatever the type and the data are", () => {
  fc.assert(
    fc.property(count, count, fc.string({ unit: "binary" }), data, (generation, n, type, value) => {
      const dataJson = JSON.stringify(value);
      const line = encodeRecord(generation, n, { type, dataJson });
      expect(line.indexOf(0x0a)).toBe(line.length - 1);
      expect(line.filter((byte) => byte === 9).length).toBe(6);
      const read = parseRecord(line, 0);
      expect(read).toEqual({ generation, n, type, data: JSON.parse(dataJson), end: line.length - 1 });
      expect(findRecord(line, 1)).toBe(-1);
    }),
  );
});

test("record: any single altered byte makes it none", () => {
  const line = encodeRecord(1, 7, {
    type: "dispatch",
    dataJson: '{"runId":"r1","text":"ü\\t\\n"}',
    replaces: "1.3",
  });
  for (let at = 0; at < line.length - 1; at++) {
    for (let mask = 1; mask < 256; mask++) {
      const bad = line.slice();
      bad[at] = (bad[at] ?? 0) ^ mask;
      expect(typeof parseRecord(bad, 0)).toBe("string");
    }
  }
});

test("record: arbitrary bytes are read without a throw", () => {
  const almost = encodeRecord(1, 1, { type: "t", dataJson: "{}" });
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(40), (bytes, cut) => {
      expect(typeof parseRecord(concat(almost.subarray(0, cut), bytes), 0)).toMatch(/string|object/);
    }),
  );
});

test("record: the right checksum over another form is not a record", () => {
  for (const dataJson of ["[]", "null", "1", '"x"', "{", '{"a":1}\t1.2\t3']) {
    expect(parseRecord(encodeRecord(1, 1, { type: "t", dataJson }), 0)).toBe("form");
  }
  expect(parseRecord(bytesOf("j1\t00000000\t5\t1\t1\n"), 0)).toBe("form");
});

/** A line with the right length and checksum over any body. */
function lineOf(body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === "string" ? bytesOf(body) : body;
  const length = bytesOf(`${bytes.length}\t`);
  const crc = crc32(concat(length, bytes)).toString(16).padStart(8, "0");
  return concat(bytesOf(`j1\t${crc}\t`), length, bytes, bytesOf("\n"));
}

test("record: each field must have its form, under whatever checksum", () => {
  expect(parseRecord(lineOf('1\t2\t"t"\t{}'), 0)).toStrictEqual({
    generation: 1,
    n: 2,
    type: "t",
    data: {},
    end: lineOf('1\t2\t"t"\t{}').length - 1,
  });
  const bad = ['0\t2\t"t"\t{}', '1\t0\t"t"\t{}', 'x1\t2\t"t"\t{}', '1x\t2\t"t"\t{}', '1\t2x\t"t"\t{}'];
  const worse = [
    '1\t-2\t"t"\t{}',
    "1\t2\t5\t{}",
    "1\t2\tnull\t{}",
    '1\t2\t"t"\t',
    '1\t2\t"t"',
    "1\t2",
    "1",
    "x",
  ];
  for (const body of [...bad, ...worse]) expect([body, parseRecord(lineOf(body), 0)]).toEqual([body, "form"]);
  expect(parseRecord(lineOf(concat(bytesOf('1\t2\t"'), Uint8Array.of(0xff), bytesOf('"\t{}'))), 0)).toBe(
    "form",
  );
});

test("record: what does not even begin as one has no form; one byte that is wrong is told by the checksum", () => {
  const line = lineOf('1\t2\t"t"\t{}');
  expect(parseRecord(bytesOf("garbage"), 0)).toBe("form");
  expect(parseRecord(concat(line.subarray(0, -2), bytesOf("]\n")), 0)).toBe("checksum");
});

test("record: the next one is found by its whole mark", () => {
  expect(findRecord(bytesOf("jX\tj1 j\tj1\t"), 0)).toBe(8);
  expect(findRecord(bytesOf("j1\tj1\t"), 1)).toBe(3);
});
