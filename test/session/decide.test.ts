/**
 * A call whose outcome nobody knows keeps the next agent waiting until a person says what became of it.
 */
import { describe, expect, it } from "vitest";
import { lifeOf } from "../../src/session/context.ts";
import { decide } from "../../src/session/decide.ts";
import type { Life } from "../../src/session/life.ts";
import { settle } from "../../src/session/settle.ts";
import {
  agent,
  agentSession,
  at,
  begun,
  cover,
  cwd,
  type Draft,
  dispatch,
  ended,
  finished,
  half,
  id,
  identity,
  named,
  said,
  text,
  whole,
} from "./drafts.ts";
import { type Machine, recorded, sessionOf, spoken } from "./machine.ts";
import { goesOn, refusedAs } from "./resuming.ts";

describe("a call whose outcome nobody knows", () => {
  const later = said.call("c2", "other");

  async function unknown(): Promise<[Machine, Life]> {
    const machine = await spoken(begun, [...half, later]);
    return [machine, await machine.recovered()];
  }

  it("blocks where it must, by name, until a person has seen it", async () => {
    const machine = await spoken(begun, finished);
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
    expect(await recorded(machine, "decision")).toEqual([
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
    expect(await recorded(machine, "decision")).toHaveLength(1);
    expect(await decide(life.context, sessionOf(life), { ...word, outcome: "not-done" })).toMatchObject({
      as: "decided-otherwise",
      before: { callId: "c1", outcome: "done", who: "me" },
    });
    const why = { ...word, callId: "c2", outcome: "not-done", why: "it is not there" } as const;
    expect(await decide(life.context, sessionOf(life), why)).toEqual({ as: "recorded", callId: "c2" });
    expect(await recorded(machine, "decision")).toMatchObject([{}, { callId: "c2", why: "it is not there" }]);
    await life.close();
  });

  it("is no matter for a person where it is known, is none, or its agent lives", async () => {
    const machine = await spoken(begun, finished);
    const life = await machine.recovered();
    const word = { callId: "c1", outcome: "done", who: "me" } as const;
    expect(await decide(life.context, sessionOf(life), word)).toEqual({ as: "known", effect: "done" });
    expect(await decide(life.context, sessionOf(life), { ...word, callId: "c9" })).toEqual({
      as: "unknown-call",
    });
    await life.close();
    const living = await spoken(begun, half);
    living.running.set(50, identity(50));
    const second = await living.recovered();
    expect(await decide(second.context, sessionOf(second), word)).toMatchObject({
      as: "refused",
      refusal: { code: "agent-alive", more: { pid: 50, attempt: 1 } },
    });
    expect(await recorded(living, "decision")).toEqual([]);
    await second.close();
  });

  it("is meant by its name also where a later call of that name is known, and no word on another one counts", async () => {
    const word: Draft = [
      "decision",
      { sessionId: id, callId: "c1", attempt: 2, outcome: "not-done", who: "me", at: at(2, 0, 1_000_007) },
    ];
    const machine = await spoken(
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
    expect(await recorded(machine, "decision")).toMatchObject([
      { callId: "c1", attempt: 1, outcome: "done" },
    ]);
    await life.close();
  });

  it("of two with one name is the one that is open; an earlier word on the other stands", async () => {
    const machine = await spoken(
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
    expect(await recorded(machine, "decision")).toMatchObject([{ callId: "c1", attempt: 2 }]);
    await life.close();
  });
});
