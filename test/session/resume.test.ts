/**
 * A session is gone on with: what the next agent is told, what is put into its store, and its start.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { IoError } from "../../src/model/ports.ts";
import { exclusively, lifeOf } from "../../src/session/context.ts";
import { decide } from "../../src/session/decide.ts";
import {
  type DispatchOrder,
  findAgent,
  nextAttempt,
  promptBytesMax,
  recordDispatch,
  startDispatched,
} from "../../src/session/dispatch.ts";
import { type HandOverOrder, prepareHandOver } from "../../src/session/hand-over.ts";
import type { Life } from "../../src/session/life.ts";
import { settle } from "../../src/session/settle.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agent,
  agentSession,
  at,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  home,
  id,
  identity,
  living,
  Machine,
  named,
  project,
  run,
  runEnded,
  said,
  session,
  sessionOf,
  settled,
  text,
} from "./machine.ts";

const asked: readonly Draft[] = [project, session(), run(), dispatch(1)];
const begun: readonly Draft[] = [...asked, agent(1, 50)];
const half = [said.name, said.call("c1")];
const finished = [...half, said.result("c1")];
const whole = [...finished, said.done];
const snapshotPath = `${cwd}/.coding-agent/sessions/${agentSession}.json`;

const goesOn: HandOverOrder = { resumesRun: true, acknowledge: false };

async function left(drafts: readonly Draft[], lines: readonly string[] = half) {
  const machine = new Machine();
  await machine.left(drafts);
  machine.put(`${machine.attempt(1)}/spool`, text(...lines));
  return machine;
}

const of = async (machine: Machine, wanted: string, generation = 2) =>
  (await machine.records(generation)).filter(([type]) => type === wanted).map(([, data]) => data);

async function prepared(life: Life, order: HandOverOrder = goesOn) {
  const found = await exclusively(life.context, id, () =>
    prepareHandOver(life.context, sessionOf(life), order),
  );
  if ("refusal" in found) throw new Error(`refused: ${found.refusal.code}`);
  return found;
}

const refusedAs = async (life: Life, order: HandOverOrder = goesOn) => {
  const found = await prepareHandOver(life.context, sessionOf(life), order);
  return "refusal" in found ? found.refusal : undefined;
};

/** As the server does it. */
async function resume(life: Life, order: HandOverOrder = goesOn, more: Partial<DispatchOrder> = {}) {
  const { context } = life;
  const own = sessionOf(life);
  const { ask, prompt, resumes, handOver, repairs } = await prepared(life, order);
  const attempt = await nextAttempt(context, own);
  const dispatched: DispatchOrder = {
    runId: own.runs.at(-1)?.id ?? "",
    attempt,
    ask,
    prompt,
    ...(resumes === undefined ? {} : { resumes }),
    ...(handOver === undefined ? {} : { handOver }),
    repairs,
    executable: "/bin/ada",
    ...more,
  };
  return exclusively(context, id, async () => {
    await recordDispatch(context, id, dispatched);
    return startDispatched(context, own, dispatched);
  });
}

