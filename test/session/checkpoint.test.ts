/**
 * A start from a checkpoint knows what a start from the whole journal knows, and any doubt leads to the whole journal.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostFiles } from "../../src/host/files.ts";
import { takeOver } from "../../src/journal/index.ts";
import {
  type Checkpoint,
  checkpointPath,
  packState,
  readCheckpoint,
  writeCheckpoint,
} from "../../src/session/checkpoint.ts";
import { recordCite } from "../../src/session/recorder.ts";
import { readRecord } from "../../src/session/records.ts";
import { emptyState, fold, type State } from "../../src/session/state.ts";

const files = hostFiles();
let home = "";
const open: Checkpoint[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "holdfast-checkpoint-"));
});
afterEach(async () => {
  for (const checkpoint of open.splice(0)) await checkpoint.close();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const journal = () => join(home, "journal");
const segment = (generation: number) => join(journal(), `0000000${generation}.journal`);

/** One server life: folds what there is, adds records, and keeps a checkpoint of what it found. */
async function live(add: readonly [string, object][] = [], keep = false) {
  const kept = await readCheckpoint(files, home);
  if (kept !== undefined) open.push(kept);
  const options = kept === undefined ? {} : { covered: kept.covers };
  const taken = await takeOver(files, journal(), {}, options);
  const state = taken.covered && kept !== undefined ? kept.state : emptyState();
  for (const { type, data, path, range } of taken.history.records) {
    const record = readRecord(type, data);
    if (record !== undefined) fold(state, record, recordCite(path, range, type, data));
  }
  const packed = keep ? packState(taken.seals, state) : undefined;
  if (packed !== undefined) await writeCheckpoint(files, home, packed, taken.journal.generation);
  for (const [type, data] of add) await taken.journal.append(type, { ...data });
  await taken.journal.close();
  return { ...taken, state };
}

/** What a start without a checkpoint finds. */
async function whole(): Promise<State> {
  const taken = await takeOver(files, journal(), {});
  await taken.journal.close();
  const state = emptyState();
  for (const { type, data, path, range } of taken.history.records) {
    const record = readRecord(type, data);
    if (record !== undefined) fold(state, record, recordCite(path, range, type, data));
  }
  return state;
}

const at = (k: number) => ({ attempt: 1, byte: 0, k: 1_000_000 + k });
const finding = { id: "f", code: "torn-tail", severity: "info", summary: "s", cites: [] };
const sessionRecords = (sessionId: string): [string, object][] => [
  ["project", { id: "p", name: "p", path: "/p" }],
  ["session", { sessionId, projectId: "p", agent: "ada", cwd: "/p", epoch: "e", atMs: 1 }],
  ["run", { sessionId, runId: `r${sessionId}`, prompt: "ask", key: "k", atMs: 1 }],
  [
    "dispatch",
    {
      sessionId,
      runId: `r${sessionId}`,
      attempt: 1,
      prompt: "ask",
      ask: "ask",
      bootId: "b",
      at: at(0),
      atMs: 1,
    },
  ],
  ["queued", { sessionId, queueId: "q", prompt: "later", atMs: 2 }],
  ["cover", { sessionId, attempt: 1, fromByte: 0, ends: [10, 20], crcs: [1, 2] }],
  ["finding", { sessionId, finding, at: at(1) }],
];
const endRecords = (sessionId: string): [string, object][] => [
  [
    "ended",
    { sessionId, attempt: 1, exitCode: 0, started: "yes", seen: "x", tailBytes: 0, at: at(2), atMs: 3 },
  ],
  ["run-ended", { sessionId, runId: `r${sessionId}`, attempt: 1, state: "completed", reason: "", at: at(3) }],
];

describe("a checkpoint", () => {
  it("with the records behind it is the whole journal", async () => {
    await live([...sessionRecords("a"), ...endRecords("a"), ...sessionRecords("b")]);
    await live(sessionRecords("c"), true);
    const third = await live(endRecords("b"));
    expect(third.covered).toBe(true);
    expect(third.history.records.every(({ generation }) => generation > 1)).toBe(true);
    expect([...third.state.sessions.entries()].map(([id, one]) => [id, one === undefined])).toEqual([
      ["a", true],
      ["b", true],
      ["c", false],
    ]);
    // Kept once more, with sessions in it that nobody has unpacked.
    const fourth = await live([], true);
    const fifth = await live();
    expect(fifth.covered).toBe(true);
    for (const { state } of [fourth, fifth]) {
      const full = await whole();
      expect(state.projects).toEqual(full.projects);
      expect(state.sessions.values()).toEqual(full.sessions.values());
    }
  });

  it.each<[string, () => void]>([
    [
      "an altered byte",
      () => writeFileSync(segment(1), readFileSync(segment(1), "utf8").replace('"ask"', '"asq"')),
    ],
    ["a late write", () => appendFileSync(segment(1), "j1\tlate\n")],
    ["a missing end", () => writeFileSync(segment(1), readFileSync(segment(1)).subarray(0, -1))],
    ["a missing segment", () => rmSync(segment(1))],
  ])("is not used over %s in what it covers, which is told", async (_, harm) => {
    await live([...sessionRecords("a"), ...endRecords("a")]);
    await live([], true);
    harm();
    const { covered, history } = await live();
    expect(covered).toBe(false);
    expect(history.damage.length + history.late.length).toBeGreaterThan(0);
  });

  it("of which any byte is another is not used", async () => {
    await live([...sessionRecords("a"), ...endRecords("a")]);
    await live([], true);
    for (const path of [checkpointPath(home), join(home, "checkpoint-2")]) {
      const bytes = readFileSync(path);
      for (let index = 0; index < bytes.length; index += 7) {
        const bent = Buffer.from(bytes);
        bent[index] = (bent[index] ?? 0) ^ 1;
        writeFileSync(path, bent);
        expect(await readCheckpoint(files, home)).toBeUndefined();
      }
      writeFileSync(path, bytes);
      // Written anew it has another stamp, and its bytes decide.
      const again = await readCheckpoint(files, home);
      expect(again).toBeDefined();
      await again?.close();
    }
  });

  it("has this form; where a session's state changes, its shape must be moved up", async () => {
    await live([...sessionRecords("a"), ...endRecords("a")]);
    const { state } = await live([], true);
    const session = state.sessions.get("a");
    expect(Object.keys(session ?? {}).sort()).toEqual(
      "agent,attempts,cwd,decisions,epoch,facts,findings,id,atMs,projectId,queue,runs,segments"
        .split(",")
        .sort(),
    );
    expect(Object.keys(session?.attempts[0] ?? {}).sort()).toEqual(
      "ask,attempt,bootId,cite,covers,ended,prompt,runId".split(","),
    );
    expect(readFileSync(checkpointPath(home), "utf8")).toContain('{"shape":6,"bodies":');
  });
});
