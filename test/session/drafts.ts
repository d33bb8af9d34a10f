/**
 * What an earlier life of a server left on record of a session and its runs, and what its agent said.
 *
 * Always: data alone; a test puts it on a machine.
 */
import { crc32 } from "../../src/journal/index.ts";
import type { ProcessIdentity } from "../../src/model/ports.ts";
import { bytesOf } from "../journal/memory-files.ts";

export type Draft = readonly [type: string, data: Readonly<Record<string, unknown>>];

export const home = "/home";
export const cwd = "/work";
export const id = "00000000000000aa";
export const agentSession = "11111111-2222-4333-8444-555555555555";

/** What the agent says, a line each. */
export const said = {
  name: JSON.stringify({ type: "run.started", sessionId: agentSession }),
  call: (call: string, command = "make") =>
    JSON.stringify({ type: "tool.call", id: call, name: "run_command", input: { command } }),
  result: (call: string) =>
    JSON.stringify({ type: "tool.result", id: call, name: "run_command", content: "ok", isError: false }),
  done: JSON.stringify({ type: "run.completed", status: "ok" }),
};

export const text = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** The record of these lines at the begin of a spool. */
export function cover(attempt: number, lines: readonly string[], session = id): Draft {
  const ends: number[] = [];
  for (const line of lines) ends.push((ends.at(-1) ?? 0) + line.length + 1);
  const crcs = lines.map((line) => crc32(bytesOf(`${line}\n`)));
  return ["cover", { sessionId: session, attempt, fromByte: 0, ends, crcs }];
}

export const project: Draft = ["project", { id: "p", name: "p", path: cwd, atMs: 1 }];

export const session = (more: object = {}): Draft => [
  "session",
  { sessionId: id, projectId: "p", agent: "ada", cwd, epoch: "e", atMs: 1, ...more },
];

export const run = (runId = "r1", more: object = {}): Draft => [
  "run",
  { sessionId: id, runId, prompt: `do ${runId}`, key: `key ${runId}`, atMs: 1, ...more },
];

export const at = (attempt: number, byte = 0, k = 1_000_000) => ({ attempt, byte, k });

export const dispatch = (attempt: number, runId = "r1", more: object = {}): Draft => [
  "dispatch",
  {
    sessionId: id,
    runId,
    attempt,
    prompt: `do ${runId}`,
    ask: `do ${runId}`,
    bootId: "boot",
    namespace: "ns",
    at: at(attempt),
    atMs: 1,
    ...more,
  },
];

export const identity = (pid: number): ProcessIdentity => ({
  pid,
  startTime: String(pid * 10),
  bootId: "boot",
  namespace: "ns",
});

export const agent = (attempt: number, pid: number): Draft => [
  "agent",
  { sessionId: id, attempt, identity: identity(pid) },
];

export const named = (attempt: number, agentSessionId = agentSession): Draft => [
  "agent-session",
  { sessionId: id, attempt, agentSessionId },
];

export const ended = (attempt: number, more: object = {}): Draft => [
  "ended",
  {
    sessionId: id,
    attempt,
    exitCode: 0,
    started: "yes",
    seen: "it ended",
    tailBytes: 0,
    at: at(attempt, 0, 1_000_001),
    atMs: 2,
    ...more,
  },
];

export const runEnded = (attempt: number, runId = "r1", state = "completed"): Draft => [
  "run-ended",
  { sessionId: id, runId, attempt, state, reason: "so it was", at: at(attempt, 0, 1_000_002) },
];

/** What an earlier life recorded of a run whose agent it was about to start, and of one that it had started. */
export const asked: readonly Draft[] = [project, session(), run(), dispatch(1)];
export const begun: readonly Draft[] = [...asked, agent(1, 50)];

/** What an agent says that is cut off in its call, that has its result, and that comes to its end. */
export const half = [said.name, said.call("c1")];
export const finished = [...half, said.result("c1")];
export const whole = [...finished, said.done];

/** What is on record of a run that came to its end. */
export const over: readonly Draft[] = [...begun, cover(1, whole), named(1), ended(1), runEnded(1)];

/** The copy of these records that lies beside the spool of an attempt. */
export const copyOf = (drafts: readonly Draft[]) =>
  `${JSON.stringify(drafts.map(([type, data]) => ({ type, data })))}\n`;
