import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { harnessGoneExitCode } from "../../harness/agent/constants.ts";
import { GateServer } from "../../harness/agent/gate-server.ts";
import { writeLauncher } from "../../harness/launch/launcher.ts";
import { Stage, scriptOf, walkTo } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

function run(args: readonly string[], file = stage.agentPath) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(file, args, { cwd: stage.workspace }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

test("a parked agent ends at once when the socket closes", async () => {
  const started = await stage.start({ script: scriptOf({}) });
  await walkTo(started, "effect:1");
  await stage.server.close();
  expect(await started.exited).toEqual({ code: harnessGoneExitCode, signal: null });
  expect(await started.agent.nextPark()).toBe("gone");
  expect(await stage.effects()).toEqual([]);
  expect(started.ledger().at(-1)).toMatchObject({ kind: "exit", code: harnessGoneExitCode });
});

test("a sleeping agent ends at once when the socket closes", async () => {
  const free = { pausesMs: [60_000], writes: "line" as const };
  const started = await stage.start({ script: scriptOf({}), mode: "free", free });
  started.agent.end();
  expect((await started.exited).code).toBe(harnessGoneExitCode);
});

test("an agent without a harness says so and does nothing", async () => {
  await stage.server.close();
  const { code, stdout, stderr } = await run(["--stream-json", "chat", "do it"]);
  expect(code).toBe(harnessGoneExitCode);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^ada: the harness .* does not answer .*\n$/);
  await expect(stat(path.join(stage.workspace, ".coding-agent"))).rejects.toThrow("ENOENT");
});

test("after run-on no gate stops the agent, and it still says what it passed", async () => {
  const started = await stage.start({ script: scriptOf({}) });
  await walkTo(started, "policy:1/log");
  started.agent.runOn();
  expect((await started.exited).code).toBe(0);
  await started.agent.gone;
  expect(started.agent.passed[0]).toEqual({ nth: 6, event: "policy:1/log" });
  expect(started.agent.passed.at(-1)?.event).toBe("end/out");
});

test("options are taken before and after chat; what is unknown is refused in one sentence", async () => {
  expect(await run(["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  const wrong = [["--stream-json"], ["--stream-json", "chat"], ["--stream-json", "chat", "a", "b"]];
  wrong.push(["chat", "a"], ["--stream-json", "--nonsense", "chat", "a"], ["chat", "a", "--resume"]);
  for (const args of wrong) {
    const { code, stderr } = await run(args);
    expect([args, code, stderr.split("\n").length]).toEqual([args, 1, 2]);
  }
  const hello = new Promise<unknown>((resolve) => {
    stage.server.onAgent((agent) => {
      resolve(agent.hello);
      agent.end();
    });
  });
  const args = ["--model", "m", "chat", "--stream-json", "--resume=s-1", "--model=n", "--", "--it's $HOME"];
  await run(args);
  expect(await hello).toMatchObject({ prompt: "--it's $HOME", resume: "s-1", argv: args });
});

test("a resume of an id that is no file name touches no file", async () => {
  const started = await stage.start({ script: scriptOf({}), mode: "free", resume: "../../etc/passwd" });
  expect((await started.exited).code).toBe(1);
  expect(started.ledger().filter(({ kind }) => kind === "store")).toEqual([]);
});

test("the launcher quotes what it bakes in, keeps the pid and hands down no environment", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "hold'fast $(x) "));
  try {
    const socketPath = path.join(dir, "s.sock");
    const server = new GateServer();
    await server.listen(socketPath);
    const agentBundle = /'([^']*\.[cm]?js)'/.exec(await readFile(stage.agentPath, "utf8"))?.[1] ?? "";
    const options = { dir: path.join(dir, "bin"), name: "ada", agentBundle, socketPath, runId: "it's" };
    const { agentPath } = await writeLauncher(options);
    const arrived = new Promise<number>((resolve) => {
      server.onAgent((agent) => {
        resolve(agent.hello.pid);
        agent.end();
      });
    });
    const child = execFile(agentPath, ["--stream-json", "chat", "x"], {
      env: { NODE_OPTIONS: "--bad-option" },
    });
    expect(await arrived).toBe(child.pid);
    if (child.exitCode === null) await once(child, "exit");
    await server.close();
    const long = { ...options, socketPath: `/tmp/${"x".repeat(120)}` };
    await expect(writeLauncher(long)).rejects.toThrow("125 bytes long; Unix sockets allow 103");
    await expect(new GateServer().listen(long.socketPath)).rejects.toThrow("125 bytes");
    await expect(writeLauncher({ ...options, name: "../ada" })).rejects.toThrow("plain file name");
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("what is no message of the protocol ends the connection and is reported", async () => {
  for (const line of ["garbage", '{"kind":"park","nth":0,"event":"exit"}']) {
    const socket = connect(stage.socketPath);
    await once(socket, "connect");
    socket.end(`${line}\n`);
    await once(socket, "close");
  }
  expect(stage.server.problems).toEqual([
    "no message of an agent: garbage",
    "an agent began with park instead of hello",
  ]);
  expect(stage.server.agents).toEqual([]);
});
