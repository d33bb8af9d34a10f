import { describe, expect, it } from "vitest";
import { ada } from "../../src/agent/ada.ts";
import type { SourceCut } from "../../src/model/evidence.ts";
import { memoryFiles } from "./files.ts";
import { cutSnapshot, cwd, logPath, sessionId, snapshotPath, store } from "./fixture.ts";

const event = (type: string, data: object) =>
  JSON.stringify({ id: "e", sessionId, timestamp: "2026-01-01T00:00:00.000Z", type, data });
const said = event("user_message", { text: "grün 漢字 😀" });
const called = event("tool_call", { id: "c1", tool: "run_command", input: { command: "ls" } });
const answered = event("tool_result", {
  toolCallId: "c1",
  tool: "run_command",
  content: "ok",
  isError: false,
});

const kinds = (cut: SourceCut | undefined) => cut?.facts.map(({ body }) => body.kind);
const harm = (cut: SourceCut | undefined) =>
  cut?.damage.map(({ code, range }) => `${code} ${range.fromByte}-${range.toByte}`);
const size = (text: string) => Buffer.byteLength(text);

describe("Ada's log", () => {
  it("keeps exact bytes, also behind characters of several bytes", async () => {
    const log = `${said}\n${called}\n${answered}\n`;
    const [cut] = await store(log, cutSnapshot);
    const slices = cut?.facts.map(({ range }) =>
      Buffer.from(log).subarray(range.fromByte, range.toByte).toString(),
    );
    expect(slices).toEqual([said, called, answered]);
    expect(harm(cut)).toEqual([]);
  });

  it("takes a whole last record without a newline as a record", async () => {
    const [cut] = await store(`${said}\n${called}`, cutSnapshot);
    expect(kinds(cut)).toEqual(["prompt", "call"]);
    expect(harm(cut)).toEqual([]);
  });

  it("reports a torn last record", async () => {
    const [cut] = await store(`${said}\n${called.slice(0, 40)}`, cutSnapshot);
    expect(kinds(cut)).toEqual(["prompt"]);
    expect(harm(cut)).toEqual([`torn-tail ${size(said) + 1}-${size(said) + 41}`]);
  });

  it("reads a record that was appended to a torn one", async () => {
    const [cut] = await store(`${said}\n${called.slice(0, 40)}${answered}\n`, cutSnapshot);
    expect(kinds(cut)).toEqual(["prompt", "result"]);
    expect(harm(cut)).toEqual([`corrupt-middle ${size(said) + 1}-${size(said) + 41}`]);
  });

  it("splits records that stand on one line", async () => {
    const [cut] = await store(`${said}${called}\n${answered}\n`, cutSnapshot);
    expect(kinds(cut)).toEqual(["prompt", "call", "result"]);
    expect(cut?.facts[1]?.range).toEqual({ fromByte: size(said), toByte: size(said) + size(called) });
    expect(harm(cut)).toEqual([`glued-record 0-${size(said) + size(called)}`]);
  });

  it("reports a run of NUL and reads what is around it", async () => {
    const [cut] = await store(`${said}\n${"\0".repeat(4096)}${called}\n${answered}\n`, cutSnapshot);
    expect(kinds(cut)).toEqual(["prompt", "call", "result"]);
    expect(harm(cut)).toEqual([`nul-run ${size(said) + 1}-${size(said) + 4097}`]);
  });

  it("keeps the neighbours of a bad line", async () => {
    const [cut] = await store(`${said}\n\x1a\x1a\x1a\x1a${called.slice(4)}\n${answered}\n`, cutSnapshot);
    expect(kinds(cut)).toEqual(["prompt", "result"]);
    expect(harm(cut)).toEqual([`corrupt-middle ${size(said) + 1}-${size(said) + 1 + size(called)}`]);
  });

  it("does not take an object inside a broken record for a record", async () => {
    const [cut] = await store(
      `{"id":"e","type":"x","data":{"input":{"command":"ls"}\n${answered}\n`,
      cutSnapshot,
    );
    expect(kinds(cut)).toEqual(["result"]);
  });

  it("keeps records of unknown types, and reports those that lack their fields", async () => {
    const log = `${event("new_thing", {})}\n${event("tool_call", { id: 7 })}\n${event("policy_decision", {})}\n`;
    const [cut] = await store(log, cutSnapshot);
    expect(cut?.facts.map(({ body }) => body)).toEqual([
      { kind: "unknown", type: "new_thing" },
      { kind: "unreadable", reason: "tool_call without the fields it should have" },
    ]);
  });

  it("knows that a result as long as Ada's limit is cut", async () => {
    const long = (length: number) =>
      event("tool_result", { toolCallId: "c1", tool: "t", content: "x".repeat(length), isError: false });
    const [cut] = await store(`${long(1_999)}\n${long(2_000)}\n`, cutSnapshot);
    expect(cut?.facts.map(({ body }) => body.kind === "result" && body.cut)).toEqual([false, true]);
  });

  it("takes a call from its dispatch, and from the reply that it was announced where that is all", async () => {
    const content = [{ type: "tool_use", id: "c1", name: "run_command", input: {} }];
    const [cut] = await store(
      `${event("assistant_response", { stopReason: "tool_use", content })}\n`,
      cutSnapshot,
    );
    expect(kinds(cut)).toEqual(["announced"]);
    const made = event("tool_call", { id: "c1", tool: "run_command", input: {} });
    const [both] = await store(
      `${event("assistant_response", { stopReason: "tool_use", content })}\n${made}\n`,
      cutSnapshot,
    );
    expect(kinds(both)).toEqual(["call"]);
  });

  it("names a session id that is not the one asked for", async () => {
    const [cut] = await store(`${said.replace(sessionId, "other")}\n`, cutSnapshot);
    expect(cut?.facts[0]?.body).toEqual({ kind: "session", agentSessionId: "other" });
  });
});

