/**
 * Finished sessions as a server and its agents would have left them: records, what the agents said, and their own stores.
 *
 * Always: all of it fits together. Where it does not, a session is a damaged one: the next server finds that out, records
 * it, and reads it at each start.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostFiles } from "../src/host/files.ts";
import { crc32, takeOver } from "../src/journal/index.ts";
import type { Place } from "../test/orchestrator/helper.ts";

const timestamp = "2026-11-22T06:27:06.071Z";
const uuidOf = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

/** One call, in the agent's words on its stdout, in its log and in its snapshot. */
function saidBy(n: number, cwd: string, prompt: string) {
  const id = uuidOf(n);
  const call = { name: "run_command", input: { command: "make all" } };
  const use = { type: "tool_use", id: "c1", ...call };
  const end = [{ type: "text", text: "All done." }];
  const usage = { inputTokens: 10, outputTokens: 5 };
  const event = (type: string, data: object) => ({ id: uuidOf(0), sessionId: id, timestamp, type, data });
  return {
    id,
    stdout: [
      { type: "run.started", sessionId: id, model: "m" },
      { type: "tool.call", id: "c1", ...call },
      { type: "tool.result", id: "c1", name: call.name, content: "made", isError: false },
      { type: "run.completed" },
    ],
    log: [
      event("session_start", { workingDirectory: cwd, model: "m" }),
      event("user_message", { text: prompt }),
      event("assistant_response", { stopReason: "tool_use", content: [use], usage }),
      event("policy_decision", { tool: call.name, input: call.input, decision: "allow" }),
      event("tool_call", { id: "c1", tool: call.name, input: call.input }),
      event("tool_result", { toolCallId: "c1", tool: call.name, content: "made", isError: false }),
      event("assistant_response", { stopReason: "end_turn", content: end, usage }),
    ],
    snapshot: {
      id,
      workingDirectory: cwd,
      model: "m",
      messages: [
        { role: "user", content: prompt },
        { role: "assistant", content: [use] },
        {
          role: "user",
          content: [{ type: "tool_result", toolUseId: "c1", content: "made", isError: false }],
        },
        { role: "assistant", content: end },
      ],
      createdAt: timestamp,
      lastActiveAt: timestamp,
      status: "active",
      title: prompt,
    },
  };
}

const linesOf = (records: readonly object[]) =>
  records.map((record) => new TextEncoder().encode(`${JSON.stringify(record)}\n`));

const identity = {
  pid: 4711,
  startTime: "12345678",
  bootId: "11111111-1111-1111-1111-111111111111",
  namespace: "pid:[4026531836]",
};

/** Adds them to a home whose server is not running and has made a project. */
export async function addFinished(place: Place, count: number): Promise<void> {
  const { journal, history } = await takeOver(hostFiles(), join(place.home, "journal"), {});
  const project = history.records.find(({ type }) => type === "project")?.data.id;
  const store = join(place.workspace, ".coding-agent");
  mkdirSync(join(store, "events"), { recursive: true });
  mkdirSync(join(store, "sessions"));
  const appends: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    const sessionId = (n + 1).toString(16).padStart(16, "0");
    const runId = (n + 1).toString(16).padStart(16, "f");
    const prompt = `Please do task number ${n} as it is described in the issue.`;
    const said = saidBy(n + 1, place.workspace, prompt);
    const lines = linesOf(said.stdout);
    const spool = Buffer.concat(lines);
    const ends = lines.map((_, k) => Buffer.concat(lines.slice(0, k + 1)).length);
    const add = (type: string, data: object) => appends.push(journal.append(type, { sessionId, ...data }));
    const at = (k: number) => ({ attempt: 1, byte: spool.length, k: 1_000_000 + k });
    add("session", { projectId: project, agent: "ada", cwd: place.workspace, epoch: sessionId, atMs: n });
    add("run", { runId, prompt, atMs: n });
    const first = { attempt: 1, byte: 0, k: 1_000_000 };
    add("dispatch", {
      runId,
      attempt: 1,
      prompt,
      ask: prompt,
      bootId: identity.bootId,
      at: first,
      atMs: n,
    });
    add("agent", { attempt: 1, identity });
    add("agent-session", { attempt: 1, agentSessionId: said.id });
    add("cover", { attempt: 1, fromByte: 0, ends, crcs: lines.map((line) => crc32(line)) });
    add("ended", {
      attempt: 1,
      exitCode: 0,
      started: "yes",
      seen: "the wrapper noted exit code 0",
      tailBytes: 0,
      at: at(0),
      atMs: n,
    });
    const reason = "The run is over: completed.";
    add("run-ended", { runId, attempt: 1, state: "completed", reason, at: at(1) });
    if (appends.length > 20_000) await Promise.all(appends.splice(0));
    const folder = join(place.home, "sessions", sessionId, "attempts/1");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "spool"), spool);
    writeFileSync(join(folder, "started"), "4710 12345677\n");
    writeFileSync(join(folder, "pid"), "4711 12345678\n");
    writeFileSync(join(folder, "exit"), "0\n");
    writeFileSync(join(store, "events", `${said.id}.jsonl`), Buffer.concat(linesOf(said.log)));
    writeFileSync(join(store, "sessions", `${said.id}.json`), JSON.stringify(said.snapshot, null, 2));
  }
  await Promise.all(appends);
  await journal.close();
}
