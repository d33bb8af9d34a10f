import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import path from "node:path";
import type { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentConnection } from "../../harness/agent/gate-server.ts";
import { expandScript } from "../../harness/agent/steps.ts";
import { jsonLines, Stage, type Started, scriptOf, tokensOf, walk, walkTo } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const blocked = (agent: AgentConnection) => new Promise<string>((resolve) => agent.onBlocked(resolve));

function pipeOf(started: Started): Readable {
  if (started.pipe === null) throw new Error("stdout is no pipe");
  return started.pipe;
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test.each(["result:1/out", "call:2/out"])(
  "reader gone before %s: one more call is executed, the write after it ends the agent",
  async (event) => {
    const script = scriptOf({}, {}, {}, {});
    const run = await stage.start({ script, stdout: "pipe" });
    await walkTo(run, event);
    const pipe = pipeOf(run);
    pipe.destroy();
    await once(pipe, "close");
    const walked = await walk(run);
    expect(walked.at(-1)).toBe("result:2/out");
    expect((await run.exited).code).toBe(1);
    expect(await stage.effects()).toEqual(
      tokensOf(script)
        .slice(0, 2)
        .map(({ effectToken }) => effectToken),
    );
    expect((await stage.snapshot()).messages).toEqual([]);
    const failed = run
      .ledger()
      .flatMap((entry) => (entry.kind === "out" && entry.phase === "failed" ? [entry] : []));
    expect(failed.map(({ event: name, code }) => `${name} ${code}`)).toContain(`${event} EPIPE`);
    expect(failed.at(-1)?.event).toBe("result:2/out");
    expect(run.ledger().at(-1)).toMatchObject({ kind: "exit", code: 1 });
  },
);

test.each(["line", "split", "burst"] as const)("free output as %s is the same lines", async (writes) => {
  const script = scriptOf({ style: "unicode", resultChars: 500 }, {}, {});
  const run = await stage.start({
    script,
    mode: "free",
    free: { pausesMs: [0, 1, 3, 0, 2], writes },
    stdout: "pipe",
  });
  const lines = jsonLines(await readAll(pipeOf(run)));
  await run.exited;
  await run.agent.gone;
  expect(lines.map(({ type }) => type)).toEqual([
    "run.started",
    ...["tool.call", "tool.result", "tool.call", "tool.result", "tool.call", "tool.result"],
    "assistant.text",
    "run.completed",
  ]);
  expect(JSON.stringify(await stage.snapshot())).toContain(JSON.stringify(lines[2]?.content));
  const expected = expandScript(script, "ada", { resumed: false }).map(({ event }) => event);
  const passed = run.agent.passed.map(({ event }) => event);
  expect([...passed, "exit"].sort()).toEqual([...expected].sort());
  if (writes !== "burst") expect([...passed, "exit"]).toEqual(expected);

  const phases = run.ledger().flatMap((entry) => (entry.kind === "out" ? [entry.phase] : []));
  expect(phases.filter((phase) => phase === "done")).toHaveLength(lines.length);
  const isGathered = phases.some((phase, index) => phase === "begin" && phases[index + 1] === "begin");
  expect(isGathered).toBe(writes === "burst");
});

test("a reader that stands still blocks the agent, is reported, and loses nothing when it goes on", async () => {
  const run = await stage.start({ script: scriptOf({ resultChars: 400_000 }), mode: "free", stdout: "pipe" });
  expect(await blocked(run.agent)).toBe("result:1/out");
  expect(run.ledger().at(-1)).toMatchObject({ kind: "out", phase: "begin", event: "result:1/out" });
  const lines = jsonLines(await readAll(pipeOf(run)));
  expect((await run.exited).code).toBe(0);
  expect(String(lines[2]?.content).length).toBeGreaterThan(400_000);
});

test("a full pipe that does not block (EAGAIN) is written to until it took everything", async () => {
  const fifo = path.join(stage.dir, "fifo");
  execFileSync("mkfifo", [fifo]);
  const fd = openSync(fifo, constants.O_RDWR);
  const run = await stage.start({ script: scriptOf({ resultChars: 400_000 }), stdout: fd });
  // A socket on the shared description makes it non-blocking for the agent too.
  const reader = new Socket({ fd, readable: true, writable: false });
  await walkTo(run, "result:1/out");
  run.agent.release();
  await blocked(run.agent);
  let text = "";
  const complete = new Promise<void>((resolve) => {
    reader.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("run.completed")) resolve();
    });
  });
  await walk(run);
  await complete;
  reader.destroy();
  expect(jsonLines(text).map(({ type }) => type)).toContain("tool.result");
  const failed = run.ledger().filter((entry) => entry.kind === "out" && entry.phase === "failed");
  expect(failed).toEqual([]);
});

test("an agent whose reader stands still ends when its harness goes", async () => {
  const run = await stage.start({ script: scriptOf({ resultChars: 400_000 }), mode: "free", stdout: "pipe" });
  await blocked(run.agent);
  run.agent.end();
  expect(await run.exited).toEqual({ code: null, signal: "SIGKILL" });
});

test("a disk that is full counts as a reader that is gone", async () => {
  const fd = openSync("/dev/full", "w");
  const run = await stage.start({ script: scriptOf({}, {}, {}), mode: "free", stdout: fd });
  closeSync(fd);
  expect((await run.exited).code).toBe(1);
  expect(await stage.effects()).toHaveLength(1);
});