describe("Ada's store", () => {
  const read = (log: string | undefined, snapshot: string | undefined) => {
    const entries = {
      ...(log === undefined ? {} : { [logPath]: log }),
      ...(snapshot === undefined ? {} : { [snapshotPath]: snapshot }),
    };
    return ada.readStore(memoryFiles(entries), cwd, sessionId);
  };
  const statuses = (cuts: readonly SourceCut[]) => cuts.map(({ source, status }) => `${source} ${status}`);

  it("that is not there is missing", async () => {
    expect(statuses(await read(undefined, undefined))).toEqual(["L missing", "S missing"]);
  });

  it("with folders in the place of files, or without permission, is unreadable", async () => {
    for (const kind of ["folder!", "denied!"]) {
      const cuts = await read(kind, kind);
      expect(statuses(cuts)).toEqual(["L unreadable", "S unreadable"]);
      expect(cuts.flatMap(({ damage }) => damage.map(({ code }) => code))).toEqual([
        "log-unreadable",
        "snapshot-unreadable",
      ]);
    }
  });

  it("of files without content", async () => {
    expect(statuses(await read("", ""))).toEqual(["L read", "S unreadable"]);
  });

  it("makes no path of anything but a UUID", async () => {
    for (const id of ["../../etc/passwd", "", "abc", `${sessionId}/..`, `${sessionId}\n`]) {
      expect(ada.isSessionId(id)).toBe(false);
      expect(ada.storePaths(cwd, id)).toEqual({});
      const cuts = await ada.readStore(memoryFiles({}), cwd, id);
      expect(cuts.map(({ path }) => path)).toEqual([undefined, undefined]);
    }
  });

  it("gives each message of the snapshot its bytes", async () => {
    const messages = [
      { role: "user", content: "grün 😀" },
      {
        role: "assistant",
        content: [
          { type: "text", text: "a" },
          { type: "tool_use", id: "c1", name: "t", input: {} },
        ],
      },
      { role: "user", content: [{ type: "tool_result", toolUseId: "c1", content: "ok", isError: false }] },
    ];
    const snapshot = JSON.stringify({ id: sessionId, "messages ": [1], messages, x: "]" }, undefined, 2);
    const [, cut] = await read("", snapshot);
    expect(cut?.facts.map(({ body, k }) => `${body.kind} ${k}`)).toEqual([
      "session 0",
      "prompt 0",
      "text 0",
      "call 1",
      "result 0",
    ]);
    const sliced = cut?.facts.slice(1).map(({ range }) => {
      return JSON.parse(Buffer.from(snapshot).subarray(range.fromByte, range.toByte).toString());
    });
    expect(sliced).toEqual([messages[0], messages[1], messages[1], messages[2]]);
  });
});