describe("what the next agent is told", () => {
  it("of a run that is over is what a person asks, and nothing else", async () => {
    const machine = await left([...begun, cover(1, whole), named(1), ended(1), runEnded(1)], whole);
    const log = text(
      JSON.stringify({ type: "user_message", sessionId: agentSession, data: { text: "do r1" } }),
      JSON.stringify({
        type: "tool_call",
        sessionId: agentSession,
        data: { id: "c1", tool: "run_command", input: { command: "make" } },
      }),
      JSON.stringify({
        type: "tool_result",
        sessionId: agentSession,
        data: { toolCallId: "c1", tool: "run_command", content: "ok", isError: false },
      }),
      JSON.stringify({
        type: "assistant_response",
        sessionId: agentSession,
        data: { stopReason: "end_turn", content: [] },
      }),
    );
    machine.put(`${cwd}/.coding-agent/events/${agentSession}.jsonl`, log);
    const life = await machine.recovered();
    await settled();
    const more = { ask: "more", resumesRun: false, acknowledge: false };
    // The snapshot is missing; once it is there, nothing needs to be told.
    const { handOver, repairs } = await prepared(life, more);
    expect(handOver).toBeDefined();
    machine.put(snapshotPath, Buffer.from(repairs[0]?.bytes ?? []).toString());
    expect(await prepared(life, more)).toEqual({
      ask: "more",
      prompt: "more",
      resumes: agentSession,
      repairs: [],
    });
    // Half a line behind its end blocks nothing.
    machine.files.appendTo(`${machine.attempt(1)}/spool`, bytesOf("half"));
    const { verdict } = await settle(life.context, sessionOf(life));
    expect(verdict.findings.map(({ severity }) => severity)).toEqual(["info"]);
    expect(await prepared(life, more)).not.toHaveProperty("handOver");
    await life.close();
  });

  it("of one that was cut off is what it had finished, by a store that is rebuilt", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    const { ask, prompt, resumes, handOver, repairs } = await prepared(life);
    expect(ask).toBe("Continue where you left off.");
    expect(prompt.endsWith(ask)).toBe(true);
    expect(resumes).toBe(agentSession);
    expect(repairs.map(({ path }) => path)).toEqual([snapshotPath]);
    expect(handOver).toEqual({
      id: "00000000000000f0",
      sends: [{ callId: "c1", as: "result", shortened: false }],
      repairs: repairs.map(({ path, bytes, why }) => ({ path, crc: crc32(bytes), why })),
    });
    await life.close();
  });

  it("of one that was cut off before it had done anything is told, too", async () => {
    const machine = await left(begun, [said.name]);
    const life = await machine.recovered();
    expect(await prepared(life)).toHaveProperty("handOver");
    await life.close();
  });

  it("keeps what the agent's snapshot says besides", async () => {
    const machine = await left(begun, finished);
    machine.put(snapshotPath, JSON.stringify({ id: agentSession, ours: "kept", messages: [] }));
    const life = await machine.recovered();
    const { repairs } = await prepared(life);
    expect(JSON.parse(Buffer.from(repairs[0]?.bytes ?? []).toString())).toMatchObject({ ours: "kept" });
    await life.close();
  });

  it("tells what is asked now behind what is owed, each once", async () => {
    const machine = await left(begun);
    const life = await machine.recovered();
    const { ask } = await prepared(life, { ask: "and now this", resumesRun: true, acknowledge: true });
    expect(ask).toBe("and now this");
    await life.close();
    // A second run that was never started: nobody was told what it is about.
    const never = [...begun, cover(1, whole), named(1), ended(1), runEnded(1), run("r2"), dispatch(2, "r2")];
    const owing = await left(never, whole);
    const second = await owing.recovered();
    const asks: string[] = [];
    for (const said of [undefined, "and now this", "do r2", "first\n\ndo r2\n\nthen"])
      asks.push(
        (
          await prepared(second, {
            ...(said === undefined ? {} : { ask: said }),
            resumesRun: true,
            acknowledge: true,
          })
        ).ask,
      );
    expect(asks).toEqual(["do r2", "do r2\n\nand now this", "do r2", "first\n\ndo r2\n\nthen"]);
    const other = await prepared(second, { ask: "else", resumesRun: false, acknowledge: true });
    expect(other.ask).toBe("else");
    await second.close();
  });

  it("owes what a run was about whose dispatch never came", async () => {
    const before = [...begun, cover(1, whole), named(1), ended(1), runEnded(1), run("r2")];
    const machine = await left(before, whole);
    const life = await machine.recovered();
    expect((await prepared(life, { ...goesOn, acknowledge: true })).ask).toBe("do r2");
    await life.close();
  });

  it("owes what nobody knows that it was told, unless a source holds it", async () => {
    const before = [
      ...begun,
      cover(1, whole),
      named(1),
      ended(1),
      runEnded(1),
      run("r2"),
      dispatch(2, "r2", { bootId: "earlier" }),
    ];
    const prompt = (words: string) =>
      text(JSON.stringify({ type: "user_message", sessionId: agentSession, data: { text: words } }));
    for (const [logged, ask] of [
      ["do r1", "do r2"],
      ["Told before: do r2, please", "Continue where you left off."],
    ] as const) {
      const machine = await left(before, whole);
      machine.put(`${cwd}/.coding-agent/events/${agentSession}.jsonl`, prompt("do r1") + prompt(logged));
      const life = await machine.recovered();
      expect(sessionOf(life).attempts[1]?.ended?.started).toBe("unknown");
      expect([logged, (await prepared(life, { ...goesOn, acknowledge: true })).ask]).toEqual([logged, ask]);
      await life.close();
    }
  });

  it("owes what was never given, also where the same words were asked before", async () => {
    const again = [
      ...begun,
      cover(1, whole),
      named(1),
      ended(1),
      runEnded(1),
      run("r2", { prompt: "do r1" }),
    ];
    const machine = await left([...again, dispatch(2, "r2", { ask: "do r1", prompt: "do r1" })], whole);
    machine.put(
      `${cwd}/.coding-agent/events/${agentSession}.jsonl`,
      text(JSON.stringify({ type: "user_message", sessionId: agentSession, data: { text: "do r1" } })),
    );
    const life = await machine.recovered();
    expect(sessionOf(life).attempts[1]?.ended?.started).toBe("no");
    expect((await prepared(life, { ...goesOn, acknowledge: true })).ask).toBe("do r1");
    await life.close();
  });

  it("names the prompts of attempts that were started, not of those that never were", async () => {
    const drafts = [
      ...begun,
      cover(1, half),
      named(1),
      ended(1),
      dispatch(2, "r1", { ask: "never heard", prompt: "never heard" }),
    ];
    const machine = await left(drafts);
    const life = await machine.recovered();
    const { repairs } = await prepared(life, { ...goesOn, acknowledge: true });
    const snapshot = Buffer.from(repairs[0]?.bytes ?? []).toString();
    expect(snapshot).toContain("do r1");
    expect(snapshot).not.toContain("never heard");
    await life.close();
  });

  it("is refused where it is longer than a command line takes", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    const long = (bytes: number) => ({ ask: "x".repeat(bytes), resumesRun: true, acknowledge: true });
    const refusal = await refusedAs(life, long(promptBytesMax + 1));
    expect(refusal).toMatchObject({ code: "hand-over-too-long" });
    expect(refusal?.message).toContain(` ${promptBytesMax}.`);
    const { prompt } = await prepared(life, long(1));
    const room = promptBytesMax - (Buffer.byteLength(prompt) - 1);
    expect(await refusedAs(life, long(room))).toBeUndefined();
    expect(await refusedAs(life, long(room + 1))).toMatchObject({ code: "hand-over-too-long" });
    await life.close();
  });
});

