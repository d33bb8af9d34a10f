import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { expandScript } from "../../harness/agent/steps.ts";
import { jsonLines, plainCall, Stage, scriptOf, tokensOf, walk } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const types = (lines: Record<string, unknown>[]) => lines.map(({ type }) => type);

/** Keys, by depth first, of one line. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]));
}

test("a clean run parks at every expanded event, in order, and leaves Ada's store", async () => {
  const script = scriptOf({}, { outcome: "fail" });
  const begun = performance.now();
  const run = await stage.start({ script });
  console.log(`start-up of the fake agent, spawn to hello: ${(performance.now() - begun).toFixed(0)} ms`);
  const expected = expandScript(script, "ada", { resumed: false }).map(({ event }) => event);
  expect(await walk(run)).toEqual(expected);
  expect(await run.exited).toEqual({ code: 0, signal: null });

  expect(types(jsonLines(run.stdout()))).toEqual([
    "run.started",
    "tool.call",
    "tool.result",
    "tool.call",
    "tool.result",
    "assistant.text",
    "run.completed",
  ]);
  const call = ["assistant_response", "policy_decision", "tool_call", "tool_result"];
  const log = await stage.log();
  expect(types(log)).toEqual(["session_start", "user_message", ...call, ...call, "assistant_response"]);
  expect(await stage.effects()).toEqual(tokensOf(script).map(({ effectToken }) => effectToken));
  const gates = run.ledger().flatMap((entry) => (entry.kind === "gate" ? [entry.event] : []));
  expect(gates).toEqual(expected);

  const results = jsonLines(run.stdout()).filter(({ type }) => type === "tool.result");
  expect(results.map(({ isError }) => isError)).toEqual([false, true]);
  expect(results[1]?.content).toMatch(/^r000000000002h .* r000000000002t$/s);
});

test("every record, line and snapshot has the shape of the recorded ones", async () => {
  const recordedDir = path.join(import.meta.dirname, "recorded");
  const run = await stage.start({ script: scriptOf({}, {}), mode: "free" });
  expect((await run.exited).code).toBe(0);
  const recorded = jsonLines(readFileSync(path.join(recordedDir, "events-after-resume.jsonl"), "utf8"));
  const log = await stage.log();
  // The first ten of the recorded log are the killed attempt; the whole second call is in the resumed one.
  expect(log.slice(0, 9).map(shape)).toEqual(recorded.slice(0, 9).map(shape));
  expect(shape(log.at(-1))).toEqual(shape(recorded.at(-1)));
  const said = jsonLines(readFileSync(path.join(recordedDir, "stdout.jsonl"), "utf8"));
  expect(jsonLines(run.stdout()).slice(0, said.length).map(shape)).toEqual(said.map(shape));
  const snapshot = JSON.parse(readFileSync(path.join(recordedDir, "snapshot-after-resume.json"), "utf8"));
  expect(shape(await stage.snapshot())).toEqual(shape(snapshot));
});

test("parallel calls are all announced before the first runs; equal calls share input, not id", async () => {
  const script = {
    replies: [{ text: "Both.", calls: [plainCall, { ...plainCall, equalTo: 0 }], parallel: true }],
    finalText: "Done.",
  };
  const run = await stage.start({ script });
  expect(await walk(run)).toEqual(expandScript(script, "ada", { resumed: false }).map(({ event }) => event));
  const lines = jsonLines(run.stdout());
  expect(types(lines)).toEqual([
    "run.started",
    "assistant.text",
    "tool.call",
    "tool.call",
    "tool.result",
    "tool.result",
    "assistant.text",
    "run.completed",
  ]);
  expect(lines[2]?.input).toEqual(lines[3]?.input);
  expect(lines[2]?.id).not.toBe(lines[3]?.id);
  expect(lines[4]?.id).toBe(lines[2]?.id);
  const { messages } = await stage.snapshot();
  expect(messages.map((message) => (message as { role: string }).role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
  ]);
});

test("a lagging store gets a result only when the next reply comes", async () => {
  const script = scriptOf({}, {});
  const run = await stage.start({ script, storeLag: "log-behind" });
  expect(await walk(run)).toEqual(
    expandScript(script, "log-behind", { resumed: false }).map(({ event }) => event),
  );
  const written = run.ledger().flatMap((entry) => {
    if (entry.kind !== "out" && entry.kind !== "store") return [];
    return entry.phase === "done" ? [entry.event] : [];
  });
  const at = (event: string) => written.indexOf(event);
  expect(at("result:1/out")).toBeLessThan(at("result:1/log"));
  expect(at("result:1/log") + 1).toBe(at("reply:2/log"));
  expect(at("result:2/log") + 1).toBe(at("final/log"));
});

test("a large Unicode result is whole on stdout and in the snapshot, cut in the log", async () => {
  const run = await stage.start({ script: scriptOf({ resultChars: 300_001, style: "unicode" }) });
  await walk(run);
  const result = jsonLines(run.stdout()).find(({ type }) => type === "tool.result");
  const content = String(result?.content);
  expect(content).toHaveLength(300_001 + "r000000000001h  r000000000001t".length);
  expect(Buffer.from(content).toString()).toBe(content);
  expect(content).toContain("\u{1F600}");
  expect(JSON.stringify(await stage.snapshot())).toContain(JSON.stringify(content));
  const logged = (await stage.log()).find(({ type }) => type === "tool_result");
  expect(logged?.data).toMatchObject({ content: content.slice(0, 2_000) });
});

test("the ledger's byte ranges are those of the files", async () => {
  const run = await stage.start({ script: scriptOf({ style: "unicode" }, {}), mode: "free" });
  await run.exited;
  const stdout = Buffer.from(run.stdout());
  const log = Buffer.from(await stage.file(".coding-agent/events/session-1.jsonl"));
  let ranges = 0;
  for (const entry of run.ledger()) {
    if (entry.kind !== "out" && entry.kind !== "store") continue;
    if (entry.phase !== "done" || (entry.kind === "store" && entry.role !== "log")) continue;
    const bytes = (entry.kind === "out" ? stdout : log).subarray(entry.fromByte, entry.toByte);
    const line = JSON.parse(bytes.toString());
    expect(bytes.at(-1)).toBe(10);
    if (entry.kind === "store") expect(line.type).toBe(entry.type);
    else if (entry.callId !== undefined) expect(line.id).toBe(entry.callId);
    ranges += 1;
  }
  expect(ranges).toBe(7 + 11);
});
