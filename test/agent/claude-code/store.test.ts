/** Claude Code's file: types that nobody knows, lines without a parent, and places made of ids. */
import { expect, test } from "vitest";
import { decodeLine } from "../../../src/agent/claude-code/wire.ts";
import { claudeCode } from "../../../src/agent/claude-code.ts";
import { diskFiles } from "../../conformance/memory.ts";

const around = { home: "/home/dev", env: {} };
const id = "863a54be-ac71-488d-8a0b-bcbc08e9c9e2";
const path = `/home/dev/.claude/projects/-home-dev-my-project/${id}.jsonl`;

async function read(lines: readonly object[]) {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const disk = { [path]: new TextEncoder().encode(text) };
  const read = await claudeCode.store?.read(diskFiles(disk), { agent: "claude-code", id, path }, around);
  const [cut] = read?.sources ?? [];
  if (read === undefined || cut === undefined) throw new Error("not read");
  return { read, cut };
}

const user = { type: "user", uuid: "u1", parentUuid: null, sessionId: id, version: "2.1.330" };

test("a type that is not known is named, one that is known is silent", async () => {
  const { cut, read: session } = await read([
    { ...user, message: { role: "user", content: "go" } },
    { type: "moon-phase", sessionId: id },
    { type: "api-request-shape", sessionId: id },
    {
      type: "system",
      subtype: "turn_duration",
      uuid: "s1",
      parentUuid: "u1",
      version: "2.1.331",
      sessionId: id,
    },
  ]);
  expect(cut.facts.flatMap(({ body }) => (body.kind === "unknown" ? [body.type] : []))).toEqual([
    "moon-phase",
  ]);
  expect(session.versions).toEqual(["2.1.330", "2.1.331"]);
});

test("a parent that is not there and a line that comes twice are reported", async () => {
  const answer = { role: "assistant", content: [{ type: "text", text: "x" }] };
  const line = { type: "assistant", uuid: "a1", parentUuid: "gone", sessionId: id, message: answer };
  const { cut } = await read([{ ...user, message: { role: "user", content: "go" } }, line, line]);
  expect(cut.damage.map(({ code }) => code)).toEqual(["chain-break", "seq-repeat", "chain-break"]);
});

test("texts that Claude Code put in by itself open no turn, and an interrupt mark ends one", async () => {
  const { cut } = await read([
    { ...user, message: { role: "user", content: "go" } },
    {
      ...user,
      uuid: "u2",
      isMeta: true,
      message: { role: "user", content: "Continue from where you left off." },
    },
    {
      ...user,
      uuid: "u3",
      message: { role: "user", content: [{ type: "text", text: "[Request interrupted by user]" }] },
    },
  ]);
  expect(cut.facts.map(({ body }) => body.kind)).toEqual(["session", "prompt", "turn-end"]);
});

test("the answer that a resume puts in ends no turn", async () => {
  const content = [{ type: "text", text: "No response requested." }];
  const answer = { type: "assistant", uuid: "a1", parentUuid: "u1", sessionId: id };
  const kindsOf = async (model: string) => {
    const message = { role: "assistant", model, stop_reason: "stop_sequence", content };
    const { cut } = await read([
      { ...user, message: { role: "user", content: "go" } },
      { ...answer, message },
    ]);
    return cut.facts.map(({ body }) => body.kind);
  };
  expect(await kindsOf("<synthetic>")).toEqual(["session", "prompt", "text"]);
  expect(await kindsOf("some-model")).toEqual(["session", "prompt", "text", "turn-end"]);
});

test("a place is made of nothing but a session id", () => {
  expect(claudeCode.storePaths("/home/dev/my.project", id, around)).toEqual({ log: path });
  expect(claudeCode.storePaths("/home/dev/my.project", "../../etc/passwd", around)).toEqual({});
  expect(claudeCode.storePaths("/home/dev/my.project", id)).toEqual({});
  const moved = { home: "/home/dev", env: { CLAUDE_CONFIG_DIR: "/elsewhere/" } };
  expect(claudeCode.storePaths("/w", id, moved)).toEqual({ log: `/elsewhere/projects/-w/${id}.jsonl` });
});

test("a stream's end says how it ended", () => {
  const end = (value: object) => decodeLine(JSON.stringify({ type: "result", ...value }));
  expect(end({ subtype: "success", is_error: false })).toEqual([{ kind: "turn-end", outcome: "completed" }]);
  expect(end({ subtype: "error_max_turns", is_error: true })).toMatchObject([{ outcome: "failed" }]);
  expect(end({ subtype: "success", is_error: true, result: "no credit" })).toMatchObject([
    { reason: "no credit" },
  ]);
});

test("a tool use without an id is no call", () => {
  const line = JSON.stringify({
    type: "assistant",
    message: { content: [{ type: "tool_use", name: "Bash" }] },
  });
  expect(decodeLine(line)).toEqual([
    { kind: "unreadable", reason: "assistant without the id of a tool use" },
  ]);
});
