/**
 * A submit is what it says, also beside another under its key, and starts nothing beside an agent that nobody remembers.
 */
import { expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { startQueued } from "../../src/orchestrator/queue.ts";
import { resumeRun, submitRun, submitSession } from "../../src/orchestrator/submit.ts";
import { exclusively } from "../../src/session/context.ts";
import {
  begun,
  copyOf,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  half,
  id,
  identity,
  named,
  over,
  project,
  run,
  runEnded,
  said,
  session,
  text,
  whole,
} from "../session/drafts.ts";
import { left, Machine, recorded, sessionOf } from "../session/machine.ts";

const asks = (prompt: string, more: { readonly key?: string } = {}) => ({
  prompt,
  agent: "ada",
  acknowledge: false,
  queue: false,
  ...more,
});

it("another prompt under a key is told so, also while the first is taken", async () => {
  const machine = new Machine();
  await machine.left([project]);
  const { context, ...life } = await machine.recovered();
  const submit = (prompt: string) =>
    submitSession(context, { id: "p", name: "p", path: cwd }, asks(prompt, { key: "k" }));
  const answers = await Promise.all([submit("one"), submit("one"), submit("two")]);
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 409]);
  expect(await recorded(machine, "run")).toMatchObject([{ prompt: "one" }]);
  await life.close();
});

it("nothing is started beside the agent of an attempt that the journal has lost without a trace", async () => {
  // More sessions that were used later than a start looks into.
  const others = Array.from({ length: 60 }, (_, index) => {
    const sessionId = (0xb0 + index).toString(16).padStart(16, "0");
    return [session(), run(), runEnded(0)].map(([type, data]): Draft => [type, { ...data, sessionId }]);
  });
  const machine = await left([...over, ...others.flat()]);
  machine.put(`${machine.attempt(1)}/spool`, text(said.name, said.call("c1"), said.result("c1"), said.done));
  machine.put(`${machine.attempt(2)}/about.json`, copyOf([project, session(), run("r2"), dispatch(2, "r2")]));
  machine.put(`${machine.attempt(2)}/spool`, text(said.name));
  machine.put(`${machine.attempt(2)}/started`, "51 510\n");
  machine.put(`${machine.attempt(2)}/pid`, "52 520\n");
  machine.running.set(51, identity(51)).set(52, identity(52));
  machine.held.add(machine.attempt(2));
  const life = await machine.recovered();
  const own = sessionOf(life);
  const answer = await submitRun(life.context, own, asks("more"));
  expect(answer).toMatchObject({ status: 409, body: { error: { code: "agent-alive", pid: 52 } } });
  expect(machine.started).toEqual([]);
  expect(own.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
  await life.close();
});

it("a prompt that could not begin when its turn came begins when another one is put behind it", async () => {
  const queued: Draft = ["queued", { sessionId: id, queueId: "q", prompt: "first", atMs: 1 }];
  const machine = await left([...over, queued], { spool: text(...whole) });
  const { resolve } = machine.world.agents;
  machine.world.agents.resolve = async () => undefined;
  const life = await machine.recovered();
  const own = sessionOf(life);
  await exclusively(life.context, id, () => startQueued(life.context, own));
  expect([machine.started.length, machine.reports.length]).toEqual([0, 1]);
  machine.world.agents.resolve = resolve;
  expect(await submitRun(life.context, own, { ...asks("second"), queue: true })).toMatchObject({
    status: 202,
  });
  expect(own.runs.map((one) => one.prompt)).toEqual(["do r1", "first"]);
  expect(own.queue.map((one) => one.prompt)).toEqual(["second"]);
  await life.close();
});

it("a resume whose agent could not be started starts it when it is asked for again, and then no other", async () => {
  const machine = await left([...begun, cover(1, half), named(1), ended(1, { exitCode: 1 })], {
    spool: text(...half),
  });
  const life = await machine.recovered();
  const own = sessionOf(life);
  machine.start = () => {
    throw new IoError("EAGAIN", "/bin/sh", "spawn");
  };
  const resume = () => resumeRun(life.context, own, { acknowledge: true, key: "k" });
  expect(await resume()).toMatchObject({ status: 503 });
  machine.start = () => undefined;
  expect(await resume()).toMatchObject({ status: 202, body: { attempt: 3 } });
  expect(await resume()).toMatchObject({ status: 202, body: { attempt: 3 } });
  expect(machine.started).toHaveLength(1);
  await life.close();
});
