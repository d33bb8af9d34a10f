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
