import fc from "fast-check";
import { expect, test } from "vitest";
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
