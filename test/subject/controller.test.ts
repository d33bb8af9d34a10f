/** The subjects that run a checkout, against a small server of ours with the same interface. */
import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { dir } from "tmp-promise";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Shown, Subject } from "../../harness/subject/contract.ts";
import controller from "../../harness/subject/controller.ts";
import { loadSubject, SubjectLoadError } from "../../harness/subject/load.ts";
import { kill, makeRig, type Rig } from "./rig.ts";
import { makeCheckout } from "./stand-in/checkout.ts";

const started = { type: "run.started", sessionId: "agent-1" };
const call = { type: "tool.call", id: "call_1", name: "run_command", input: { command: "make" } };
const result = { type: "tool.result", id: "call_1", name: "run_command", content: "made", isError: false };
const lines = [
  started,
  { type: "assistant.text", text: "Here goes." },
  call,
  result,
  { type: "run.completed" },
];

let checkout = "";
let subject: Subject;
let remove: () => Promise<void>;
let rig: Rig | undefined;
beforeAll(async () => {
  const made = await dir({ unsafeCleanup: true, prefix: "holdfast-checkout-" });
  checkout = await makeCheckout(join(made.path, "checkout"));
  subject = controller({ checkout });
  remove = made.cleanup;
});
afterAll(() => remove());
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function begin(reload?: "tsx"): Promise<{ rig: Rig; pid: number }> {
  rig = await makeRig(reload);
  await subject.setup?.(rig.ctx);
  return { rig, pid: (await subject.start(rig.ctx)).pid };
}

/** Sends a prompt and reads its stream to the end, or until the first event that `enough` likes. */
async function follow(of: Rig, session?: string, enough: (event: Shown) => boolean = () => false) {
  const request = { prompt: "Please.", key: "k", agent: "ada" as const, ...(session ? { session } : {}) };
  const followed = subject.follow?.(of.ctx, request);
  if (followed === undefined) throw new Error("it cannot be followed");
  const seen: Shown[] = [];
  for await (const event of followed.events) {
    seen.push(event);
    if (enough(event)) break;
  }
  return { seen, accepted: await followed.accepted };
}

it("a prompt - answered by its stream - names the session and shows the events in our words", async () => {
  const { rig: of } = await begin();
  await of.script(lines, false);
  const { seen, accepted } = await follow(of);
  expect(accepted).toEqual({ ok: true, session: "agent-1" });
  expect(seen.map(({ type }) => type)).toEqual(["other", "other", "text", "call", "result", "end", "other"]);
  expect(seen[4]).toEqual({
    type: "result",
    callId: "call_1",
    name: "run_command",
    text: "made",
    isError: false,
  });
});

it("what is stored - asked for - comes without the ids that were not stored, and is not paired by guessing", async () => {
  const { rig: of } = await begin();
  await of.script(lines, false);
  await follow(of);
  const { sessions } = await subject.observe(of.ctx);
  expect(sessions).toEqual([
    {
      id: "agent-1",
      state: "active",
      ended: "unknown",
      live: "no",
      calls: [{ name: "run_command", input: { command: "make" }, state: "unknown" }],
      history: [
        { type: "prompt", text: "Please." },
        { type: "text", text: "Here goes." },
        { type: "call", name: "run_command", input: { command: "make" } },
        { type: "result", name: "run_command", text: "made", isError: false },
      ],
      flags: "no-surface",
    },
  ]);
  const stored: Shown[] = [];
  for await (const event of subject.events(of.ctx, "agent-1")) stored.push(event);
  expect(stored).toEqual(sessions[0]?.history);
});

it("a server that is killed before the session had a name - the answer says that none came", async () => {
  const { rig: of, pid } = await begin();
  await of.script([], true);
  const reading = follow(of, undefined, () => {
    kill(pid);
    return false;
  });
  await expect(reading).rejects.toThrow(/ended before it said/);
});

it("files - by role and session - the log that is torn in its last line hides what it holds", async () => {
  const { rig: of } = await begin();
  await of.script(lines, false);
  await follow(of);
  const files = await subject.files(of.ctx);
  expect(files.map(({ role, session }) => [role, session])).toEqual([
    ["index", undefined],
    ["log", "agent-1"],
    ["snapshot", "agent-1"],
  ]);
  const log = files[1]?.path ?? "";
  await truncate(log, (await readFile(log)).length - 5);
  expect((await subject.observe(of.ctx)).sessions[0]?.history).toEqual([]);
});

it("a hot reload by the checkout's own watcher - another process answers, the checkout is as it was", async () => {
  const { rig: of, pid } = await begin("tsx");
  await of.script(lines, false);
  await follow(of);
  const reloaded = await subject.reload?.(of.ctx);
  expect(reloaded?.pid).not.toBe(pid);
  expect((await subject.observe(of.ctx)).sessions[0]?.id).toBe("agent-1");
  await subject.stop(of.ctx);
  expect(
    (await readdir(checkout, { recursive: true })).filter((name) => !name.startsWith("node_modules")),
  ).toEqual(["LICENSE", "server", join("server", "index.ts")]);
});

it("no checkout, or a folder that is none - one sentence says what to give", async () => {
  await expect(loadSubject("controller")).rejects.toThrow(/Give --checkout DIR: a checkout of controller/);
  const failed = await loadSubject(`coding-orchestrator in ${join(checkout, "server")}`).catch(
    (error) => error,
  );
  expect(failed).toBeInstanceOf(SubjectLoadError);
  expect(failed.message).toMatch(/has no server.index.ts/);
  await expect(loadSubject(`naive in ${checkout}`)).rejects.toThrow(/takes no checkout/);
});
