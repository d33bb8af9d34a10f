/**
 * What the next agent is told of what was done before, and when nobody may go on.
 */
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/journal/index.ts";
import { promptBytesMax } from "../../src/session/dispatch.ts";
import { recordedSends, sendsBytesMax } from "../../src/session/sends.ts";
import { settle } from "../../src/session/settle.ts";
import { bytesOf } from "../journal/memory-files.ts";
import {
  agentSession,
  asked,
  begun,
  cover,
  cwd,
  dispatch,
  ended,
  finished,
  half,
  identity,
  named,
  run,
  runEnded,
  said,
  text,
  whole,
} from "./drafts.ts";
import { sessionOf, settled, spoken } from "./machine.ts";
import { goesOn, prepared, refusedAs, resume, snapshotPath } from "./resuming.ts";

describe("what the next agent is told", () => {
  it("of a run that is over is what a person asks, and nothing else", async () => {
    const machine = await spoken([...begun, cover(1, whole), named(1), ended(1), runEnded(1)], whole);
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
    const machine = await spoken(begun, finished);
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
    const machine = await spoken(begun, [said.name]);
    const life = await machine.recovered();
    expect(await prepared(life)).toHaveProperty("handOver");
    await life.close();
  });

  it("keeps what the agent's snapshot says besides", async () => {
    const machine = await spoken(begun, finished);
    machine.put(snapshotPath, JSON.stringify({ id: agentSession, ours: "kept", messages: [] }));
    const life = await machine.recovered();
    const { repairs } = await prepared(life);
    expect(JSON.parse(Buffer.from(repairs[0]?.bytes ?? []).toString())).toMatchObject({ ours: "kept" });
    await life.close();
  });

  it("tells what is asked now behind what is owed, each once", async () => {
    const machine = await spoken(begun);
    const life = await machine.recovered();
    const { ask } = await prepared(life, { ask: "and now this", resumesRun: true, acknowledge: true });
    expect(ask).toBe("and now this");
    await life.close();
    // A second run that was never started: nobody was told what it is about.
    const never = [...begun, cover(1, whole), named(1), ended(1), runEnded(1), run("r2"), dispatch(2, "r2")];
    const owing = await spoken(never, whole);
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
    const machine = await spoken(before, whole);
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
      const machine = await spoken(before, whole);
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
    const machine = await spoken([...again, dispatch(2, "r2", { ask: "do r1", prompt: "do r1" })], whole);
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
    const machine = await spoken(drafts);
    const life = await machine.recovered();
    const { repairs } = await prepared(life, { ...goesOn, acknowledge: true });
    const snapshot = Buffer.from(repairs[0]?.bytes ?? []).toString();
    expect(snapshot).toContain("do r1");
    expect(snapshot).not.toContain("never heard");
    await life.close();
  });

  it("is refused where it is longer than a command line takes", async () => {
    const machine = await spoken(begun, finished);
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

describe("the record of what was told", () => {
  const send = (callId: string) => ({ callId, as: "result" as const, shortened: false });

  it("lists every call of a usual session", () => {
    const sends = Array.from({ length: 5_000 }, (_, n) => send(`call_${n.toString(16).padStart(12, "0")}`));
    expect(recordedSends(sends)).toEqual({ sends });
  });

  it("lists the newest ones as far as they have room, and says how many it does not", () => {
    const sends = Array.from({ length: 2_000 }, (_, n) => send(`${n} ${"\u0001".repeat(500)}`));
    const recorded = recordedSends(sends);
    expect(recorded.sends).toEqual(sends.slice(recorded.omitted));
    expect(recorded.omitted).toBeGreaterThan(0);
    const bytes = Buffer.byteLength(JSON.stringify(recorded.sends));
    expect(bytes).toBeLessThanOrEqual(sendsBytesMax);
    expect(bytes).toBeGreaterThan(sendsBytesMax - 4_000);
  });

  it("does not grow beyond what the journal takes, whatever the agent calls its calls", async () => {
    const ids = Array.from({ length: 500 }, (_, n) => `${n} ${"\u0001".repeat(500)}`);
    const machine = await spoken(begun, [
      said.name,
      ...ids.flatMap((call) => [said.call(call), said.result(call)]),
    ]);
    const life = await machine.recovered();
    expect(await resume(life)).toBeUndefined();
    expect(sessionOf(life).attempts.at(-1)?.handOver?.omitted).toBeGreaterThan(100);
    await life.close();
  });
});

describe("an agent whose session nobody can name", () => {
  const nameless = [said.call("c1"), said.result("c1")];

  it("is started afresh where it had done nothing, with all that was asked", async () => {
    const machine = await spoken(asked, []);
    const life = await machine.recovered();
    expect(await prepared(life)).toEqual({ ask: "do r1", prompt: "do r1", repairs: [] });
    const more = { ask: "and this", resumesRun: true, acknowledge: false };
    expect(await prepared(life, more)).toEqual({
      ask: "do r1\n\nand this",
      prompt: "do r1\n\nand this",
      repairs: [],
    });
    expect((await prepared(life, { ...more, resumesRun: false })).prompt).toBe("and this");
    // Else it would be owed for ever, and no agent could be started on it.
    const room = promptBytesMax - Buffer.byteLength("do r1\n\n");
    expect(await refusedAs(life, { ...more, ask: "x".repeat(room) })).toBeUndefined();
    expect(await refusedAs(life, { ...more, ask: "x".repeat(room + 1) })).toMatchObject({
      code: "hand-over-too-long",
    });
    await life.close();
  });

  it("is started afresh where it had worked only when a person says so, and is told in words", async () => {
    const machine = await spoken(begun, nameless);
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
    const machine = await spoken(begun);
    machine.running.set(61, identity(61));
    machine.kin = [{ identity: identity(61), by: "marker", args: ["make"] }];
    const life = await machine.recovered();
    expect(await refusedAs(life, { ...goesOn, acknowledge: true })).toMatchObject({ code: "tool-alive" });
    await life.close();
  });
});
