/** `holdfast repair` as a person starts it. */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { adaId, Command, Project } from "./project.ts";

let command: Command;
let project: Project;
beforeAll(async () => {
  command = await Command.build();
});
afterAll(() => command.remove());
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

const repair = (...args: string[]) => command.run(["repair", project.folder, ...args], project.home);
const stores = () => [readFileSync(project.adaLog, "utf8"), readFileSync(project.adaSnapshot, "utf8")];

test("without --write the plan is shown and no byte changes", async () => {
  project.withAda();
  appendFileSync(project.adaLog, '{"id":"half');
  const before = [...stores(), ...readdirSync(join(project.folder, ".coding-agent"))];
  const { code, out, err } = await repair();
  expect([code, err]).toEqual([1, ""]);
  expect(out).toContain(`--- ${project.adaSnapshot}\n+++ ${project.adaSnapshot}\n@@ `);
  expect(out).toContain("half a record");
  expect(out).toContain("> [Hand-over ");
  expect([...stores(), ...readdirSync(join(project.folder, ".coding-agent"))]).toEqual(before);
});

test("with --write it is done once; the second time there is nothing to do", async () => {
  project.withAda();
  appendFileSync(project.adaLog, '{"id":"half');
  const [log = "", snapshot = ""] = stores();
  const first = await repair("--write");
  expect([first.code, first.err]).toEqual([0, ""]);
  const [logAfter = "", snapshotAfter = ""] = stores();
  expect(logAfter).toBe(`${log}\n`);
  expect(snapshotAfter).toContain('"toolUseId": "call_1"');
  const keep = join(project.folder, ".coding-agent/holdfast");
  const kept = readdirSync(keep).map((name) => readFileSync(join(keep, name), "utf8"));
  for (const original of [log, snapshot, '{"id":"half']) expect(kept).toContain(original);
  const second = await repair("--write");
  expect(second.out).not.toContain("repaired ");
  expect([stores(), second.code]).toEqual([[logAfter, snapshotAfter], 0]);
});

test("the closed store of another vendor: its first message, and no byte of it changes", async () => {
  project.withClaude();
  const before = readFileSync(project.claudeLog);
  const { out, code } = await repair("--write");
  expect(code).toBe(0);
  expect(out).toContain("# First message for the resumed agent:");
  expect(out).toContain("The outcome of these tool calls is unknown");
  expect(readFileSync(project.claudeLog)).toEqual(before);
});

test("refuses while an agent lives", async () => {
  project.withAda();
  const before = stores();
  const bin = join(project.home, "bin");
  mkdirSync(bin);
  // A process whose program is called `ada`, as the process table has it.
  copyFileSync("/bin/sleep", join(bin, "ada"));
  chmodSync(join(bin, "ada"), 0o755);
  const agent = spawn(join(bin, "ada"), ["60"], { cwd: project.folder, stdio: "ignore" });
  await new Promise((resolve) => agent.once("spawn", resolve));
  try {
    const { code, out } = await repair("--write");
    expect(code).toBe(1);
    expect(out).toContain("An agent may be working on this session.");
    expect(stores()).toEqual(before);
    const seen = await command.run(["inspect", project.folder], project.home);
    expect(seen.out).toContain("live-unowned");
  } finally {
    agent.kill("SIGKILL");
    await new Promise((resolve) => agent.once("close", resolve));
  }
  expect((await repair("--write")).code).toBe(0);
});

test("nothing to repair", async () => {
  const { code, out } = await repair();
  expect([code, out]).toEqual([0, "Nothing to repair.\n"]);
});

test("nothing is said to be whole that could not be read", async () => {
  const record = join(project.home, "record");
  mkdirSync(record);
  symlinkSync("journal", join(record, "journal"));
  const { code, out } = await repair("--holdfast-home", record);
  expect(code).toBe(3);
  expect(out).toContain("The orchestrator's record cannot be read: ELOOP.");
  expect(out).toContain("Nothing to repair in what could be read.\n");
});

test("a snapshot that is a folder is left alone, with a sentence", async () => {
  project.withAda();
  const other = new Project();
  try {
    other.withAda();
    const path = other.adaSnapshot.replace(adaId, "2b8e6a16-9ac8-4301-a559-8d67be1b73d8");
    mkdirSync(path);
    writeFileSync(
      other.adaLog.replace(adaId, "2b8e6a16-9ac8-4301-a559-8d67be1b73d8"),
      readFileSync(other.adaLog),
    );
    const { code, err, out } = await command.run(["repair", other.folder, "--write"], other.home);
    expect([code, err]).toEqual([3, ""]);
    expect(out).toContain(`repaired  ${other.adaSnapshot}`);
  } finally {
    other.remove();
  }
});
