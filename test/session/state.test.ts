/**
 * The fold of records whose neighbours are lost, and of those that are restored behind later ones.
 */
import { expect, it } from "vitest";
import type { Journal } from "../../src/journal/index.ts";
import { Recorder, recordCite } from "../../src/session/recorder.ts";
import { readRecord } from "../../src/session/records.ts";
import { emptyState, fold, passBy, type SessionState } from "../../src/session/state.ts";

type Draft = readonly [type: string, data: Readonly<Record<string, unknown>>];

const session: Draft = ["session", { sessionId: "s", projectId: "p", agent: "ada", cwd: "/", epoch: "e" }];
const run = (id: string): Draft => [
  "run",
  { sessionId: "s", runId: id, prompt: `do ${id}`, key: `key ${id}` },
];
const dispatch = (attempt: number, runId: string): Draft => [
  "dispatch",
  {
    sessionId: "s",
    runId,
    attempt,
    prompt: `do ${runId}`,
    ask: `do ${runId}`,
    bootId: "b",
    at: { attempt, byte: 0, k: 1_000_000 },
  },
];
const ended = (attempt: number, runId: string): Draft => [
  "run-ended",
  { sessionId: "s", runId, attempt, state: "completed", reason: "r", at: { attempt, byte: 9, k: 1_000_000 } },
];

function folded(drafts: readonly Draft[]): SessionState {
  const state = emptyState();
  for (const [type, data] of drafts)
    fold(state, readRecord(type, data) ?? expect.fail(type), recordCite("j", undefined, type, data));
  return state.sessions.get("s") ?? expect.fail();
}

const runsOf = ({ runs }: SessionState) => runs.map(({ id, key, state }) => [id, key, state]);

it("a run whose record is lost is what its dispatch says, until the record is restored", () => {
  const lost = [session, dispatch(1, "a"), ended(1, "a")];
  expect(folded(lost).runs).toEqual([
    { id: "a", prompt: "do a", isLost: true, state: "completed", reason: "r" },
  ]);
  expect(folded([...lost, run("a")]).runs).toEqual([
    { id: "a", prompt: "do a", key: "key a", state: "completed", reason: "r" },
  ]);
});

it("an attempt that is restored stands where it was", () => {
  const whole = [session, run("a"), dispatch(1, "a"), ended(1, "a"), run("b"), dispatch(2, "b")];
  const restored = [session, run("b"), dispatch(2, "b"), run("a"), dispatch(1, "a"), ended(1, "a")];
  const [one, other] = [folded(whole), folded(restored)];
  expect(other.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(runsOf(other)).toEqual(runsOf(one));
  expect(other.facts).toEqual(one.facts);
});

it("an agent that was resumed is known by that, also where the record of its name is lost", () => {
  const [type, data] = dispatch(2, "b");
  const resumed: Draft = [type, { ...data, resumes: "named" }];
  const name = (agentSessionId: string): Draft => [
    "agent-session",
    { sessionId: "s", attempt: 1, agentSessionId },
  ];
  const first = [session, run("a"), dispatch(1, "a"), ended(1, "a")];
  expect(folded([...first, run("b"), resumed]).agentSessionId).toBe("named");
  // What it said since counts, also where the dispatch is restored behind it.
  expect(folded([...first, name("later"), run("b"), resumed]).agentSessionId).toBe("later");
});

it("bytes behind which something is on record were on record, also where their cover is lost", () => {
  const cover: Draft = ["cover", { sessionId: "s", attempt: 1, fromByte: 0, ends: [4], crcs: [7] }];
  const { attempts } = folded([session, run("a"), dispatch(1, "a"), cover, ended(1, "a")]);
  expect(attempts[0]?.covers).toMatchObject({ starts: [0, 4], ends: [4, 9], crcs: [7, -1] });
});

it("nothing is put where a record of another version stands, which that version shows", async () => {
  const state = emptyState();
  for (const [type, data] of [session, run("a"), dispatch(1, "a")])
    fold(state, readRecord(type, data) ?? expect.fail(type), recordCite("j", undefined, type, data));
  passBy(state, { sessionId: "s", text: "so it was", at: { attempt: 1, byte: 0, k: 1_000_001 } });
  passBy(state, { sessionId: "s", at: { attempt: 1, byte: -1 } });
  passBy(state, { sessionId: "unknown", at: { attempt: 1, byte: 7, k: 1 } });
  const appended: unknown[] = [];
  const journal = {
    append: async (_: string, data: unknown) => {
      appended.push(data);
      return { ok: true, path: "j", range: { fromByte: 0, toByte: 1 } };
    },
    over: new Promise(() => {}),
    generation: 0,
  } as unknown as Journal;
  const own = state.sessions.get("s") ?? expect.fail();
  await new Recorder(journal, state, expect.fail).fact(own, "limit", {
    sessionId: "s",
    attempt: 1,
    reason: "r",
  });
  expect(appended).toMatchObject([{ at: { attempt: 1, byte: 0, k: 1_000_002 } }]);
});
