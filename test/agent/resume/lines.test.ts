/** The piecewise reader says the same as the one that has the whole file, wherever chunks end. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LineRecord } from "../../../src/agent/lines.ts";
import { readLines } from "../../../src/agent/lines.ts";
import { damageMax, scanLines } from "../../../src/agent/resume-lines.ts";
import type { Files } from "../../../src/model/ports.ts";
import { diskFiles } from "../../conformance/memory.ts";

const path = "/log.jsonl";
const isRecord = (value: Readonly<Record<string, unknown>>) => "n" in value;

/** The same bytes, handed out in pieces of at most `pieceBytes`. */
function inPieces(bytes: Uint8Array, pieceBytes: number): Files {
  const files = diskFiles({ [path]: bytes });
  return {
    ...files,
    openRead: async (name) => {
      const file = await files.openRead(name);
      return file && { ...file, read: (from, to) => file.read(from, Math.min(to, from + pieceBytes)) };
    },
  };
}

async function scan(bytes: Uint8Array, pieceBytes: number, lineBytesMax = 1_000) {
  const records: LineRecord[] = [];
  const files = inPieces(bytes, pieceBytes);
  const answer = await scanLines(files, path, isRecord, (record) => records.push(record), lineBytesMax);
  return { records, damage: answer.status === "read" ? answer.damage : answer.status };
}

const piece = fc.oneof(
  fc.constantFrom(
    '{"n":1}',
    '{"n":"é{}"}\n',
    "\n",
    "\r\n",
    '{"n":',
    "}",
    "\u0000\u0000",
    '{"x":{"n":2}}',
    "é",
    "[1]",
    " ",
  ),
  fc.string({ maxLength: 5 }),
);

test("it agrees with the reader of whole files", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }),
      fc.integer({ min: 1, max: 40 }),
      async (pieces, size) => {
        const bytes = new TextEncoder().encode(pieces.join(""));
        const whole = readLines(bytes, path, { isRecord, lineBytesMax: 1_000 });
        expect(await scan(bytes, size)).toEqual({ records: whole.records, damage: whole.damage });
      },
    ),
    { numRuns: 400 },
  );
});

test("a line that is too long is reported with its bytes and costs no neighbour", async () => {
  const long = `{"n":"${"x".repeat(5_000)}"}`;
  const bytes = new TextEncoder().encode(`{"n":1}\n${long}\n{"n":2}\n`);
  for (const size of [1, 7, 999, 100_000]) {
    const { records, damage } = await scan(bytes, size);
    expect(records.map(({ value }) => value.n)).toEqual([1, 2]);
    expect(damage).toMatchObject([
      { code: "oversized-record", range: { fromByte: 8, toByte: 8 + long.length } },
    ]);
  }
});

test("of a file full of damage so many places are listed, and that there are more", async () => {
  const bytes = new TextEncoder().encode("?\n".repeat(damageMax + 500));
  const { damage } = await scan(bytes, 4_096);
  expect(damage).toHaveLength(damageMax + 1);
  expect(damage.at(-1)).toMatchObject({ detail: expect.stringContaining("more damaged places") });
});
