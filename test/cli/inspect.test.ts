/** `holdfast inspect` as a person, or a program, starts it. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { adaId, Command, claudeId, Project, type Run } from "./project.ts";

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

const inspect = (...args: string[]) => command.run(["inspect", ...args], project.home);

test("a table that says where each session stands, and an exit code", async () => {
  project.withAda().withClaude();
  const { code, out, err } = await inspect(project.folder);
  expect([code, err]).toEqual([1, ""]);
  const rows = out.split("\n").filter((line) => line.includes(adaId) || line.includes(claudeId));
  expect(rows.map((row) => row.replace(/ {2,}/g, "|"))).toEqual([
    `ada|${adaId}|interrupted-indeterminate|1 done, 1 unknown|resume, 1 call to check`,
    `claude-code|${claudeId}|interrupted-indeterminate|1 unknown|resume, 1 call to check`,
  ]);
  expect(out).toContain("To decide: 2 sessions.");
  expect(out).not.toContain("\u001b");
});

test("--json is one object of the promised shape", async () => {
  project.withAda().withClaude();
  const { code, out } = await inspect(project.folder, "--json");
  const report: unknown = JSON.parse(out);
  expect(code).toBe(1);
  expect(report).toMatchObject({
    schema: 1,
    troubles: [],
    sessions: [
      {
        agent: "ada",
        id: adaId,
        path: project.adaLog,
        run: { state: "interrupted-indeterminate" },
        calls: [
          {
            id: "call_1",
            name: "run_command",
            state: "result-elsewhere",
            effect: "done",
            stands: "yes",
            modelKnows: "no",
          },
          { id: "call_2", state: "indeterminate", effect: "unknown", modelKnows: "no" },
        ],
        findings: [
          { code: "snapshot-behind-log", severity: "warning" },
          { code: "dangling-call", callId: "call_2" },
        ],
        resumeSends: [
          { callId: "call_1", as: "result" },
          { callId: "call_2", as: "unknown" },
        ],
        action: "resume",
      },
      {
        agent: "claude-code",
        id: claudeId,
        path: project.claudeLog,
        versions: ["2.1.197"],
        action: "resume",
      },
    ],
  });
});

test("one session: every call with its state and its evidence", async () => {
  project.withAda();
  const { out } = await inspect(project.folder, "--session", adaId.slice(0, 8));
  for (const said of [
    "indeterminate  call_2  run_command",
    "effect: unknown; the model will not know; handed over as unknown",
    "agent's log @1056 call, agent's log @1315 result",
    "dangling-call  Call call_2 was made and no source has its result; the agent is gone.",
    "What a resume sends to the model",
  ])
    expect(out).toContain(said);
});

test("nothing is written, and the working folder is the default", async () => {
  project.withAda().withClaude();
  const before = sumsIn(join(project.folder, ".."));
  const { code } = await command.run(["inspect", "--json"], project.home, project.folder);
  expect([code, sumsIn(join(project.folder, ".."))]).toEqual([1, before]);
});

test("a project that is named through a link is the same project", async () => {
  project.withAda().withClaude();
  const link = join(project.home, "link");
  symlinkSync(project.folder, link);
  const { out } = await inspect(link, "--json");
  expect(idsIn(out)).toEqual([adaId, claudeId]);
});

test("--home looks elsewhere, and the environment's stores do not count then", async () => {
  project.withClaude();
  const empty = join(project.home, "empty");
  mkdirSync(empty);
  expect(idsIn((await inspect(project.folder, "--json", "--home", empty)).out)).toEqual([]);
  expect(
    idsIn((await inspect(project.folder, "--json", "--home", empty, "--home", project.home)).out),
  ).toEqual([claudeId]);
});

test("the project is gone: its sessions are still found, and that is said", async () => {
  project.withClaude();
  rmSync(project.folder, { recursive: true });
  const { code, out } = await inspect(project.folder);
  expect(code).toBe(1);
  expect(out).toContain("place-moved  The folder that this session worked in is not there.");
});

test("no sessions: said, and nothing to decide", async () => {
  const { code, out } = await inspect(project.folder);
  expect(code).toBe(0);
  expect(out).toContain("No agent that Holdfast knows has a session of this folder.");
});

describe("misuse is one sentence and exit code 2", () => {
  test.each([
    [["/no/such/folder"], "There is no folder /no/such/folder, and no agent has a session of it."],
    [["/etc/hostname"], "/etc/hostname is a file, not a folder."],
    [["--colour"], "unknown option '--colour'"],
    [[".", "--session", "nobody"], "has the id nobody"],
  ])("%j", async (args, said) => {
    const run = await inspect(...args);
    expect(run.code).toBe(2);
    expectSentence(run);
    expect(run.err).toContain(said);
  });
});

describe("bad input: a finding or a sentence, never a stack trace", () => {
  interface Bad {
    readonly name: string;
    readonly content: () => string | Uint8Array;
    readonly code: string;
  }
  const log = () => readFileSync(project.adaLog);
  const pi = "test/fixtures/pi-0.73.1/clean/session.jsonl";
  const bad: readonly Bad[] = [
    { name: "empty", content: () => "", code: "log-missing" },
    { name: "half a record", content: () => log().subarray(0, 1_200), code: "torn-tail" },
    { name: "NUL bytes", content: () => new Uint8Array(4_096), code: "corrupt-middle" },
    {
      name: "records on one line",
      content: () => log().toString().replaceAll("\n", ""),
      code: "glued-record",
    },
    { name: "another kind of file", content: () => "#!/bin/sh\necho hello\n", code: "corrupt-middle" },
    { name: "another agent's log", content: () => readFileSync(pi), code: "corrupt-middle" },
  ];
  test.each(bad)("Ada's log is $name", async ({ content, code }) => {
    project.withAda();
    project.write(project.adaLog, content());
    const run = await inspect(project.folder, "--json");
    expect([0, 1, 3]).toContain(run.code);
    expect(run.err).toBe("");
    expect(codesIn(run.out)).toContain(code);
  });

  test("a folder where the log should be", async () => {
    project.withAda();
    rmSync(project.adaLog);
    mkdirSync(project.adaLog);
    const run = await inspect(project.folder, "--json");
    expect(run.code).toBe(3);
    expect(codesIn(run.out)).toContain("log-unreadable");
  });

  test("a database that is none", async () => {
    project.write(join(project.home, ".local/share/opencode/opencode.db"), "not a database".repeat(400));
    const run = await inspect(project.folder);
    expect(run.code).toBe(3);
    expect(run.out).toContain("unreadable  opencode: ");
    expect(run.out).toContain("The file is no SQLite database");
    expectSentence(run);
  });

  test("a chain that bites its tail", async () => {
    project.withClaude();
    const text = readFileSync(project.claudeLog, "utf8");
    const ids = [...text.matchAll(/"uuid":"([0-9a-f-]+)"/g)].map(([, id]) => id ?? "");
    project.write(project.claudeLog, text.replace('"parentUuid":null', `"parentUuid":"${ids.at(-1)}"`));
    const run = await inspect(project.folder, "--json");
    expect(run.code).toBe(1);
    expect(codesIn(run.out)).toContain("chain-break");
  });

  test("what agents wrote cannot talk to the terminal", async () => {
    project.withAda();
    const log = readFileSync(project.adaLog, "utf8");
    project.write(project.adaLog, log.replaceAll("call_2", "\\u001b[2Jcall\\u0007_2"));
    for (const args of [[project.folder], [project.folder, "--session", adaId]]) {
      const { out } = await inspect(...args);
      expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    }
  });

  test("a reader that goes away is no failure", async () => {
    project.withAda();
    const script = `"$0" "$1" inspect "$2" --json | head -c 1; echo "\${PIPESTATUS[0]}"`;
    const env = { PATH: process.env.PATH ?? "", HOME: project.home };
    const child = spawn("bash", ["-c", script, process.execPath, command.path, project.folder], { env });
    let text = "";
    child.stdout.on("data", (data: Buffer) => (text += data.toString()));
    child.stderr.on("data", (data: Buffer) => (text += data.toString()));
    await new Promise((resolve) => child.once("close", resolve));
    expect(text).toMatch(/^\{[0-3]\n$/);
  });
});

test("a long report reaches a slow reader whole", async () => {
  project.withAda();
  const log = readFileSync(project.adaLog, "utf8").trimEnd().split("\n");
  const [call = "", result = ""] = log.filter((line) => /"tool_(call|result)"/.test(line));
  const more = Array.from({ length: 1_500 }, (_, at) => {
    return `${call.replaceAll("call_1", `c_${at}`)}\n${result.replaceAll("call_1", `c_${at}`)}`;
  });
  project.write(project.adaLog, `${[...log, ...more].join("\n")}\n`);
  const { out } = await inspect(project.folder, "--json");
  expect(out.length).toBeGreaterThan(500_000);
  const report = JSON.parse(out) as { sessions: { calls: unknown[] }[] };
  expect(report.sessions[0]?.calls).toHaveLength(1_502);
});

function idsIn(out: string): string[] {
  return (JSON.parse(out) as { sessions: { id: string }[] }).sessions.map(({ id }) => id);
}

function codesIn(out: string): string[] {
  const { sessions } = JSON.parse(out) as { sessions: { findings: { code: string }[] }[] };
  return sessions.flatMap(({ findings }) => findings.map(({ code }) => code));
}

function expectSentence({ out, err }: Run): void {
  expect(`${out}${err}`).not.toMatch(/\n\s+at |Error:/);
}

function sumsIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      const stat = statSync(path);
      const sum = stat.isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : "folder";
      return [name, `${sum} ${stat.mtimeMs} ${stat.mode}`];
    }),
  );
}
