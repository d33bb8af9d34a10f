/** A log that is larger than what is kept of it. */
import { expect, test } from "vitest";
import { charsKeptMax } from "../../../src/agent/kept-facts.ts";
import { readLogCut } from "../../../src/agent/resume-log.ts";
import { diskFiles } from "../../conformance/memory.ts";

test("of a huge log the newest texts are whole, the oldest have their beginning, and none is missing", async () => {
  const contentChars = 100_000;
  const count = Math.ceil((charsKeptMax * 1.5) / contentChars);
  const lines = Array.from({ length: count }, (_, n) =>
    JSON.stringify({ n, text: `${n}:${"x".repeat(contentChars)}` }),
  );
  const disk = { "/log": new TextEncoder().encode(lines.join("\n")) };
  const cut = await readLogCut(
    diskFiles(disk),
    "/log",
    {},
    (value) => "n" in value,
    ({ value }) => [
      { kind: "result", callId: String(value.n), content: String(value.text), isError: false, cut: false },
    ],
  );
  const results = cut.facts.flatMap(({ body }) => (body.kind === "result" ? [body] : []));
  expect(results).toHaveLength(count);
  expect(results.every(({ callId, content }) => content.startsWith(`${callId}:x`))).toBe(true);
  expect(results[0]).toMatchObject({ cut: true, content: `0:${"x".repeat(198)}` });
  expect(results.at(-1)?.cut).toBe(false);
  const chars = results.reduce((sum, { content }) => sum + content.length, 0);
  expect(chars).toBeLessThanOrEqual(charsKeptMax);
  expect(chars).toBeGreaterThan(charsKeptMax * 0.9);
});
