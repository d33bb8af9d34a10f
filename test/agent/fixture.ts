/** The recorded store of a real Ada: killed during its second call, then resumed. */
import { readFileSync } from "node:fs";
import { ada } from "../../src/agent/ada.ts";
import type { AttemptEvidence, Evidence, SourceCut } from "../../src/model/evidence.ts";
import type { Fact } from "../../src/model/fact.ts";
import { memoryFiles } from "./files.ts";

const folder = new URL("../fixtures/ada-0.1.0/killed-during-second-tool/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");

export const sessionId = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";
export const cwd = "/home/dev/project";
export const wholeLog = read("events-after-resume.jsonl");
export const wholeSnapshot = read("snapshot-after-resume.json");
export const stdout = read("stdout.jsonl");

/** The killed state: nine records, and the snapshot as it was when the session was created. */
export const cutLog = `${wholeLog.split("\n").slice(0, 9).join("\n")}\n`;
export const cutSnapshot = JSON.stringify({ ...JSON.parse(wholeSnapshot), messages: [] }, undefined, 2);

export const logPath = `${cwd}/.coding-agent/events/${sessionId}.jsonl`;
export const snapshotPath = `${cwd}/.coding-agent/sessions/${sessionId}.json`;

export function store(log: string | Uint8Array, snapshot: string): Promise<readonly SourceCut[]> {
  return ada.readStore(memoryFiles({ [logPath]: log, [snapshotPath]: snapshot }), cwd, sessionId);
}

/** The spool of an attempt. */
export function spool(attempt: number, output: string): SourceCut {
  const facts: Fact[] = [];
  let fromByte = 0;
  for (const line of output.split("\n")) {
    const toByte = fromByte + Buffer.byteLength(line) + 1;
    const range = { fromByte, toByte };
    for (const [k, body] of ada.decodeLine(line).entries()) {
      facts.push({ source: "O", path: `/run/${attempt}/spool`, range, k, attempt, body });
    }
    fromByte = toByte;
  }
  const path = `/run/${attempt}/spool`;
  return { source: "O", path, status: "read", abilities: ada.abilities.O, facts, damage: [] };
}

export function attempt(number: number, prompt: string): AttemptEvidence {
  return {
    attempt: number,
    runId: `r${number}`,
    prompt,
    started: "yes",
    liveness: "dead",
    processCite: { source: "P", attempt: number, value: "no such process" },
    dispatchCite: { source: "J", attempt: number, value: "dispatch" },
  };
}

export function evidenceOf(
  sources: readonly SourceCut[],
  attempts: readonly AttemptEvidence[] = [],
): Evidence {
  return {
    schema: 1,
    session: { id: sessionId, agent: "ada", gated: false },
    attempts,
    sources,
    decisions: [],
    probes: [],
    bootChanged: false,
    resumesFrom: ada.resumesFrom,
  };
}
