/** pi: the way along the parents, calls without results, compaction, and the glue that it makes itself. */
import { describe, expect, test } from "vitest";
import { messageBodies } from "../../../src/agent/pi/message.ts";
import { entryOf, sentOnResume } from "../../../src/agent/pi/sent.ts";
import { decodeLine } from "../../../src/agent/pi/wire.ts";
import { pi } from "../../../src/agent/pi.ts";
import { notation } from "../../conformance/fixture.ts";
import { diskFiles } from "../../conformance/memory.ts";

type Line = Record<string, unknown>;

function message(id: string, parentId: string | null, value: object): Line {
  return { type: "message", id, parentId, message: value };
}

const person = { role: "user", content: "do it" };
const asks = (...ids: string[]) => ({
  role: "assistant",
  stopReason: "toolUse",
  content: ids.map((id) => ({ type: "toolCall", id, name: "bash", arguments: {} })),
});
const answers = (id: string) => ({
  role: "toolResult",
  toolCallId: id,
  content: [{ type: "text", text: "x" }],
  isError: false,
});
const says = { role: "assistant", stopReason: "stop", content: [{ type: "text", text: "done" }] };

function sent(lines: readonly Line[]): string[] {
  return notation(sentOnResume(lines.flatMap((line) => entryOf(line) ?? [])));
}

describe("what is sent", () => {
  test("a call without a result gets one, before the next message and at the end", () => {
    const lines = [
      message("1", null, person),
      message("2", "1", asks("a", "b")),
      message("3", "2", answers("a")),
    ];
    const expected = ["user", "assistant a", "assistant b", "tool a result", "tool b synthetic", "user"];
    expect(sent(lines)).toEqual(expected);
    expect(sent([...lines, message("4", "3", says)])).toEqual([...expected.slice(0, 5), "assistant", "user"]);
  });
  test("another branch is not", () => {
    const lines = [message("1", null, person), message("2", "1", asks("a")), message("3", "1", says)];
    expect(sent(lines)).toEqual(["user", "assistant", "user"]);
  });
  test("nothing before a parent that is not there; a cycle is walked once", () => {
    expect(sent([message("1", null, person), message("3", "gone", says)])).toEqual(["assistant", "user"]);
    expect(sent([message("1", "2", person), message("2", "1", says)])).toEqual(["user", "assistant", "user"]);
  });
  test("an answer that broke off is not, and its calls never ran", () => {
    const broken = { ...asks("a"), stopReason: "aborted" };
    expect(sent([message("1", null, person), message("2", "1", broken)])).toEqual(["user", "user"]);
    expect(messageBodies(broken).map(({ kind }) => kind)).toEqual(["turn-end"]);
  });
  test("a compaction's summary and what it kept", () => {
    const lines = [
      message("1", null, person),
      message("2", "1", asks("a")),
      message("3", "2", answers("a")),
      message("4", "3", says),
      { type: "compaction", id: "5", parentId: "4", summary: "s", firstKeptEntryId: "4" },
    ];
    expect(sent(lines)).toEqual(["user", "assistant", "user"]);
  });
});

const id = "01a201ed-3eb5-72c2-a3f3-7c1ea7c77df0";
const path = `/home/dev/.pi/agent/sessions/--w--/2026_${id}.jsonl`;
const around = { home: "/home/dev", env: {} };

async function read(text: string) {
  const disk = { [path]: new TextEncoder().encode(text) };
  const [cut] = await pi.readStore(diskFiles(disk), "/w", id, around);
  if (cut === undefined) throw new Error("not read");
  return cut;
}

test("the glue that pi makes onto a torn line costs the torn line alone, and the lost parent is reported", async () => {
  const lines = [
    { type: "session", version: 3, id, cwd: "/w" },
    message("1", null, person),
    message("2", "1", asks("a")),
    message("3", "2", answers("a")),
  ].map((line) => JSON.stringify(line));
  const torn = lines[3]?.slice(0, 40) ?? "";
  const text = `${lines.slice(0, 3).join("\n")}\n${torn}${JSON.stringify(message("4", "3", person))}\n`;
  const cut = await read(text);
  expect(cut.damage.map(({ code }) => code)).toEqual(["corrupt-middle", "chain-break"]);
  expect(cut.facts.map(({ body }) => body.kind)).toEqual(["session", "prompt", "call", "prompt"]);
});

test("a newer format and kinds that are not known are named", async () => {
  const lines = [
    { type: "session", version: 4, id },
    { type: "moon", id: "1", parentId: null },
  ];
  const cut = await read(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  const types = cut.facts.flatMap(({ body }) => (body.kind === "unknown" ? [body.type] : []));
  expect(types).toEqual(["session of format version 4", "moon"]);
});

test("the agent's end says how it ended", () => {
  const end = (last: object) => decodeLine(JSON.stringify({ type: "agent_end", messages: [person, last] }));
  expect(end(says)).toMatchObject([{ outcome: "completed" }]);
  expect(end({ ...says, stopReason: "error", errorMessage: "no" })).toMatchObject([
    { outcome: "failed", reason: "no" },
  ]);
  expect(end({ ...says, stopReason: "aborted" })).toMatchObject([{ outcome: "cancelled" }]);
});
