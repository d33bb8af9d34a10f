/** Codex: frames of outputs, forms of calls, compaction, and calls of the stream that look alike. */
import { describe, expect, test } from "vitest";
import { matchStream } from "../../../src/agent/codex/match.ts";
import { outputOf } from "../../../src/agent/codex/output.ts";
import { historyOf, rolloutBodies } from "../../../src/agent/codex/rollout.ts";
import { sentOnResume } from "../../../src/agent/codex/sent.ts";
import { shellWords } from "../../../src/agent/codex/shell-words.ts";
import { read } from "../../../src/agent/codex/store.ts";
import { codex } from "../../../src/agent/codex.ts";
import type { SourceCut } from "../../../src/model/evidence.ts";
import type { FactBody } from "../../../src/model/fact.ts";
import { notation } from "../../conformance/fixture.ts";
import { diskFiles } from "../../conformance/memory.ts";

describe("an output", () => {
  test("without a frame is taken as it is", () => {
    expect(outputOf("plain")).toEqual({ content: "plain", isError: false, cut: false });
  });
  test("of a command that failed is an error", () => {
    const text = "Wall time: 0.1 seconds\nProcess exited with code 2\nOutput:\nno such file\n";
    expect(outputOf(text)).toEqual({ content: "no such file\n", isError: true, cut: false });
    expect(outputOf("Exit code: 1\nWall time: 0 seconds\nOutput:\nx")).toMatchObject({
      content: "x",
      isError: true,
    });
    expect(outputOf('{"output":"x","metadata":{"exit_code":3}}')).toMatchObject({
      content: "x",
      isError: true,
    });
  });
  test("of a command that runs on is not its last word", () => {
    const text = "Wall time: 9 seconds\nProcess running with session ID 4\nOutput:\nhalf";
    expect(outputOf(text)).toEqual({ content: "half", isError: false, cut: true });
  });
  test("that Codex shortened keeps its beginning and is cut", () => {
    const text = "Wall time: 0 seconds\nProcess exited with code 0\nOutput:\nabc…120 tokens truncated…xyz";
    expect(outputOf(text)).toEqual({ content: "abc", isError: false, cut: true });
  });
  test("that says that the call could not be made is an error", () => {
    expect(outputOf("exec_command failed: no such folder").isError).toBe(true);
  });
  test.each(["aborted by user after 3.1s", "Wall time: 3.1 seconds\naborted by user", "aborted"])(
    "%j is Codex's own word for a call that it stopped, and no answer of the tool",
    (output) => {
      const line = { type: "function_call_output", call_id: "c1", output };
      expect(rolloutBodies("response_item", line)).toEqual([]);
      const { items } = historyOf("response_item", line);
      const call = { kind: "call", callId: "c1" } as const;
      expect(sentOnResume([call, ...items])).toContainEqual({
        role: "tool",
        callId: "c1",
        answer: "synthetic",
      });
    },
  );
  test("that only speaks of an abort is the tool's", () => {
    for (const output of [
      "Wall time: 1 seconds\nProcess exited with code 0\nOutput:\naborted by user",
      "aborted by user, and more",
    ]) {
      const line = { type: "function_call_output", call_id: "c1", output };
      expect(rolloutBodies("response_item", line)).toMatchObject([{ kind: "result", callId: "c1" }]);
    }
  });
});

test("turns that a person took back are not sent, and their calls stay on record", async () => {
  const item = (payload: object) => ({ type: "response_item", payload });
  const words = (text: string) =>
    item({ type: "message", role: "user", content: [{ type: "input_text", text }] });
  const turn = (id: string) => [
    words(`do ${id}`),
    item({ type: "function_call", call_id: id, name: "tool", arguments: "{}" }),
    item({ type: "function_call_output", call_id: id, output: "ok" }),
  ];
  const back = { type: "event_msg", payload: { type: "thread_rolled_back", num_turns: 1 } };
  const lines = [...turn("kept"), ...turn("gone"), back].map((line) => `${JSON.stringify(line)}\n`);
  const files = diskFiles({ "/r.jsonl": new TextEncoder().encode(lines.join("")) });
  const { sent, sources } = await read(files, { agent: "codex", id: "x", path: "/r.jsonl" });
  expect(sent.flatMap(({ callId }) => callId ?? [])).toEqual(["kept", "kept"]);
  expect(sources[0]?.facts.filter(({ body }) => body.kind === "result")).toHaveLength(2);
});

test("words as a shell quotes them", () => {
  expect(shellWords(`/bin/bash -lc 'echo one'`)).toEqual(["/bin/bash", "-lc", "echo one"]);
  expect(shellWords(`sh -c "printf %s 'a b' > \\"$x\\""`)).toEqual(["sh", "-c", `printf %s 'a b' > "$x"`]);
  expect(shellWords(`a '' b\\ c 'x'"'"'y'`)).toEqual(["a", "", "b c", "x'y"]);
  expect(shellWords(`open 'never ends`)).toEqual(["open", "never ends"]);
});

test("texts that Codex put into the person's place are no prompts, in newer and older files", () => {
  const message = (text: string, kinds?: string[]) => ({
    type: "message",
    role: "user",
    content: [{ type: "input_text", text }],
    ...(kinds === undefined
      ? {}
      : { internal_chat_message_metadata_passthrough: { content_item_kinds: kinds } }),
  });
  const kindsOf = (payload: object) =>
    rolloutBodies("response_item", { ...payload })?.map(({ kind }) => kind);
  expect(kindsOf(message("<environment_context>\n"))).toEqual([]);
  expect(kindsOf(message("do it", ["environments.environment_context"]))).toEqual([]);
  expect(kindsOf(message("do it"))).toEqual(["prompt"]);
  expect(kindsOf(message("<b>do it</b>", ["user.text"]))).toEqual(["prompt"]);
});