describe("an agent whose session nobody can name", () => {
  const nameless = [said.call("c1"), said.result("c1")];

  it("is started afresh where it had done nothing, with all that was asked", async () => {
    const machine = await left(asked, []);
    const life = await machine.recovered();
    expect(await prepared(life)).toEqual({ ask: "do r1", prompt: "do r1", repairs: [] });
    const more = { ask: "and this", resumesRun: true, acknowledge: false };
    expect(await prepared(life, more)).toEqual({
      ask: "do r1\n\nand this",
      prompt: "do r1\n\nand this",
      repairs: [],
    });
    expect((await prepared(life, { ...more, resumesRun: false })).prompt).toBe("and this");
    await life.close();
  });

  it("is started afresh where it had worked only when a person says so, and is told in words", async () => {
    const machine = await left(begun, nameless);
    const life = await machine.recovered();
    const refusal = await refusedAs(life);
    expect(refusal).toMatchObject({ code: "agent-session-unknown" });
    expect(refusal?.message).toContain("its 1 earlier calls");
    const found = await prepared(life, { ...goesOn, acknowledge: true });
    expect(found).toMatchObject({
      ask: "do r1",
      handOver: { id: expect.any(String), sends: [{ callId: "c1" }], repairs: [] },
      repairs: [],
    });
    expect(found.resumes).toBeUndefined();
    expect(found.prompt).toContain("do r1");
    expect(found.prompt.length).toBeGreaterThan("do r1".length);
    const long = (bytes: number) => ({ ask: "x".repeat(bytes), resumesRun: false, acknowledge: true });
    const { prompt } = await prepared(life, long(1));
    const room = promptBytesMax - (Buffer.byteLength(prompt) - 1);
    expect(await refusedAs(life, long(room))).toBeUndefined();
    expect(await refusedAs(life, long(room + 1))).toMatchObject({ code: "hand-over-too-long" });
    await life.close();
  });
});

