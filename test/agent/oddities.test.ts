/** What is odd in a store without hiding a record: each with the least that shows it, and the nearest that does not. */
import { describe, expect, test } from "vitest";
import { adapters } from "../../src/agent/index.ts";
import type { SourceCut } from "../../src/model/evidence.ts";
import { reconcile } from "../../src/reconcile/index.ts";
import { type Disk, diskFiles } from "../conformance/memory.ts";
import { evidence } from "../reconcile/build.ts";

const id = "863a54be-ac71-488d-8a0b-bcbc08e9c9e2";
const around = { home: "/home/dev", env: {} };
const time = (second: number) => new Date(1_795_000_000_000 + second * 1_000).toISOString();
const bytesOf = (lines: readonly object[]) =>
  new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

const paths: Readonly<Record<string, string>> = {
  ada: `/w/.coding-agent/events/${id}.jsonl`,
  "claude-code": `/home/dev/.claude/projects/-w/${id}.jsonl`,
  codex: `/home/dev/.codex/sessions/2026/11/22/rollout-2026-11-22T06-27-06-${id}.jsonl`,
  "gemini-cli": "/home/dev/.gemini/tmp/w/chats/session-2026-11-22T06-27-863a54be.jsonl",
  pi: `/home/dev/.pi/agent/sessions/--w--/2026-11-22T06-27-06-071Z_${id}.jsonl`,
};

/** Findings of a log of these lines, each with the bytes that it cites. */
async function findingsOf(agent: string, lines: readonly object[], more: Disk = {}) {
  const path = paths[agent] ?? "";
  const disk = { [path]: bytesOf(lines), ...more };
  const read = await adapters[agent]?.store?.read(diskFiles(disk), { agent, id, path }, around);
  const text = new TextDecoder().decode(disk[path]);
  const sources = (read?.sources ?? []) as readonly SourceCut[];
  return reconcile(evidence([], sources, { session: { id, agent, gated: false } })).findings.map((one) => ({
    code: one.code,
    severity: one.severity,
    cited: one.cites.map(({ range }) => text.slice(range?.fromByte, range?.toByte)),
  }));
}

const codesOf = async (agent: string, lines: readonly object[], more: Disk = {}) =>
  (await findingsOf(agent, lines, more)).map(({ code }) => code);

describe("clock-skew", () => {
  const lineOf: Readonly<Record<string, (at: string, number: number) => object>> = {
    ada: (timestamp, number) => ({
      timestamp,
      sessionId: id,
      type: "user_message",
      data: { text: `p${number}` },
    }),
    "claude-code": (timestamp, number) => ({
      type: "user",
      uuid: `u${number}`,
      parentUuid: number === 1 ? null : `u${number - 1}`,
      sessionId: id,
      timestamp,
      message: { role: "user", content: "p" },
    }),
    codex: (timestamp, ordinal) => ({ timestamp, ordinal, type: "turn_context", payload: {} }),
    "gemini-cli": (timestamp, number) => ({ id: `m${number}`, timestamp, type: "user", content: "p" }),
    pi: (timestamp, number) => ({
      type: "message",
      id: `e${number}`,
      parentId: number === 1 ? null : `e${number - 1}`,
      timestamp,
      message: { role: "user", content: "p" },
    }),
  };
  test.each(Object.keys(lineOf))(
    "%s: a line that is more than a minute earlier than the one before it",
    async (agent) => {
      const line = lineOf[agent] ?? (() => ({}));
      const back = [line(time(0), 1), line(time(-61), 2), line(time(-60), 3)];
      const found = (await findingsOf(agent, back)).filter(({ code }) => code === "clock-skew");
      expect(found.map(({ severity, cited }) => [severity, cited])).toEqual([
        ["info", [JSON.stringify(back[1])]],
      ]);
      expect(await codesOf(agent, [line(time(0), 1), line(time(-60), 2)])).not.toContain("clock-skew");
      expect(await codesOf(agent, [line(time(0), 1), line("yesterday", 2), line(time(3), 3)])).not.toContain(
        "clock-skew",
      );
    },
  );
});

