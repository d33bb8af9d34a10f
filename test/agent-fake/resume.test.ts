/**
 * An agent killed before every one of its events, then resumed as a stale, a good and a careful orchestrator would.
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expandScript } from "../../harness/agent/steps.ts";
import { jsonLines, Stage, type Started, scriptOf, tokensOf, walk, walkTo } from "./stage.ts";

const script = scriptOf({}, { outcome: "fail" });
const tokens = tokensOf(script);
const events = expandScript(script, "ada", { resumed: false }).map(({ event }) => event);
const allEffects = tokens.map(({ effectToken }) => effectToken);

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

/** What a subject that kept every finished call would put into the snapshot. */
async function rebuildSnapshot(killed: Started): Promise<void> {
  const lines = jsonLines(killed.stdout());
  const messages: object[] = [{ role: "user", content: "please do it" }];
  for (const { type, id, content, isError } of lines) {
    if (type !== "tool.result") continue;
    const call = lines.find((line) => line.type === "tool.call" && line.id === id);
    const { name, input } = call ?? {};
    messages.push({ role: "assistant", content: [{ type: "tool_use", id, name, input }] });
    messages.push({ role: "user", content: [{ type: "tool_result", toolUseId: id, content, isError }] });
  }
  const dir = path.join(stage.workspace, ".coding-agent/sessions");
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, "session-1.json"), JSON.stringify({ messages }));
}

/** Ids that were given to calls whose result never reached stdout. */
function openCallIds(killed: Started): string[] {
  const finished = jsonLines(killed.stdout()).flatMap(({ type, id }) => (type === "tool.result" ? [id] : []));
  const named = killed.ledger().flatMap((entry) => ("callId" in entry ? [entry.callId] : []));
  return [...new Set(named)].filter((id): id is string => id !== undefined && !finished.includes(id));
}

async function resume(prompt: string): Promise<Started> {
  return stage.start({ script, mode: "free", resume: "session-1", prompt });
}

const knowsOf = (started: Started) =>
  started.ledger().flatMap((entry) => (entry.kind === "model-input" ? Object.values(entry.knows) : []));

test.each(events)("killed before %s", async (event) => {
  Object.assign(stage, {
    workspace: path.join(stage.dir, `killed-${events.indexOf(event)}`),
    ledgerDir: path.join(stage.dir, `killed-ledger-${events.indexOf(event)}`),
  });
  await mkdir(stage.workspace);
  await mkdir(stage.ledgerDir);
  const killed = await stage.start({ script });
  await walkTo(killed, event);
  await killed.kill();
  const before = { workspace: stage.workspace, ledgerDir: stage.ledgerDir };
  const done = await stage.effects();
  const shown = jsonLines(killed.stdout()).filter(({ type }) => type === "tool.result").length;
  const at = events.indexOf(event);
  expect(done).toEqual(allEffects.filter((_, index) => events.indexOf(`effect:${index + 1}`) < at));

  // As it was left: the snapshot is from before the turn, or from its end.
  await stage.fork(before);
  const stale = await resume("continue");
  const { code } = await stale.exited;
  if (event === "snapshot:0/write") {
    expect(code).toBe(1);
    expect(jsonLines(stale.stdout())).toMatchObject([{ type: "run.failed", sessionId: "session-1" }]);
    expect(stale.stderr()).toContain("Session not found");
  } else {
    const hasFinalSnapshot = at > events.indexOf("snapshot:1/write");
    expect(code).toBe(0);
    expect(knowsOf(stale)).toEqual(hasFinalSnapshot ? ["known", "known"] : ["nothing", "nothing"]);
    expect(await stage.effects()).toEqual(hasFinalSnapshot ? allEffects : [...done, ...allEffects]);
    const ids = (started: Started) =>
      jsonLines(started.stdout()).flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(ids(stale).filter((id) => ids(killed).includes(id))).toEqual([]);
  }

  // Every finished call handed over, nothing said about the others.
  await stage.fork(before);
  await rebuildSnapshot(killed);
  const good = await resume("continue");
  expect((await good.exited).code).toBe(0);
  expect(await stage.effects()).toEqual([...done, ...allEffects.slice(shown)]);
  expect(good.ledger().flatMap((entry) => (entry.kind === "skip" ? [entry.why] : []))).toEqual(
    tokens.slice(0, shown).map(() => "known"),
  );
  expect(jsonLines(good.stdout()).filter(({ type }) => type === "tool.call")).toHaveLength(2 - shown);
  expect((await stage.snapshot()).messages.at(-1)).toMatchObject({ content: [{ text: "All done." }] });

  // And the unknown ones named as unknown.
  await stage.fork(before);
  await rebuildSnapshot(killed);
  const open = openCallIds(killed);
  const careful = await resume(`continue; it is not known whether these were done: ${open.join(" ")}`);
  expect((await careful.exited).code).toBe(0);
  expect(knowsOf(careful).filter((knows) => knows === "told-unknown")).toHaveLength(open.length);
  expect(await stage.effects()).toEqual(allEffects);
});

test("a resumed turn that has everything to do parks at the expanded events of a resume", async () => {
  Object.assign(stage, {
    workspace: path.join(stage.dir, "again"),
    ledgerDir: path.join(stage.dir, "again-ledger"),
  });
  await mkdir(stage.workspace);
  await mkdir(stage.ledgerDir);
  const first = await stage.start({ script });
  await walkTo(first, "effect:1");
  await first.kill();
  const again = await stage.start({ script, resume: "session-1" });
  expect(await walk(again)).toEqual(
    expandScript(script, "ada", { resumed: true }).map(({ event: name }) => name),
  );
});

test("a second turn knows the first one's results and does its own calls", async () => {
  Object.assign(stage, {
    workspace: path.join(stage.dir, "turns"),
    ledgerDir: path.join(stage.dir, "turns-ledger"),
  });
  await mkdir(stage.workspace);
  await mkdir(stage.ledgerDir);
  await (await stage.start({ script, mode: "free" })).exited;
  const both = [...tokens, ...tokensOf(script, 1)];
  const order = { script, turn: 1, tokens: both, resume: "session-1", prompt: "and again" };
  const second = await stage.start({ ...order, mode: "free" });
  expect((await second.exited).code).toBe(0);
  expect(knowsOf(second)).toEqual(["known", "known", "nothing", "nothing"]);
  expect(await stage.effects()).toEqual(both.map(({ effectToken }) => effectToken));
  const { messages, title } = await stage.snapshot();
  expect(messages).toHaveLength(2 * 6);
  expect(title).toBe("please do it");
});
