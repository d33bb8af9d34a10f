import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ada } from "../../src/agent/ada.ts";
import { claudeCode } from "../../src/agent/claude-code.ts";
import type { AgentAdapter } from "../../src/agent/contract.ts";
import { type Inspection, inspectProject } from "../../src/inspect/index.ts";
import type { Files, Names, RunningProcess } from "../../src/model/ports.ts";
import { carryOut, diffLines, planRepair, type RepairPlan } from "../../src/repair/index.ts";
import { killable } from "./killable.ts";

const cwd = "/w/project";
const id = "1a8e6a16-9ac8-4301-a559-8d67be1b73d8";
const store = `${cwd}/.coding-agent`;
const logPath = `${store}/events/${id}.jsonl`;
const snapshotPath = `${store}/sessions/${id}.json`;
const fixture = "test/fixtures/ada-0.1.0/killed-during-second-tool";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const log = decoder.decode(readFileSync(`${fixture}/events-after-resume.jsonl`));
const whole: unknown = JSON.parse(readFileSync(`${fixture}/snapshot-after-resume.json`, "utf8"));
/** The state in which Ada was killed, and half a record behind it. */
const cutLog = `${log.split("\n").slice(0, 9).join("\n")}\n${(log.split("\n")[9] ?? "").slice(0, 60)}`;
const emptySnapshot = JSON.stringify({ ...(whole as object), messages: [] }, undefined, 2);
const folders = new Set(["/w", cwd, store, `${store}/events`, `${store}/sessions`]);
const killed = new Map([
  [logPath, encoder.encode(cutLog)],
  [snapshotPath, encoder.encode(emptySnapshot)],
]);

async function planned(
  disk: { readonly files: Files; readonly names: Names },
  running: readonly RunningProcess[] = [],
  adapter: AgentAdapter = ada,
): Promise<RepairPlan> {
  const session = (await inspected(disk, running)).sessions.find(({ found }) => found.agent === adapter.kind);
  if (session === undefined) throw new Error("no session was found");
  return planRepair(disk.files, adapter, { ...session, agentSessionId: session.found.id }, 1_700_000_000_000);
}

function inspected(
  { files, names }: { readonly files: Files; readonly names: Names },
  running: readonly RunningProcess[] = [],
): Promise<Inspection> {
  const processes = { list: async () => running };
  return inspectProject(
    { files, names, processes },
    { folders: [cwd], homes: [{ path: "/home/dev", env: {} }] },
  );
}

const nobody = async () => undefined;

