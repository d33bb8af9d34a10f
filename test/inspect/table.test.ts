/** What the table says in sum. */
import { expect, test } from "vitest";
import { type InspectedSession, paintOf, tableLines } from "../../src/inspect/index.ts";

const session = (status: "read" | "unreadable") =>
  ({
    found: { agent: "ada", id: "a", path: "/a" },
    evidence: { sources: [{ status }] },
    verdict: {
      run: { state: "completed" },
      calls: [],
      findings: [],
      recovery: { action: "none", why: "", sends: [] },
    },
  }) as unknown as InspectedSession;

const sum = (sessions: readonly InspectedSession[], troubles: readonly { path: string; why: string }[]) =>
  tableLines({ folder: "/w", sessions, troubles }, paintOf(false)).at(-1);

test("nothing is to be decided only where everything could be read", () => {
  expect(sum([session("read")], [])).toBe("Nothing to decide.");
  const part = "Nothing to decide in what could be read.";
  expect(sum([session("read")], [{ path: "/b", why: "It cannot be read: EIO." }])).toBe(part);
  expect(sum([session("read"), session("unreadable")], [])).toBe(part);
});
