import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter, type RawLine } from "../../src/journal/lines.ts";
import { bytesOf, concat, textOf } from "./memory-files.ts";

function split(chunks: readonly Uint8Array[], lineBytesMax: number): RawLine[] {
  const lines: RawLine[] = [];
  const splitter = new LineSplitter(10, lineBytesMax);
  // The buffer is used again for every piece, as a port may do.
  const buffer = new Uint8Array(1000);
  for (const chunk of chunks) {
    buffer.set(chunk);
    splitter.push(buffer.subarray(0, chunk.length), (line) =>
      lines.push({ ...line, bytes: line.bytes.slice() }),
    );
  }
  const tail = splitter.tail();
  return tail === undefined ? lines : [...lines, tail];
}

const chunk = fc
  .array(fc.constantFrom("a", "bc", "\n", "ü", "\n\n"), { maxLength: 12 })
  .map((parts) => parts.join(""));

test("lines: however the bytes are cut into pieces, the lines are the same and cover every byte", () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (texts, lineBytesMax) => {
      const chunks = texts.map(bytesOf);
      const whole = concat(...chunks);
      const lines = split(chunks, lineBytesMax);
      const single = Array.from(whole, (byte) => Uint8Array.of(byte));
      expect(lines).toEqual(split(single, lineBytesMax));
      let at = 10;
      for (const line of lines) {
        expect(line.fromByte).toBe(at);
        at = line.toByte;
        const content = whole.subarray(line.fromByte - 10, line.toByte - 10 - (line.newline ? 1 : 0));
        expect(line.oversized).toBe(content.length > lineBytesMax);
        expect(textOf(line.bytes)).toBe(textOf(content.subarray(0, line.oversized ? 256 : undefined)));
      }
      expect(at - 10).toBe(whole.length);
    }),
  );
});

test("lines: of an oversized line only the head is kept", () => {
  const [line] = split([bytesOf("x".repeat(900)), bytesOf("y\nz")], 500);
  expect(line).toMatchObject({ fromByte: 10, toByte: 912, newline: true, oversized: true });
  expect(line?.bytes.length).toBe(256);
});

test("lines: of one that is oversized within one piece the head alone is kept, too", () => {
  const [line, next] = split([bytesOf(`${"x".repeat(900)}\ny`)], 500);
  expect(line?.oversized).toBe(true);
  expect(line?.bytes.length).toBe(256);
  expect(textOf(next?.bytes ?? new Uint8Array(0))).toBe("y");
});

test("lines: to look at the tail changes nothing", () => {
  const splitter = new LineSplitter(0, 100);
  const lines: string[] = [];
  const push = (text: string) => splitter.push(bytesOf(text), (line) => lines.push(textOf(line.bytes)));
  expect(splitter.tail()).toBeUndefined();
  for (const text of ["a", "b", "c"]) {
    push(text);
    splitter.tail();
  }
  push("d");
  const tail = splitter.tail();
  expect(tail).toMatchObject({ fromByte: 0, toByte: 4, newline: false, oversized: false });
  expect(textOf(tail?.bytes ?? new Uint8Array(0))).toBe("abcd");
  push("e\nf\n");
  expect(lines).toEqual(["abcde", "f"]);
  expect([splitter.lineEnd, splitter.end, splitter.tail()]).toEqual([8, 8, undefined]);
});
