/**
 * An agent that is spoken with is spoken with on: by who starts it, and by who takes it back.
 */
import { expect, it } from "vitest";
import { lifeOf } from "../../src/session/context.ts";
import { recordDispatch, startDispatched } from "../../src/session/dispatch.ts";
import { prepareHandOver } from "../../src/session/hand-over.ts";
import { settle } from "../../src/session/settle.ts";
import {
  agent,
  cover,
  type Draft,
  dispatch,
  ended,
  id,
  identity,
  project,
  run,
  runEnded,
  session,
} from "./drafts.ts";
import { living, Machine, recorded, says, sessionOf, settled } from "./machine.ts";

const begun: readonly Draft[] = [project, session({ agent: "acp" }), run(), dispatch(1), agent(1, 50)];
const answer = (request: string | number, result: object) =>
  `${JSON.stringify({ jsonrpc: "2.0", id: request, result })}\n`;
const saidBefore = (key: string, when: string): Draft => ["said", { sessionId: id, attempt: 1, key, when }];

const methods = ({ inputs }: Machine) => inputs.map((line) => JSON.parse(line).method);
const keys = async (machine: Machine, generation = 2) =>
  (await recorded(machine, "said", generation)).map(({ key, when }) => `${key} ${when}`);
/** By what id it asked this. */
const requestOf = ({ inputs }: Machine, index: number) => JSON.parse(inputs[index] ?? "{}").id;

it("one that was taken back before it was told anything is told all, one after the other", async () => {
  const machine = await living(begun, []);
  const life = await machine.recovered();
  await settled();
  expect(lifeOf(life.context, id).talk?.attempt).toBe(1);
  expect(methods(machine)).toEqual(["initialize"]);
  says(machine, answer(requestOf(machine, 0), {}));
  await settled();
  expect(methods(machine)).toEqual(["initialize", "session/new"]);
  expect(await keys(machine)).toEqual([
    "initialize before",
    "initialize after",
    "session before",
    "session after",
  ]);
  await life.close();
  // The next server hears what was said again, and does not say it twice.
  says(machine, answer(requestOf(machine, 1), { sessionId: "s" }));
  const next = await machine.recovered();
  await settled();
  expect(methods(machine)).toEqual(["initialize", "session/new", "session/prompt"]);
  expect(await keys(machine, 3)).toEqual(["prompt before", "prompt after"]);
  await next.close();
});

it("one of which nobody can tell what it was told is ended", async () => {
  const machine = await living([...begun, saidBefore("initialize", "before")], []);
  const life = await machine.recovered();
  await settled();
  expect(machine.reports).toEqual([
    `Session ${id}: nobody can tell whether its agent was told "initialize"; it is ended.`,
  ]);
  expect(machine.signals).toEqual(["50 SIGTERM"]);
  expect(machine.inputs).toEqual([]);
  await life.close();
});

it("one of which the journal has lost what it was told is told nothing twice, and ended where nobody can tell", async () => {
  const opened = [answer(1, {}), answer(2, { sessionId: "s" })];
  const params = { sessionId: "s", update: { sessionUpdate: "tool_call", toolCallId: "t", title: "make" } };
  const working = `${JSON.stringify({ jsonrpc: "2.0", method: "session/update", params })}\n`;
  const restored: Draft = ["restored", { sessionId: id, attempt: 1, path: "/copy" }];
  for (const [lines, more, inputs, signals] of [
    [[...opened, working], [], [], []],
    [opened, [], [], ["50 SIGTERM"]],
    [[], [restored], [], ["50 SIGTERM"]],
    [[], [], ["initialize"], []],
  ] as const) {
    const machine = await living(
      [...begun, ...more],
      lines.map((line) => line.trimEnd()),
    );
    const life = await machine.recovered();
    await settled();
    expect([methods(machine), machine.signals]).toEqual([inputs, signals]);
    await life.close();
  }
});

it("one that does not read keeps no server from its end, and is told nothing twice", async () => {
  const machine = await living(begun, []);
  const asked: Promise<boolean>[] = [];
  machine.world.agents.input = () => {
    const never = new Promise<boolean>(() => {});
    asked.push(never);
    return never;
  };
  const life = await machine.recovered();
  await settled();
  expect(asked).toHaveLength(1);
  await life.close();
  expect(await keys(machine)).toEqual(["initialize before"]);
  expect(machine.over).toEqual([]);
});

it("one that is started is told what it is to do as soon as its process is known", async () => {
  const machine = new Machine();
  await machine.left([...begun, ended(1, { exitCode: 1 }), runEnded(1, "r1", "interrupted")]);
  machine.put(`${machine.attempt(1)}/spool`, "");
  const life = await machine.recovered();
  const { context } = life;
  const order = {
    runId: "r1",
    attempt: 2,
    ask: "do r1",
    prompt: "do r1",
    repairs: [],
    executable: "/bin/agent",
  };
  await recordDispatch(context, id, order);
  expect(await startDispatched(context, sessionOf(life), order)).toBeUndefined();
  expect(lifeOf(context, id).talk?.attempt).toBe(2);
  expect(machine.started).toMatchObject([{ args: [] }]);
  await settled();
  expect(machine.inputs).toEqual([]);
  machine.running.set(51, identity(51));
  machine.put(`${machine.attempt(2)}/started`, "49 490\n");
  machine.put(`${machine.attempt(2)}/pid`, "51 510\n");
  says(machine, "", "pid", 2);
  await settled();
  expect(methods(machine)).toEqual(["initialize"]);
  says(machine, answer(requestOf(machine, 0), {}), "spool", 2);
  await settled();
  expect(methods(machine)).toEqual(["initialize", "session/new"]);
  await life.close();
});

it("one that is gone on with knows nothing of what it did, and is told, also behind a run that is over", async () => {
  const machine = new Machine();
  const named: Draft = ["agent-session", { sessionId: id, attempt: 1, agentSessionId: "s" }];
  const end = answer(3, { stopReason: "end_turn" });
  await machine.left([...begun, named, cover(1, [end.trimEnd()]), ended(1), runEnded(1)]);
  machine.put(`${machine.attempt(1)}/spool`, end);
  const life = await machine.recovered();
  const { verdict } = await settle(life.context, sessionOf(life));
  expect([verdict.findings, sessionOf(life).runs[0]?.state]).toEqual([[], "completed"]);
  machine.files.calls.length = 0;
  const prepared = await prepareHandOver(life.context, sessionOf(life), {
    ask: "more",
    resumesRun: false,
    acknowledge: true,
  });
  expect(prepared).toMatchObject({ ask: "more", resumes: "s", handOver: { sends: [] } });
  // It has no store that we could read.
  expect(machine.files.calls).not.toContain("open undefined");
  await life.close();
});