describe("Ada, killed while its second call ran, with half a record in its log", () => {
  test("the plan changes nothing", async () => {
    const disk = killable(killed, folders);
    const plan = await planned(disk);
    expect(plan.steps.map(({ kind, path }) => [kind, path])).toEqual([
      ["end-line", logPath],
      ["replace", snapshotPath],
    ]);
    expect([disk.changes(), disk.contents]).toEqual([0, killed]);
    const diff = diffLines(plan);
    expect(diff).toContain(`--- ${snapshotPath}`);
    expect(diff.some((line) => line.startsWith("+") && line.includes('"tool_use"'))).toBe(true);
    expect(diff.some((line) => line.startsWith('-  "messages": []'))).toBe(true);
    expect(plan.message).toContain("call_2 run_command");
  });

  test("afterwards a resume sends what was finished, and repairing again changes nothing", async () => {
    const disk = killable(killed, folders);
    const done = await carryOut({ ...disk, whoLives: nobody }, await planned(disk));
    expect(done).toMatchObject({ ok: true, written: [logPath, snapshotPath] });
    const { sent } = (await inspected(disk)).sessions[0] ?? {};
    expect(sent?.filter(({ callId }) => callId === "call_1").map(({ role }) => role)).toEqual([
      "assistant",
      "tool",
    ]);
    const after = new Map(disk.contents);
    const count = disk.changes();
    const again = await planned(disk);
    expect(again.steps).toEqual([]);
    expect(await carryOut({ ...disk, whoLives: nobody }, again)).toMatchObject({ ok: true, written: [] });
    expect([disk.changes(), disk.contents]).toEqual([count, after]);
  });

  test("originals and the half record are kept byte for byte; the log only gets a newline", async () => {
    const disk = killable(killed, folders);
    await carryOut({ ...disk, whoLives: nobody }, await planned(disk));
    expect(decoder.decode(disk.contents.get(logPath))).toBe(`${cutLog}\n`);
    const kept = keptIn(disk.contents);
    expect(kept).toContain(cutLog);
    expect(kept).toContain(emptySnapshot);
    expect(kept).toContain(cutLog.slice(cutLog.lastIndexOf("\n") + 1));
  });

  test("killed at each of its changes: every file is whole, originals are there, the next repair finishes", async () => {
    const straight = killable(killed, folders);
    await carryOut({ ...straight, whoLives: nobody }, await planned(straight));
    const total = straight.changes();
    expect(total).toBeGreaterThan(15);
    for (let dieAt = 1; dieAt <= total; dieAt += 1) {
      const dying = killable(killed, folders, dieAt);
      const plan = await planned(killable(killed, folders));
      await expect(carryOut({ ...dying, whoLives: nobody }, plan)).rejects.toMatchObject({ code: "EKILLED" });
      for (const path of [logPath, snapshotPath]) {
        const now = dying.contents.get(path);
        const isOld = same(now, killed.get(path));
        expect(isOld || same(now, straight.contents.get(path))).toBe(true);
        if (!isOld) expect(keptIn(dying.contents)).toContain(decoder.decode(killed.get(path)));
      }
      const next = killable(dying.contents, dying.folders);
      const finished = await carryOut({ ...next, whoLives: nobody }, await planned(next));
      expect(finished.ok).toBe(true);
      for (const path of [logPath, snapshotPath]) {
        expect(same(next.contents.get(path), straight.contents.get(path))).toBe(true);
      }
      const kept = keptIn(next.contents);
      for (const original of killed.values()) expect(kept).toContain(decoder.decode(original));
    }
  });

  test.each([
    ["named", ["node", "/usr/bin/ada", "chat", "--resume", id], "/elsewhere"],
    ["in the folder", ["/opt/ada", "chat", "go on"], cwd],
  ])("refuses while an agent lives: %s", async (_, args, place) => {
    const identity = { pid: 7, startTime: "1", bootId: "b", namespace: "n" };
    const disk = killable(killed, folders);
    const plan = await planned(disk, [{ identity, args, cwd: place }]);
    expect(plan.refusal).toContain("An agent may be working on this session");
    expect(await carryOut({ ...disk, whoLives: nobody }, plan)).toMatchObject({ ok: false, written: [] });
    expect(disk.contents).toEqual(killed);
  });

  test("somebody else's process does not hinder", async () => {
    const identity = { pid: 7, startTime: "1", bootId: "b", namespace: "n" };
    const strangers = [
      { identity, args: ["/usr/bin/vim", id], cwd },
      { identity, args: ["/opt/ada", "chat"], cwd: "/w/other" },
    ];
    expect((await planned(killable(killed, folders), strangers)).refusal).toBeUndefined();
  });

  test("an agent that comes between plan and repair stops it", async () => {
    const disk = killable(killed, folders);
    const plan = await planned(disk);
    const done = await carryOut({ ...disk, whoLives: async () => "It is back." }, plan);
    expect(done).toMatchObject({ ok: false, why: "It is back.", written: [] });
    expect(disk.contents).toEqual(killed);
  });

  test("a file that changed since the plan is not replaced", async () => {
    const disk = killable(killed, folders);
    const plan = await planned(disk);
    disk.contents.set(logPath, encoder.encode(`${cutLog}x`));
    expect(await carryOut({ ...disk, whoLives: nobody }, plan)).toMatchObject({ ok: false, written: [] });
  });

  test.each([
    "sessions",
    // Where the copies go: a project can bring that link with it.
    "holdfast",
  ])("no link is followed: %s", async (name) => {
    const disk = killable(killed, folders);
    const plan = await planned(disk);
    const names: Names = {
      kindOf: async (path) => (path === `${store}/${name}` ? "link" : disk.names.kindOf(path)),
    };
    const done = await carryOut({ files: disk.files, names, whoLives: nobody }, plan);
    expect(done).toMatchObject({ ok: false, why: `${store}/${name} is a link; links are not followed.` });
    expect(done.kept.filter((path) => path.startsWith(`${store}/${name}/`))).toEqual([]);
    expect(disk.contents.get(snapshotPath)).toEqual(killed.get(snapshotPath));
  });
});

test("a snapshot that is not there is made", async () => {
  const disk = killable(new Map([[logPath, encoder.encode(cutLog)]]), folders);
  const plan = await planned(disk);
  expect(diffLines(plan)).toContain("--- /dev/null");
  expect(await carryOut({ ...disk, whoLives: nobody }, plan)).toMatchObject({ ok: true });
  expect((await planned(disk)).steps).toEqual([]);
});

test("sources that contradict one another: nothing is written", async () => {
  const stranger = log.replaceAll('"sessionId":"1a8e6a16', '"sessionId":"2b8e6a16');
  const disk = killable(new Map([[logPath, encoder.encode(stranger)]]), folders);
  const plan = await planned(disk);
  expect(plan.refusal).toContain("A person decides that first.");
});

test("the closed store of another vendor: the message, and nothing to write", async () => {
  const session = "863a54be-ac71-488d-8a0b-bcbc08e9c9e2";
  const bytes = readFileSync("test/fixtures/claude-code-2.1.197/killed-after-tool-result/session.jsonl");
  const folder = "/home/dev/.claude/projects/-w-project";
  const half = new Uint8Array(bytes.subarray(0, bytes.length - 20));
  const disk = killable(new Map([[`${folder}/${session}.jsonl`, half]]), new Set([cwd, folder]));
  const plan = await planned(disk, [], claudeCode);
  expect(plan.steps).toEqual([]);
  const mended = killable(
    new Map([[`${folder}/${session}.jsonl`, new Uint8Array(bytes)]]),
    new Set([cwd, folder]),
  );
  const { message, steps } = await planned(mended, [], claudeCode);
  expect(steps).toEqual([]);
  expect(message).toContain("toolu_fakemwrgg08q000 Bash");
  expect(message).toContain("unknown");
});

function keptIn(contents: ReadonlyMap<string, Uint8Array>): string[] {
  const kept = [...contents].filter(
    ([path]) => path.startsWith(`${store}/holdfast/`) && !path.includes(".tmp-"),
  );
  return kept.map(([, bytes]) => decoder.decode(bytes));
}

function same(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left !== undefined && right !== undefined && Buffer.compare(left, right) === 0;
}
