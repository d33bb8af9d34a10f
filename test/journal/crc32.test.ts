import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { bytesOf } from "./memory-files.ts";

test("crc32: the check value of the standard", () => {
  expect(crc32(bytesOf("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});

test("crc32: of two parts is that of the whole, and that of another implementation", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (left, right) => {
      const whole = Buffer.concat([left, right]);
      expect(crc32(right, crc32(left))).toBe(crc32(whole));
      if (typeof zlibCrc32 === "function") expect(crc32(whole)).toBe(zlibCrc32(whole));
    }),
  );
});
