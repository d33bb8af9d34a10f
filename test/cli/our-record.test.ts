/** What the orchestrator recorded decides what is known of a store that lost it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { hostProcesses } from "../../src/host/processes.ts";
import { recordSession } from "../support/server-record.ts";
import { Command, claudeId, Project } from "./project.ts";

const stdout = "test/fixtures/claude-code-2.1.197/killed-after-tool-result/stdout.jsonl";
const stream = readFileSync(stdout);
const call = "toolu_fakemwrgg08q000";
const session = "aaaaaaaaaaaaaaaa";

let command: Command;
let project: Project;
beforeAll(async () => {
  command = await Command.build();
});
afterAll(() => command.remove());
beforeEach(() => {
  project = new Project().withClaude();
});
afterEach(() => project.remove());

/** A server's folder after it and its agent are gone; `coveredBytes` of the spool are on record. */
async function record(coveredBytes: number, identity: object = {}): Promise<string> {
  const home = join(project.home, ".holdfast");
  const prompt = "Run the scripted two tool calls.";
  const agent = { agent: "claude-code", agentSessionId: claudeId, cwd: project.folder, identity };
  await recordSession({ home, session, prompt, stdout, coveredBytes, ...agent });
  return home;
}

interface Report {
  sessions: {
    ourId?: string;
    run: { state: string };
    action: string;
    calls: { id: string; state: string; effect: string; modelKnows: string }[];
    findings: { code: string }[];
  }[];
}

async function inspected(...args: string[]): Promise<Report["sessions"][number]> {
  const { out } = await command.run(["inspect", project.folder, "--json", ...args], project.home);
  const { sessions } = JSON.parse(out) as Report;
  const [first] = sessions;
  if (first === undefined || sessions.length !== 1) throw new Error(`${sessions.length} sessions`);
  return first;
}

test.each([
  ["all of its output is on record", stream.length],
  // The server was gone before it recorded the last line: it stands in the spool and nowhere else.
  ["none of its output is on record yet", 0],
])("Claude Code killed after the result, and %s: done, and the model must be told", async (_, covered) => {
  await record(covered);
  const seen = await inspected();
  expect(seen.ourId).toBe(session);
  expect(seen.calls).toMatchObject([
    { id: call, state: "result-elsewhere", effect: "done", modelKnows: "no" },
  ]);
  expect(seen.findings.map(({ code }) => code)).toEqual(["ghost-running", "journal-ahead"]);
  expect([seen.run.state, seen.action]).toEqual(["interrupted", "resume"]);
  const { out, code } = await command.run(["repair", project.folder, "--write"], project.home);
  expect(code).toBe(0);
  expect(out).toContain("These tool calls were finished");
  expect(out).toMatch(/Its result.{0,20}hello-from-tool-1/s);
  expect(readFileSync(project.claudeLog)).toEqual(
    readFileSync("test/fixtures/claude-code-2.1.197/killed-after-tool-result/session.jsonl"),
  );
});

test("without our record the loss is not claimed as known", async () => {
  const seen = await inspected();
  expect(seen.ourId).toBeUndefined();
  expect(seen.calls).toMatchObject([{ id: call, state: "indeterminate", effect: "unknown" }]);
  expect(seen.findings.map(({ code }) => code)).toEqual(["dangling-call"]);
});

test("the record is looked for where one says, and a session that no store has is shown", async () => {
  const home = await record(stream.length);
  const elsewhere = join(project.home, "elsewhere");
  const { ourId } = await inspected("--holdfast-home", elsewhere);
  expect(ourId).toBeUndefined();
  rmSync(project.claudeLog);
  const seen = await inspected("--holdfast-home", home);
  expect(seen).toMatchObject({ ourId: session, calls: [{ id: call, effect: "done" }] });
});

test("bytes of the spool that are not those that were synced are damage, and prove nothing", async () => {
  const home = await record(stream.length);
  const altered = stream.toString().replace("hello-from-tool-1", "jello-from-tool-1");
  writeFileSync(join(home, "sessions", session, "attempts/1/spool"), altered);
  const seen = await inspected();
  expect(seen.findings.map(({ code }) => code)).toContain("record-lost");
  expect(seen.calls).toMatchObject([{ id: call, effect: "unknown" }]);
});

test("a line that is longer than what is read at once hides nothing behind it", async () => {
  const home = await record(0);
  const long = JSON.stringify({ type: "keep_alive", text: "x".repeat(3 * 1024 * 1024) });
  writeFileSync(join(home, "sessions", session, "attempts/1/spool"), `${long}\n${stream}`);
  const seen = await inspected();
  expect(seen.calls).toMatchObject([{ id: call, effect: "done" }]);
  expect(seen.findings.map(({ code }) => code)).not.toContain("torn-tail");
});

test("the agent is alive: that is said, and repair refuses", async () => {
  await record(stream.length, { pid: process.pid, startTime: (await hostProcesses()).self.startTime });
  const seen = await inspected();
  expect([seen.run.state, seen.action]).toEqual(["live", "adopt"]);
  const { out } = await command.run(["repair", project.folder, "--write"], project.home);
  expect(out).not.toContain("repaired");
});

test("its pid belongs to somebody else: dead, and said", async () => {
  await record(stream.length, { pid: process.pid, startTime: "1" });
  const seen = await inspected();
  expect(seen.findings.map(({ code }) => code)).toEqual(["ghost-running", "pid-reused", "journal-ahead"]);
});

test("a record that is no folder is a trouble", async () => {
  writeFileSync(join(project.home, ".holdfast"), "");
  const { out, code } = await command.run(["inspect", project.folder], project.home);
  expect([0, 1, 3]).toContain(code);
  expect(out).toContain(claudeId);
});
