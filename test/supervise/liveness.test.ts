import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostFiles } from "../../src/host/files.ts";
import type { ProcessIdentity, World } from "../../src/model/ports.ts";
import { claimAttempt, livenessOf, readExit, readPid, readStarted } from "../../src/supervise/index.ts";

let folder = "";
const files = hostFiles();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-supervise-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const self: ProcessIdentity = { pid: 1, startTime: "1", bootId: "boot", namespace: "ns" };
const agent: ProcessIdentity = { ...self, pid: 50, startTime: "5000" };

const place = { bootId: "boot", namespace: "ns", marker: "s.1" };

/** A world in which only `there` runs and the FIFO is held or not. */
function world(
  there: readonly ProcessIdentity[],
  held: boolean,
  kin: readonly ProcessIdentity[] = [],
): Pick<World, "files" | "processes" | "agents"> {
  const no = () => Promise.reject(new Error("not asked for"));
  return {
    files,
    processes: {
      self,
      identify: async (pid) => there.find((one) => one.pid === pid),
      kinOf: async () => kin.map((identity) => ({ identity, by: "marker", args: [] })),
      signal: no,
    },
    agents: { resolve: no, start: no, fence: no, held: async () => held, whenGone: no, input: no },
  };
}

describe("liveness of an attempt", () => {
  const note = (name: string, content: string) => writeFileSync(join(folder, name), content);

  it.each<{
    what: string;
    there: ProcessIdentity[];
    held: boolean;
    kin?: ProcessIdentity[];
    bootId?: string;
    identity?: ProcessIdentity;
    known?: ProcessIdentity;
    notes?: [string, string][];
    state: string;
  }>([
    { what: "the known process runs", there: [agent], held: true, known: agent, state: "alive" },
    {
      what: "the known process runs and closed its stdin",
      there: [agent],
      held: false,
      known: agent,
      state: "alive",
    },
    { what: "it is gone and a tool holds the FIFO", there: [], held: true, known: agent, state: "dead" },
    {
      what: "its pid is another's",
      there: [{ ...agent, startTime: "9" }],
      held: true,
      known: agent,
      state: "dead",
    },
    {
      what: "the machine was booted",
      there: [agent],
      held: false,
      known: { ...agent, bootId: "old" },
      state: "dead",
    },
    {
      what: "other namespace, held",
      there: [agent],
      held: true,
      known: { ...agent, namespace: "x" },
      state: "unknown",
    },
    {
      what: "other namespace, not held",
      there: [agent],
      held: false,
      known: { ...agent, namespace: "x" },
      state: "dead",
    },
    { what: "never identified, nobody holds the FIFO", there: [agent], held: false, state: "dead" },
    { what: "never identified, no pid yet", there: [], held: true, state: "unknown" },
    {
      what: "never identified, noted and there",
      there: [agent],
      held: true,
      notes: [["pid", "50\n"]],
      state: "alive",
    },
    {
      what: "never identified, noted and gone",
      there: [],
      held: true,
      notes: [["pid", "50\n"]],
      state: "dead",
    },
    {
      what: "never identified, noted with its start time, and its pid is another's",
      there: [{ ...agent, startTime: "9" }],
      held: true,
      notes: [["pid", "50 5000\n"]],
      state: "dead",
      identity: agent,
    },
    {
      what: "never identified, noted with its start time before the machine was booted",
      there: [agent],
      held: true,
      bootId: "old",
      notes: [["pid", "50 5000\n"]],
      state: "dead",
    },
    {
      what: "its wrapper was killed before it noted a pid, and the agent lives with a tool",
      there: [],
      held: true,
      kin: [{ ...agent, pid: 51, startTime: "5001" }, agent],
      notes: [["started", "40 4000\n"]],
      state: "alive",
      identity: agent,
    },
    {
      what: "its wrapper is about to start it",
      there: [{ ...agent, pid: 40, startTime: "4000" }],
      held: true,
      notes: [["started", "40 4000\n"]],
      state: "unknown",
    },
    {
      what: "exit noted, a tool holds the FIFO",
      there: [],
      held: true,
      notes: [["exit", "0\n"]],
      state: "dead",
    },
  ])("$what: $state", async ({ there, held, kin, bootId, identity, known, notes, state }) => {
    for (const [name, content] of notes ?? []) note(name, content);
    const started = { ...place, ...(bootId === undefined ? {} : { bootId }) };
    const found = await livenessOf(world(there, held, kin), folder, known, started);
    expect(found.state).toBe(state);
    if (identity !== undefined) expect(found.identity).toEqual(identity);
    expect(found.seen).not.toBe("");
  });

  it("takes nothing but digits for a note", async () => {
    for (const bad of ["", "x", "-1", "1 x", "1  2", "1 2 3", "1\n2\n", `${"9".repeat(40)}\n`, "0x10"]) {
      note("pid", bad);
      note("exit", bad);
      expect(await readPid(files, folder)).toBeUndefined();
      expect(await readExit(files, folder)).toBeUndefined();
    }
    note("pid", "1\n");
    expect(await readPid(files, folder)).toBeUndefined();
    note("pid", "50 5000\n");
    expect(await readPid(files, folder)).toEqual({ pid: 50, startTime: "5000" });
    note("exit", "0 1\n");
    expect(await readExit(files, folder)).toBeUndefined();
    note("exit", "0\n");
    expect(await readExit(files, folder)).toBe(0);
  });

  it("tells a fence from a wrapper", async () => {
    expect(await readStarted(files, folder)).toBe("no");
    note("started", "123\n");
    expect(await readStarted(files, folder)).toBe("wrapper");
    note("started", "fenced\n");
    expect(await readStarted(files, folder)).toBe("fence");
    note("started", "");
    expect(await readStarted(files, folder)).toBe("empty");
  });
});

describe("claiming an attempt", () => {
  it("is won by one of many", async () => {
    const parents = [join(folder, "s"), join(folder, "s/attempts")];
    const claims = Array.from({ length: 8 }, () =>
      claimAttempt({ files }, join(folder, "s/attempts/1"), parents),
    );
    const won = (await Promise.all(claims)).filter((one) => one);
    expect(won).toHaveLength(1);
    expect(await files.list(join(folder, "s/attempts/1"))).toEqual(["alive", "spool", "stdin"]);
  });
});