test("a command whose end is on record was done, although the model never got its output", () => {
  const item = { type: "CommandExecution", id: "call_1", aggregated_output: "one\n", exit_code: 0 };
  expect(rolloutBodies("event_msg", { type: "item_completed", item })).toEqual([
    { kind: "result", callId: "call_1", content: "one\n", isError: false, cut: false },
  ]);
  const items = historyOf("response_item", { type: "function_call", call_id: "call_1" }).items;
  expect(notation(sentOnResume(items))).toEqual(["assistant call_1", "tool call_1 synthetic", "user"]);
});

test("types that are not known are named", () => {
  expect(rolloutBodies("response_item", { type: "moon" })).toEqual([
    { kind: "unknown", type: "response_item moon" },
  ]);
  expect(rolloutBodies("event_msg", { type: "moon" })).toEqual([{ kind: "unknown", type: "event_msg moon" }]);
  expect(rolloutBodies("moon", {})).toBeUndefined();
});

test("what is sent: no answer without a call, and after a compaction what it left", () => {
  const answer = historyOf("response_item", { type: "function_call_output", call_id: "c9" }).items;
  expect(notation(sentOnResume(answer))).toEqual(["user"]);
  const left = [
    { type: "message", role: "user", content: [] },
    { type: "custom_tool_call", call_id: "c1" },
    { type: "custom_tool_call_output", call_id: "c1" },
  ];
  const { replaces, items } = historyOf("compacted", { replacement_history: left });
  expect(replaces).toBe(true);
  expect(notation(sentOnResume(items))).toEqual(["user", "assistant c1", "tool c1 result", "user"]);
});

describe("the stream's items and the rollout's calls", () => {
  const cutOf = (source: "O" | "L", bodies: readonly FactBody[]): SourceCut => ({
    source,
    status: "read",
    abilities: {},
    damage: [],
    facts: bodies.map((body, at) => ({
      source,
      range: { fromByte: at, toByte: at + 1 },
      k: 0,
      body,
      ...(source === "O" ? { attempt: 1 } : {}),
    })),
  });
  const item = (callId: string, command: string): FactBody => ({
    kind: "call",
    callId,
    name: "command_execution",
    input: { command: `/bin/bash -lc '${command}'` },
  });
  const call = (callId: string, cmd: string): FactBody => ({
    kind: "call",
    callId,
    name: "exec_command",
    input: { cmd },
  });
  const idsOf = (streamed: FactBody[], stored: FactBody[]) =>
    matchStream([cutOf("O", streamed), cutOf("L", stored)])[0]?.facts.flatMap(({ body }) =>
      "callId" in body ? [body.callId] : [],
    );

  test("the same command twice is two calls, in order", () => {
    expect(idsOf([item("item_1", "a"), item("item_2", "a")], [call("x", "a"), call("y", "a")])).toEqual([
      "x",
      "y",
    ]);
  });
  test("a call that only the stream has keeps its own id, and does not shift the others", () => {
    const streamed = [item("item_1", "a"), item("item_2", "lost"), item("item_3", "b")];
    expect(idsOf(streamed, [call("x", "a"), call("z", "b")])).toEqual(["x", "item_2", "z"]);
  });
  test("a call that only the rollout has is stepped over", () => {
    expect(idsOf([item("item_2", "b")], [call("x", "a"), call("y", "b")])).toEqual(["y"]);
  });
  test("a result goes with its call", () => {
    const result: FactBody = { kind: "result", callId: "item_1", content: "", isError: false, cut: false };
    expect(idsOf([item("item_1", "a"), result], [call("x", "a")])).toEqual(["x", "x"]);
  });
});

test("only rollouts of the project are found, wherever CODEX_HOME is", async () => {
  const ids = ["01a201ec-6822-7202-be61-5a4a7e2d86dd", "01a201ef-bc7b-7f41-a96b-937e9ad434c4"];
  const meta = (id: string | undefined, cwd: string) =>
    new TextEncoder().encode(`${JSON.stringify({ type: "session_meta", payload: { id, cwd } })}\n`);
  const disk = {
    [`/c/sessions/2026/11/22/rollout-2026-11-22T06-23-20-${ids[0]}.jsonl`]: meta(ids[0], "/w/"),
    [`/c/archived_sessions/rollout-2026-11-22T06-26-58-${ids[1]}.jsonl`]: meta(ids[1], "/w"),
    "/c/sessions/2026/11/22/rollout-2026-11-22T06-23-20-01a201ec-0000-7202-be61-5a4a7e2d86dd.jsonl": meta(
      "x",
      "/other",
    ),
    "/c/sessions/2026/11/22/notes.txt": meta("y", "/w"),
  };
  const around = { home: "/home/dev", env: { CODEX_HOME: "/c" } };
  const found = await codex.store?.locate(diskFiles(disk), "/w", around);
  expect(found?.map(({ id }) => id)).toEqual(ids);
  const [cut] = await codex.readStore(diskFiles(disk), "/w", ids[1] ?? "", around);
  expect(cut?.facts[0]?.body).toMatchObject({ kind: "session", agentSessionId: ids[1] });
  expect((await codex.readStore(diskFiles(disk), "/w", "../x", around))[0]?.status).toBe("missing");
});