describe("a tool that runs on", () => {
  it("keeps everybody from going on beside it", async () => {
    const machine = await left(begun);
    machine.running.set(61, identity(61));
    machine.kin = [{ identity: identity(61), by: "marker", args: ["make"] }];
    const life = await machine.recovered();
    expect(await refusedAs(life, { ...goesOn, acknowledge: true })).toMatchObject({ code: "tool-alive" });
    await life.close();
  });
});

describe("a call whose outcome nobody knows", () => {
  const later = said.call("c2", "other");

  async function unknown(): Promise<[Machine, Life]> {
    const machine = await left(begun, [...half, later]);
    return [machine, await machine.recovered()];
  }

  it("blocks where it must, by name, until a person has seen it", async () => {
    const machine = await left(begun, finished);
    const log = text(
      JSON.stringify({ type: "user_message", sessionId: agentSession, data: { text: "do r1" } }),
      JSON.stringify({
        type: "tool_call",
        sessionId: agentSession,
        data: { id: "c1", tool: "run_command", input: { command: "make" } },
      }),
      JSON.stringify({
        type: "tool_result",
        sessionId: agentSession,
        data: { toolCallId: "c1", tool: "run_command", content: "other", isError: true },
      }),
    );
    machine.put(`${cwd}/.coding-agent/events/${agentSession}.jsonl`, log);
    const life = await machine.recovered();
    const { verdict } = await settle(life.context, sessionOf(life));
    const blocking = verdict.findings.filter(({ severity }) => severity === "blocks").map((one) => one.id);
    expect(verdict.recovery.action).toBe("ask");
    expect(blocking.length).toBeGreaterThan(0);
    expect(await refusedAs(life)).toMatchObject({
      code: "needs-decision",
      message: verdict.recovery.why,
      more: { findings: blocking, recovery: verdict.recovery },
    });
    expect(await refusedAs(life, { ...goesOn, acknowledge: true })).toBeUndefined();
    await life.close();
  });

  it("is what a person says, once", async () => {
    const [machine, life] = await unknown();
    const word = { callId: "c1", outcome: "done", who: "me" } as const;
    expect(await decide(life.context, sessionOf(life), word)).toEqual({ as: "recorded", callId: "c1" });
    expect(await of(machine, "decision")).toEqual([
      {
        sessionId: id,
        callId: "c1",
        attempt: 1,
        outcome: "done",
        who: "me",
        atMs: 1_000,
        at: expect.anything(),
      },
    ]);
    const { verdict } = lifeOf(life.context, id);
    expect(verdict?.calls.map(({ id: call, effect }) => [call, effect])).toEqual([
      ["c1", "done"],
      ["c2", "unknown"],
    ]);
    expect(await decide(life.context, sessionOf(life), word)).toEqual({ as: "recorded", callId: "c1" });
    expect(await of(machine, "decision")).toHaveLength(1);
    expect(await decide(life.context, sessionOf(life), { ...word, outcome: "not-done" })).toMatchObject({
      as: "decided-otherwise",
      before: { callId: "c1", outcome: "done", who: "me" },
    });
    const why = { ...word, callId: "c2", outcome: "not-done", why: "it is not there" } as const;
    expect(await decide(life.context, sessionOf(life), why)).toEqual({ as: "recorded", callId: "c2" });
    expect(await of(machine, "decision")).toMatchObject([{}, { callId: "c2", why: "it is not there" }]);
    await life.close();
  });

  it("is no matter for a person where it is known, is none, or its agent lives", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    const word = { callId: "c1", outcome: "done", who: "me" } as const;
    expect(await decide(life.context, sessionOf(life), word)).toEqual({ as: "known", effect: "done" });
    expect(await decide(life.context, sessionOf(life), { ...word, callId: "c9" })).toEqual({
      as: "unknown-call",
    });
    await life.close();
    const living = await left(begun, half);
    living.running.set(50, identity(50));
    const second = await living.recovered();
    expect(await decide(second.context, sessionOf(second), word)).toMatchObject({
      as: "refused",
      refusal: { code: "agent-alive", more: { pid: 50, attempt: 1 } },
    });
    expect(await of(living, "decision")).toEqual([]);
    await second.close();
  });

  it("is meant by its name also where a later call of that name is known, and no word on another one counts", async () => {
    const word: Draft = [
      "decision",
      { sessionId: id, callId: "c1", attempt: 2, outcome: "not-done", who: "me", at: at(2, 0, 1_000_007) },
    ];
    const machine = await left(
      [
        ...begun,
        cover(1, half),
        named(1),
        ended(1),
        dispatch(2, "r1", { resumes: agentSession }),
        agent(2, 51),
        cover(2, whole),
        ended(2),
        word,
        dispatch(3, "r1", { resumes: agentSession }),
        agent(3, 52),
      ],
      half,
    );
    machine.put(`${machine.attempt(2)}/spool`, text(...whole));
    machine.put(`${machine.attempt(3)}/spool`, text(said.name));
    const life = await machine.recovered();
    const { verdict } = await settle(life.context, sessionOf(life));
    expect(verdict.calls.map(({ attempt, effect }) => [attempt, effect])).toEqual([
      [1, "unknown"],
      [2, "done"],
    ]);
    const told = { callId: "c1", outcome: "done", who: "me" } as const;
    expect(await decide(life.context, sessionOf(life), told)).toEqual({ as: "recorded", callId: "c1" });
    expect(await of(machine, "decision")).toMatchObject([{ callId: "c1", attempt: 1, outcome: "done" }]);
    await life.close();
  });

  it("of two with one name is the one that is open; an earlier word on the other stands", async () => {
    const machine = await left(
      [
        ...begun,
        cover(1, finished),
        named(1),
        ended(1),
        dispatch(2, "r1", { resumes: agentSession }),
        agent(2, 51),
      ],
      finished,
    );
    machine.put(`${machine.attempt(2)}/spool`, text(...half));
    const life = await machine.recovered();
    const word = { callId: "c1", outcome: "done", who: "me" } as const;
    expect(await decide(life.context, sessionOf(life), word)).toEqual({ as: "recorded", callId: "c1" });
    expect(await of(machine, "decision")).toMatchObject([{ callId: "c1", attempt: 2 }]);
    await life.close();
  });
});