describe("fork", () => {
  const claude = (
    uuid: string,
    parentUuid: string | null,
    content: unknown,
    role = "assistant",
    messageId = uuid,
  ) => ({
    type: role,
    uuid,
    parentUuid,
    sessionId: id,
    message: { id: role === "assistant" ? messageId : undefined, role, content },
  });
  const use = (callId: string) => [{ type: "tool_use", id: callId, name: "Bash", input: {} }];
  const answer = (callId: string) => [{ type: "tool_result", tool_use_id: callId, content: "x" }];
  const prompt = claude("u1", null, "p1", "user");

  test("Claude Code: a call that the conversation went on without", async () => {
    const left = claude("a1", "u1", use("t1"));
    const found = await findingsOf("claude-code", [prompt, left, claude("u2", "u1", "p2", "user")]);
    expect(found.filter(({ code }) => code === "fork")).toEqual([
      { code: "fork", severity: "warning", cited: [JSON.stringify(left)] },
    ]);
  });
  test("Claude Code: parallel calls hang on one another and are one conversation", async () => {
    const lines = [
      prompt,
      claude("a1", "u1", use("t1"), "assistant", "m1"),
      claude("a2", "a1", use("t2"), "assistant", "m1"),
      claude("r1", "a1", answer("t1"), "user"),
      claude("r2", "a2", answer("t2"), "user"),
      claude("a3", "r2", [{ type: "text", text: "done" }]),
    ];
    expect(await codesOf("claude-code", lines)).not.toContain("fork");
  });
  test("Claude Code: what stands before a lost line is a break and no branch", async () => {
    const codes = await codesOf("claude-code", [prompt, claude("u3", "u2", "p3", "user")]);
    expect(codes).toContain("chain-break");
    expect(codes).not.toContain("fork");
  });

  const pi = (entry: string, parentId: string | null, role = "user") => ({
    type: "message",
    id: entry,
    parentId,
    message: { role, content: "words" },
  });
  test("pi: an entry whose parent got another child, and not one that a compaction sums up", async () => {
    const left = pi("e2", "e1");
    const found = await findingsOf("pi", [pi("e1", null), left, pi("e3", "e1")]);
    expect(found.filter(({ code }) => code === "fork").map(({ cited }) => cited)).toEqual([
      [JSON.stringify(left)],
    ]);
    const summed = { type: "compaction", id: "c1", parentId: "e2", firstKeptEntryId: "e2", summary: "s" };
    expect(await codesOf("pi", [pi("e1", null), left, summed, pi("e3", "c1")])).not.toContain("fork");
  });
});

describe("seq-regression", () => {
  const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "words" }] };
  const codex = (...ordinals: number[]) =>
    codesOf(
      "codex",
      ordinals.map((ordinal) => ({ ordinal, type: "response_item", payload: said })),
    );
  test("Codex: an ordinal that falls; one that comes twice is a repeat, one that is left out a gap", async () => {
    expect(await codex(1, 2, 3, 1)).toEqual(["seq-regression"]);
    expect(await codex(1, 2, 3, 3)).toEqual(["seq-repeat"]);
    expect(await codex(1, 2, 4)).toEqual(["seq-gap"]);
    expect(await codex(5, 6, 7)).toEqual([]);
  });
});

describe("what is not read is named", () => {
  const message = { role: "assistant", content: [{ type: "text", text: "words" }] };
  const line = { type: "assistant", uuid: "u1", parentUuid: null, sessionId: id, message };
  const base = (paths["claude-code"] ?? "").slice(0, -".jsonl".length);
  test("Claude Code: logs of sub-agents", async () => {
    const more = { [`${base}/subagents/agent-a1.jsonl`]: bytesOf([line]) };
    const found = (await findingsOf("claude-code", [line], more)).filter(
      ({ code }) => code === "schema-unknown",
    );
    expect(found.map(({ severity }) => severity)).toEqual(["warning"]);
    const other = { [`${base}/subagents/notes.txt`]: new Uint8Array(1) };
    expect(await codesOf("claude-code", [line], other)).toEqual([]);
  });

  const locate = async (agent: string, disk: Disk) => {
    const troubles: string[] = [];
    const onTrouble = (path: string) => void troubles.push(path);
    const found = await adapters[agent]?.store?.locate(diskFiles(disk), "/w", { ...around, onTrouble });
    return { found: found?.map((one) => one.id), troubles };
  };
  test("Codex: a compressed rollout, unless it stands there unpacked as well", async () => {
    const path = paths.codex ?? "";
    const packed = { [`${path}.zst`]: new Uint8Array(9) };
    expect(await locate("codex", packed)).toEqual({ found: [], troubles: [`${path}.zst`] });
    const meta = bytesOf([{ type: "session_meta", payload: { id, cwd: "/w" } }]);
    expect(await locate("codex", { ...packed, [path]: meta })).toEqual({ found: [id], troubles: [] });
  });

  test("opencode: a session of this folder in the older store, as one that cannot be read", async () => {
    const older = "/home/dev/.local/share/opencode/storage/session/abc";
    const session = (directory: string) =>
      new TextEncoder().encode(JSON.stringify({ directory }, undefined, 2));
    const disk = {
      [`${older}/ses_0123456789.json`]: session("/w"),
      [`${older}/ses_9876543210.json`]: session("/elsewhere"),
    };
    expect(await locate("opencode", disk)).toEqual({ found: ["ses_0123456789"], troubles: [] });
    const found = { agent: "opencode", id: "ses_0123456789", path: `${older}/ses_0123456789.json` };
    const read = await adapters.opencode?.store?.read(diskFiles(disk), found, around);
    expect(read?.sources.map(({ status }) => status)).toEqual(["unreadable"]);
  });
});
