/** Gemini CLI: the fold of its lines, calls at each status, and results that are worded for people. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Conversation } from "../../../src/agent/gemini-cli/fold.ts";
import { matchStream } from "../../../src/agent/gemini-cli/match.ts";
import { replyBodies } from "../../../src/agent/gemini-cli/message.ts";
import { sentOnResume } from "../../../src/agent/gemini-cli/sent.ts";
import { read } from "../../../src/agent/gemini-cli/store.ts";
import { decodeLine } from "../../../src/agent/gemini-cli/wire.ts";
import { geminiCli } from "../../../src/agent/gemini-cli.ts";
import type { SourceCut } from "../../../src/model/evidence.ts";
import type { FactBody } from "../../../src/model/fact.ts";
import { notation } from "../../conformance/fixture.ts";
import { diskFiles } from "../../conformance/memory.ts";
import { memoryFiles } from "../files.ts";

function folded(lines: readonly Record<string, unknown>[]): string[] {
  const conversation = new Conversation((message: Record<string, unknown>) => message);
  for (const line of lines) conversation.take(line);
  return conversation.messages.map(({ id, content }) => `${id}${content}`);
}

function said(id: string, content: string): Record<string, unknown> {
  return { id, type: "user", content };
}

describe("the fold", () => {
  test("the last record of a message counts, at its first place", () => {
    expect(folded([said("a", "1"), said("b", "1"), said("a", "2")])).toEqual(["a2", "b1"]);
  });
  test("$set with messages replaces all, $set without them nothing", () => {
    expect(folded([said("a", "1"), { $set: { messages: [said("c", "1")] } }, { $set: { x: 1 } }])).toEqual([
      "c1",
    ]);
  });
  test("$rewindTo takes the message and all behind it away, and everything if it knows it not", () => {
    const lines = [said("a", "1"), said("b", "1"), said("c", "1")];
    expect(folded([...lines, { $rewindTo: "b" }])).toEqual(["a1"]);
    expect(folded([...lines, { $rewindTo: "zz" }])).toEqual([]);
  });
});

test("a message that was forgotten keeps its place: a rewind to it takes what stands behind it", () => {
  const conversation = new Conversation((message: Record<string, unknown>) => message);
  for (const id of ["a", "b", "c", "d"]) conversation.take(said(id, "1"));
  conversation.forget("b", () => undefined);
  conversation.forget("d", (kept) => ({ ...kept, content: "less" }));
  const left = () => conversation.messages.map(({ id, content }) => `${id}${content}`);
  expect(left()).toEqual(["a1", "c1", "dless"]);
  conversation.take({ $rewindTo: "b" });
  expect(left()).toEqual(["a1"]);
});

test("of a long log with every answer twice only the newest turns are kept, and of those what is sent", async () => {
  const sessionId = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";
  const turns = Array.from({ length: 400 }, (_, turn) => turnOf(`${turn}`)).flat();
  const lines = [{ sessionId, projectHash: "0" }, ...turns].map((line) => `${JSON.stringify(line)}\n`);
  const files = memoryFiles({ "/s.jsonl": lines.join("") });
  const found = { agent: "gemini-cli", id: sessionId, path: "/s.jsonl" } as const;
  const keep = { textCharsMax: 100, bytesMax: 20_000 };
  const whole = await read(files, found);
  const short = await read(files, found, { keep });
  const [facts = [], some = []] = [whole, short].map(({ sources }) => sources[0]?.facts ?? []);
  expect(facts).toHaveLength(1 + 400 * 5);
  const turnsLeft = (some.length - 1) / 5;
  // What stands before the first prompt counts as a turn.
  expect(short.leftOut).toEqual({ turns: 400 - turnsLeft + 1, calls: 400 - turnsLeft });
  expect(turnsLeft).toBeLessThan(40);
  expect(notation(short.sent)).toEqual(notation(whole.sent).slice(-short.sent.length));
  expect(short.sent).toHaveLength(turnsLeft * 5 + 1);
});

/** Prompt, call, answer, the answer once more, words. */
function turnOf(turn: string): Record<string, unknown>[] {
  const result = [{ functionResponse: { id: `c_${turn}`, name: "t", response: { output: `out ${turn}` } } }];
  const reply = { id: `g${turn}`, type: "gemini", content: "" };
  const toolCalls = [{ id: `c_${turn}`, name: "t", args: { turn }, result, status: "success" }];
  return [
    said(`u${turn}`, `do ${turn}`),
    reply,
    { ...reply, toolCalls },
    { id: `a${turn}`, type: "user", content: result },
    { id: `e${turn}`, type: "gemini", content: "done" },
  ];
}