describe("the start", () => {
  it("is recorded, claimed, the store put in place, and then the agent started", async () => {
    const machine = await left(begun, finished);
    machine.put(snapshotPath, JSON.stringify({ id: agentSession, messages: [] }));
    const original = machine.files.bytes(snapshotPath);
    const life = await machine.recovered({ agentEnv: { A: "b" } });
    machine.files.calls.length = 0;
    const order = await prepared(life);
    let wasInPlace = false;
    machine.start = () => {
      wasInPlace = crc32(machine.files.bytes(snapshotPath)) === crc32(order.repairs[0]?.bytes ?? bytesOf(""));
    };
    expect(await resume(life)).toBeUndefined();
    expect(wasInPlace).toBe(true);
    expect(machine.started).toEqual([
      {
        folder: machine.attempt(2),
        command: "/bin/ada",
        args: expect.arrayContaining(["--resume", agentSession]),
        cwd,
        env: { A: "b" },
        marker: `${id}.2`,
      },
    ]);
    const [record] = await of(machine, "dispatch");
    expect(record).toMatchObject({
      sessionId: id,
      runId: "r1",
      attempt: 2,
      ask: "Continue where you left off.",
      bootId: "boot",
      namespace: "ns",
      resumes: agentSession,
      handOver: { sends: [{ callId: "c1" }] },
      at: { attempt: 2, byte: 0, k: 1_000_000 },
      atMs: 1_000,
    });
    expect(record).not.toHaveProperty("key");
    expect(record).not.toHaveProperty("over");
    expect(machine.files.bytes(`${machine.attempt(2)}/original-1`)).toEqual(original);
    expect(lifeOf(life.context, id)).toMatchObject({ folderIsDurable: true });
    expect(lifeOf(life.context, id).follower).toBeDefined();
    const about = JSON.parse(Buffer.from(machine.files.bytes(`${machine.attempt(2)}/about.json`)).toString());
    expect(about.map(({ type }: { type: string }) => type)).toEqual([
      "project",
      "session",
      "run",
      "dispatch",
    ]);
    expect(about[0].data).toEqual({ id: "p", name: "p", path: cwd, atMs: 1 });
    expect(about[2].data).toMatchObject({ sessionId: id, runId: "r1", prompt: "do r1", key: "key r1" });
    expect(about[3].data).toMatchObject({ attempt: 2, at: { attempt: 2, byte: 0, k: 1_000_000 } });
    await life.close();
  });

  it("leaves a copy of what it rests on: of its own run and dispatch, and no project that nobody knows", async () => {
    const before = [...begun, cover(1, whole), named(1), ended(1), runEnded(1)];
    const machine = await left([...before.slice(1), run("r2"), dispatch(2, "r2")], whole);
    const life = await machine.recovered();
    await resume(life, { ...goesOn, acknowledge: true });
    const about = JSON.parse(Buffer.from(machine.files.bytes(`${machine.attempt(3)}/about.json`)).toString());
    expect(about.map(({ type }: { type: string }) => type)).toEqual(["session", "run", "dispatch"]);
    expect(about[1].data).toMatchObject({ runId: "r2", prompt: "do r2", key: "key r2" });
    expect(about[2].data).toMatchObject({ runId: "r2", attempt: 3, at: { attempt: 3 } });
    await life.close();
  });

  it("says in its record what a host asked for", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    await resume(life, goesOn, { key: "again", over: "pipes", args: ["-x"], env: { C: "d" } });
    expect(await of(machine, "dispatch")).toMatchObject([{ key: "again", over: "pipes" }]);
    expect(machine.started).toMatchObject([{ args: ["-x"], env: { C: "d" } }]);
    await life.close();
  });

  it("asks the agent for its model where the session has one", async () => {
    const machine = await left([project, session({ model: "large" }), run(), dispatch(1)], []);
    const life = await machine.recovered();
    await resume(life);
    expect(machine.started[0]?.args).toEqual(expect.arrayContaining(["--model", "large"]));
    expect(machine.started[0]?.args).not.toContain("--resume");
    await life.close();
  });

  it("is none where its number is taken: the attempt counts as never started", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    const number = await nextAttempt(life.context, sessionOf(life));
    expect(number).toBe(2);
    machine.files.hook = (call, path) => {
      if (call === "append" && path.endsWith(".journal")) machine.files.folders.add(machine.attempt(2));
    };
    expect(await resume(life)).toContain(`claim failed with EEXIST on ${machine.attempt(2)}`);
    expect(machine.started).toEqual([]);
    expect(machine.fenced).toEqual([machine.attempt(2)]);
    expect((await of(machine, "ended")).at(-1)).toMatchObject({
      attempt: 2,
      started: "no",
      seen: `the agent was never started: claim failed with EEXIST on ${machine.attempt(2)}`,
    });
    expect((await of(machine, "run-ended")).at(-1)).toMatchObject({ attempt: 2, state: "interrupted" });
    expect(machine.files.watched.size).toBe(0);
    await life.close();
  });

  it("is none where the system refuses, and the session can be gone on with", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    machine.start = () => {
      throw new IoError("EAGAIN", "/bin/ada", "spawn");
    };
    expect(await resume(life)).toBe("The agent could not be started: spawn failed with EAGAIN on /bin/ada.");
    machine.start = () => undefined;
    expect(await resume(life)).toBeUndefined();
    expect(machine.started.map(({ folder }) => folder)).toEqual([machine.attempt(3)]);
    await life.close();
  });

  it("that goes wrong by a fault of ours is no reason to say that the agent never was", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    machine.start = () => {
      throw new Error("ours");
    };
    await expect(resume(life)).rejects.toThrow("ours");
    expect((await of(machine, "ended")).filter(({ attempt }) => attempt === 2)).toEqual([]);
    await life.close();
  });

  it("syncs no spool that is new", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    machine.files.calls.length = 0;
    await resume(life);
    expect(machine.files.calls.filter((call) => /^(renew|read-sync)/.test(call))).toEqual([]);
    await life.close();
  });

  it("is none of an attempt that is not on record", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    const order = { runId: "r1", attempt: 9, ask: "a", prompt: "a", repairs: [], executable: "/bin/ada" };
    expect(await startDispatched(life.context, sessionOf(life), order)).toBe("Attempt 9 is not on record.");
    expect(machine.started).toEqual([]);
    await life.close();
  });

  it("has a number that is neither on record nor on the disk", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    for (const name of ["123", "7", "08", "x", "8x", "1234567890"])
      machine.put(`${home}/sessions/${id}/attempts/${name}/spool`, "");
    expect(await nextAttempt(life.context, sessionOf(life))).toBe(124);
    await life.close();
    const empty = new Machine();
    await empty.left([project, session()]);
    const second = await empty.recovered();
    expect(await nextAttempt(second.context, sessionOf(second))).toBe(1);
    await second.close();
  });

  it("finds the agent by its vendor's name, or by what was said", async () => {
    const machine = new Machine();
    const { world, config } = machine;
    expect(await findAgent({ world, config }, "ada")).toBe("ada");
    const said = { ...config, agentCommands: { ada: "/opt/ada" } };
    expect(await findAgent({ world, config: said }, "ada")).toBe("/opt/ada");
  });

  it("leaves a store alone that is what it should be, and keeps no copy of it", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    const { repairs, handOver } = await prepared(life);
    if (handOver === undefined) throw new Error("There is something to be told.");
    machine.put(snapshotPath, Buffer.from(repairs[0]?.bytes ?? []).toString());
    machine.files.calls.length = 0;
    await resume(life, goesOn, { repairs, handOver });
    expect(machine.files.calls).not.toContain(`rename ${snapshotPath}`);
    expect(machine.files.nodes.has(`${machine.attempt(2)}/original-1`)).toBe(false);
    // It was brought to the disk by nobody of ours: its folder's name is none of this attempt's.
    expect(machine.files.calls).not.toContain(`sync-folder ${cwd}/.coding-agent/sessions`);
    await life.close();
  });

  it("makes the folders of a store, each durable, and none outside the workspace", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    machine.files.calls.length = 0;
    await resume(life);
    const synced = machine.files.calls.filter((call) => call.startsWith("sync-folder /work"));
    expect(synced).toEqual([
      `sync-folder ${cwd}`,
      `sync-folder ${cwd}/.coding-agent`,
      `sync-folder ${cwd}/.coding-agent/sessions`,
    ]);
    expect(machine.files.folders).toContain(`${cwd}/.coding-agent/sessions`);
    await life.close();
    const outside = await left(begun, finished);
    for (const path of ["/elsewhere", "/elsewhere/deep"]) outside.files.folders.add(path);
    const second = await outside.recovered();
    outside.files.calls.length = 0;
    const bytes = bytesOf("x");
    await resume(second, goesOn, { repairs: [{ path: "/elsewhere/deep/file", bytes, why: "so" }] });
    expect(outside.files.bytes("/elsewhere/deep/file")).toEqual(bytes);
    expect([...outside.files.folders].filter((path) => path.startsWith(`${cwd}/`))).toEqual([]);
    expect(outside.files.calls).not.toContain(`sync-folder ${cwd}`);
    await second.close();
  });

  it("brings to the disk what lives before it had put in place since an agent was started", async () => {
    const repaired = (path: string) => ({
      handOver: { id: "h", sends: [], repairs: [{ path, crc: 1, why: "so" }] },
    });
    const never = { started: "no", exitCode: null };
    // It was seen, or it left an end.
    for (const proof of [[agent(2, 51)], [ended(2, { started: "yes" })]]) {
      const machine = await left([
        ...asked.slice(0, 3),
        dispatch(1, "r1", repaired("/a/first/file")),
        ended(1, never),
        dispatch(2, "r1", repaired("/a/old/file")),
        ...proof,
        dispatch(3, "r1", repaired("/a/one/file")),
        ended(3, never),
        dispatch(4, "r1", repaired("/a/two/file")),
        ended(4, never),
        // Of this one the end is lost, and its spool.
        dispatch(5, "r1", repaired("/a/none/file")),
        dispatch(6, "r1"),
        ended(6, never),
      ]);
      for (const folder of ["/a/first", "/a/old", "/a/one", "/a/two"]) machine.files.folders.add(folder);
      const life = await machine.recovered();
      machine.files.calls.length = 0;
      await resume(life, { ...goesOn, acknowledge: true });
      const synced = machine.files.calls.filter((call) => call.startsWith("sync-folder /a"));
      // That of the attempt that was started may be durable or not: nobody knows when it was put there.
      expect(synced).toEqual(["sync-folder /a/old", "sync-folder /a/one", "sync-folder /a/two"]);
      await life.close();
    }
  });

  it("comes before what the agent of before leaves to do: who is settled then is not the one that is started", async () => {
    const machine = await living(begun, finished);
    const life = await machine.recovered();
    await settled();
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const started = exclusively(life.context, id, async () => {
      await gate;
      const order = { runId: "r1", attempt: 2, ask: "a", prompt: "a", repairs: [], executable: "/bin/ada" };
      await recordDispatch(life.context, id, order);
      return startDispatched(life.context, sessionOf(life), order);
    });
    machine.running.delete(50);
    machine.put(`${machine.attempt(1)}/exit`, "0\n");
    machine.files.watched.get(machine.attempt(1))?.("exit");
    await settled();
    expect(sessionOf(life).attempts[0]?.ended).toBeDefined();
    open();
    expect(await started).toBeUndefined();
    await settled();
    expect(lifeOf(life.context, id).follower?.attempt.attempt).toBe(2);
    expect([machine.idle, await of(machine, "run-ended")]).toEqual([[], []]);
    await life.close();
  });

  it("ends with the life that another has taken over from: nothing is put in place", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    const { repairs, ask, prompt } = await prepared(life);
    const order = { runId: "r1", attempt: 2, ask, prompt, repairs, executable: "/bin/ada" };
    await recordDispatch(life.context, id, order);
    const next = await machine.begin();
    await expect(startDispatched(life.context, sessionOf(life), order)).rejects.toThrow(
      "Another server has taken over",
    );
    expect(machine.files.nodes.has(snapshotPath)).toBe(false);
    expect(machine.started).toEqual([]);
    await next.ready;
    await next.close();
  });

  it("is followed until it ends; then its session is settled, and what waits may begin", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    await resume(life);
    const idle = machine.idle.length;
    machine.files.appendTo(`${machine.attempt(2)}/spool`, bytesOf(text(said.name, said.done)));
    machine.put(`${machine.attempt(2)}/pid`, "51 510\n");
    machine.put(`${machine.attempt(2)}/exit`, "0\n");
    machine.files.watched.get(machine.attempt(2))?.("exit");
    await settled();
    expect((await of(machine, "ended")).at(-1)).toMatchObject({ attempt: 2, exitCode: 0 });
    expect((await of(machine, "run-ended")).at(-1)).toMatchObject({ attempt: 2, state: "completed" });
    expect(lifeOf(life.context, id).follower).toBeUndefined();
    expect(machine.idle.length).toBe(idle + 1);
    await life.close();
  });

  it("that can no longer be followed is told", async () => {
    const machine = await left(begun, finished);
    const life = await machine.recovered();
    await resume(life);
    machine.files.hook = (call, path) => {
      if (call === "read" && path.endsWith("2/spool")) throw new IoError("EIO", path, "read");
    };
    machine.files.appendTo(`${machine.attempt(2)}/spool`, bytesOf(text(said.name)));
    machine.files.watched.get(machine.attempt(2))?.("spool");
    await settled();
    expect(machine.reports).toEqual([
      `Session ${id} can no longer be followed: read failed with EIO on ${machine.attempt(2)}/spool. Restart the server to look again.`,
    ]);
    expect(lifeOf(life.context, id).trouble).toContain("EIO");
    await life.close();
  });
});
