/** opencode: what a part says at each stage, and what a resume makes of it. */
import { describe, expect, test } from "vitest";
import { partBodies } from "../../../src/agent/opencode/part.ts";
import { type StoredMessage, sentOnResume } from "../../../src/agent/opencode/sent.ts";
import { opencode } from "../../../src/agent/opencode.ts";
import { hostDatabases } from "../../../src/host/databases.ts";
import { notation } from "../../conformance/fixture.ts";
import { diskFiles } from "../../conformance/memory.ts";
import { databaseOf } from "../../conformance/opencode.ts";

function tool(status: string, state: object = {}) {
  return { type: "tool", tool: "bash", callID: "c1", state: { status, input: { command: "x" }, ...state } };
}

function message(id: string, role: string, parts: readonly object[], data: object = {}): StoredMessage {
  return { id, data: { role, ...data }, parts: parts.map((part) => ({ ...part })) };
}

const said = { type: "text", text: "do it" };

describe("a tool's part", () => {
  test.each(["pending", "running"])("that is %s is a call without a result", (status) => {
    expect(partBodies(tool(status)).map(({ kind }) => kind)).toEqual(["call"]);
  });
  test("that opencode marked as interrupted is no answer of the tool", () => {
    const state = { error: "Tool execution aborted", metadata: { interrupted: true } };
    expect(partBodies(tool("error", state)).map(({ kind }) => kind)).toEqual(["call"]);
  });
  test("with an error is answered with an error", () => {
    expect(partBodies(tool("error", { error: "no such file" }))[1]).toMatchObject({
      content: "no such file",
      isError: true,
    });
  });
  test("whose output was truncated is cut", () => {
    const state = { output: "a", metadata: { truncated: true } };
    expect(partBodies(tool("completed", state))[1]).toMatchObject({ content: "a", cut: true });
  });
});

describe("what is sent", () => {
  test("a call that runs is told as interrupted", () => {
    const messages = [message("m1", "user", [said]), message("m2", "assistant", [tool("running")])];
    expect(notation(sentOnResume(messages))).toEqual(["user", "assistant c1", "tool c1 synthetic", "user"]);
  });
  test("an output that was cleared to save room is not the result", () => {
    const cleared = tool("completed", { output: "x", time: { start: 0, end: 1, compacted: 2 } });
    expect(notation(sentOnResume([message("m", "assistant", [cleared])]))).toContain("tool c1 synthetic");
  });
  test("an answer that failed is left out, one that the person broke off is kept", () => {
    const failed = message("m", "assistant", [said], { error: { name: "APIError" } });
    expect(notation(sentOnResume([failed]))).toEqual(["user"]);
    const stopped = message("m", "assistant", [said], { error: { name: "MessageAbortedError" } });
    expect(notation(sentOnResume([stopped]))).toEqual(["assistant", "user"]);
  });
  test("nothing before a finished compaction", () => {
    const messages = [
      message("m1", "user", [said]),
      message("m2", "assistant", [tool("completed", { output: "x" })]),
      message("m3", "user", [{ type: "compaction" }]),
      message("m4", "assistant", [said], { summary: true, finish: "stop", parentID: "m3" }),
    ];
    expect(notation(sentOnResume(messages))).toEqual(["assistant", "user"]);
    expect(notation(sentOnResume(messages.slice(0, 3)))).toContain("tool c1 result");
  });
});

const id = "ses_dfe137b03ffetJb6z2sLBjkEOs";
const path = "/home/dev/.local/share/opencode/opencode.db";
const around = { home: "/home/dev", env: {}, databases: hostDatabases() };

async function read(image: Uint8Array) {
  const found = { agent: "opencode", id, path };
  const session = await opencode.store?.read(diskFiles({ [path]: image }), found, around);
  const [cut] = session?.sources ?? [];
  if (cut === undefined) throw new Error("not read");
  return cut;
}

test("an event that is missing and a row that is no JSON are reported with their place", async () => {
  const cut = await read(
    databaseOf({
      session: [{ id, directory: "/w", version: "1.18.33" }],
      message: [{ id: "m1", session_id: id, time_created: 1, data: '{"role":"user"}' }],
      part: [
        { id: "p1", message_id: "m1", session_id: id, data: JSON.stringify(said) },
        { id: "p2", message_id: "m1", session_id: id, data: '{"type":"te' },
      ],
      event: [
        { id: "e0", aggregate_id: id, seq: 0, type: "x", data: "{}" },
        { id: "e3", aggregate_id: id, seq: 3, type: "x", data: "{}" },
      ],
    }),
  );
  expect(cut.damage.map(({ code, detail }) => `${code}: ${detail}`)).toEqual([
    "corrupt-middle: The row part 2 holds no JSON object",
    "seq-gap: 2 events are missing before event 3",
  ]);
  expect(cut.facts.map(({ body, row }) => `${body.kind} ${row ?? ""}`)).toEqual([
    "session ",
    "prompt part 1",
  ]);
});

test("a view in the place of a table is not run", async () => {
  const { default: initSqlJs } = await import("sql.js");
  const engine = await initSqlJs();
  const database = new engine.Database();
  database.run("CREATE TABLE session (id text, version text, directory text, time_created integer)");
  database.run("CREATE TABLE message (id text, session_id text, time_created integer, data text)");
  database.run(
    `CREATE VIEW part AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
     SELECT i AS id, 'm' AS message_id, '${id}' AS session_id, '{}' AS data FROM n`,
  );
  const cut = await read(database.export());
  expect(cut.damage.map(({ detail }) => detail)).toEqual([
    "The table part could be read only in part: 0 rows of this session",
  ]);
});

test("without a reader for databases the store is unreadable, and says so", async () => {
  const image = databaseOf({ session: [], message: [], part: [], event: [] });
  const [cut] = await opencode.readStore(diskFiles({ [path]: image }), "/w", id, {
    home: "/home/dev",
    env: {},
  });
  expect(cut?.status).toBe("unreadable");
  expect((await opencode.readStore(diskFiles({ [path]: image }), "/w", "../x", around))[0]?.status).toBe(
    "missing",
  );
});