describe("a call", () => {
  const kindsOf = (status: string) =>
    replyBodies({ toolCalls: [{ id: "t__1", name: "t", args: {}, status, result: [] }] }).map(
      ({ kind }) => kind,
    );
  test.each(["success", "error"])("with status %s is over", (status) => {
    expect(kindsOf(status)).toEqual(["call", "result"]);
  });
  test.each(["cancelled", "executing", "scheduled"])("with status %s has no answer of the tool", (status) => {
    expect(kindsOf(status)).toEqual(["call"]);
  });
});

test("what is sent: an answer that stands in the conversation once is sent once", () => {
  const answer = { functionResponse: { id: "t__1", name: "t", response: { output: "x" } } };
  const call = {
    id: "g",
    type: "gemini",
    content: "",
    toolCalls: [{ id: "t__1", name: "t", result: [answer] }],
  };
  expect(notation(sentOnResume([call]))).toEqual([
    "assistant t__1",
    "tool t__1 result",
    "assistant+",
    "user",
  ]);
  const again = { id: "u", type: "user", content: [answer] };
  expect(notation(sentOnResume([call, again]))).toContain("tool t__1 repeated");
});

test("a result that is worded for people gives way to the file's", () => {
  const cutOf = (source: "O" | "L", body: FactBody): SourceCut => ({
    source,
    status: "read",
    abilities: {},
    damage: [],
    facts: [{ source, range: { fromByte: 0, toByte: 1 }, k: 0, body }],
  });
  const result = (content: string): FactBody => ({
    kind: "result",
    callId: "c",
    content,
    isError: false,
    cut: false,
  });
  const [stream] = matchStream([cutOf("O", result("Read 10 lines")), cutOf("L", result("1\n2\n"))]);
  expect(stream?.facts[0]?.body).toMatchObject({ content: "", cut: true });
  const [alone] = matchStream([cutOf("O", result("Read 10 lines"))]);
  expect(alone?.facts[0]?.body).toMatchObject({ content: "Read 10 lines", cut: false });
});

test("a result without a text is known to be one whose text is not", () => {
  const line = '{"type":"tool_result","tool_id":"t__1","status":"success"}';
  expect(decodeLine(line)).toMatchObject([{ kind: "result", content: "", cut: true, isError: false }]);
  const failed = '{"type":"tool_result","tool_id":"t__1","status":"error","error":{"message":"no"}}';
  expect(decodeLine(failed)).toMatchObject([{ content: "no", cut: false, isError: true }]);
});

test("a project's folder is known by its hash or by what it says", async () => {
  const id = "3fcb6c8b-9a1a-4595-a043-40c228fb2c34";
  const head = new TextEncoder().encode(`${JSON.stringify({ sessionId: id, kind: "main" })}\n`);
  const tmp = "/home/dev/.gemini/tmp";
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const disk = {
    [`${tmp}/${hash("/w")}/chats/session-a.jsonl`]: head,
    [`${tmp}/w/chats/session-b.jsonl`]: head,
    [`${tmp}/w/.project_root`]: new TextEncoder().encode("/w\n"),
    [`${tmp}/${hash("/elsewhere")}/chats/session-c.jsonl`]: head,
    [`${tmp}/other/chats/session-d.jsonl`]: head,
    [`${tmp}/other/.project_root`]: new TextEncoder().encode("/elsewhere"),
  };
  const found = await geminiCli.store?.locate(diskFiles(disk), "/w/", { home: "/home/dev", env: {} });
  expect(found?.map(({ path }) => path.slice(-7, -6)).sort()).toEqual(["a", "b"]);
});
