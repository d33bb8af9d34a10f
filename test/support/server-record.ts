/** What our orchestrator leaves on the disk of one session whose server and agent are gone. */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hostFiles } from "../../src/host/files.ts";
import { hostProcesses } from "../../src/host/processes.ts";
import { crc32, takeOver } from "../../src/journal/index.ts";

export interface Recorded {
  /** The orchestrator's folder; it must not exist. */
  readonly home: string;
  readonly session: string;
  readonly agent: string;
  readonly agentSessionId: string;
  /** Where the agent worked. */
  readonly cwd: string;
  readonly prompt: string;
  /** File with the agent's stdout. */
  readonly stdout: string;
  /** So many of its bytes are on record as synced. */
  readonly coveredBytes: number;
  /** Of the agent; some process that is gone when not given. */
  readonly identity?: object;
}

/** Writes journal and spool. */
export async function recordSession(one: Recorded): Promise<void> {
  const folder = join(one.home, "sessions", one.session, "attempts/1");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(one.home, "journal"));
  copyFileSync(one.stdout, join(folder, "spool"));
  const { self } = await hostProcesses();
  const { journal } = await takeOver(hostFiles(), join(one.home, "journal"), {
    identity: { ...self },
    atMs: 0,
  });
  const { prompt, agent, cwd, agentSessionId, coveredBytes } = one;
  const base = { sessionId: one.session, atMs: 0 };
  const at = { attempt: 1, byte: 0, k: 1_000_000 };
  const records: [string, Record<string, unknown>][] = [
    ["session", { ...base, projectId: "p", agent, cwd, epoch: "e" }],
    ["run", { ...base, runId: "r", prompt }],
    ["dispatch", { ...base, runId: "r", attempt: 1, prompt, ask: prompt, bootId: self.bootId, at }],
    [
      "agent",
      { ...base, attempt: 1, identity: { ...self, pid: 4_194_304, startTime: "1", ...one.identity } },
    ],
    ["agent-session", { ...base, attempt: 1, agentSessionId }],
  ];
  if (coveredBytes > 0) {
    const crcs = [crc32(readFileSync(one.stdout).subarray(0, coveredBytes))];
    records.push(["cover", { ...base, attempt: 1, fromByte: 0, ends: [coveredBytes], crcs }]);
  }
  for (const [type, data] of records) {
    const answer = await journal.append(type, data);
    if (!answer.ok) throw new Error(`the journal refused ${type}`);
  }
  await journal.close();
}
