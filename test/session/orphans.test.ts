/**
 * Tools that run on without their agent are named, waited for, and keep others from going on beside them.
 */
import { describe, expect, it } from "vitest";
import type { Kin } from "../../src/model/ports.ts";
import { lifeOf } from "../../src/session/context.ts";
import { refuseWhileToolRuns, watchOrphans } from "../../src/session/orphans.ts";
import { settle } from "../../src/session/settle.ts";
import { agent, agentSession, begun, cover, dispatch, ended, id, identity, said, text } from "./drafts.ts";
import { calls, leaving, tool } from "./leaving.ts";
import { says, sessionOf, settled } from "./machine.ts";
import { resume, snapshotPath } from "./resuming.ts";

describe("a tool that runs without its agent", () => {
  const states = (all: readonly { id: string; effect: string; marks: readonly string[] }[]) =>
    all.map(({ id: name, effect, marks }) => `${name} ${effect} ${marks.join()}`);

  it("is of the call whose command it runs; the others are unknown", async () => {
    const machine = await leaving(begun, [tool(61, ["sh", "-c", "make all", "TOKEN=t-1"])]);
    const life = await machine.recovered();
    const { verdict, evidence } = await settle(life.context, sessionOf(life));
    expect(states(verdict.calls)).toEqual(["c1 running orphan", "c2 unknown "]);
    expect(evidence.tools).toEqual([
      {
        callId: "c1",
        attempt: 1,
        cite: { source: "P", attempt: 1, value: "pid 61 (start time 610): sh -c make all TOKEN=…" },
      },
    ]);
    await life.close();
  });

  it("may be of each open call where its command is no call's", async () => {
    const machine = await leaving(begun, [tool(61, ["cc", "x.c"])]);
    const life = await machine.recovered();
    const { verdict } = await settle(life.context, sessionOf(life));
    expect(states(verdict.calls)).toEqual(["c1 running orphan", "c2 running orphan"]);
    await life.close();
  });

  it("is not looked for where no call is open, or the agent never was", async () => {
    const lines = [said.name, said.call("c1"), said.result("c1")];
    const machine = await leaving([...begun, cover(1, lines), ended(1)], [tool(61, ["make"])]);
    machine.put(`${machine.attempt(1)}/spool`, text(...lines));
    const life = await machine.recovered();
    const { evidence } = await settle(life.context, sessionOf(life));
    expect(evidence.tools).toBeUndefined();
    await life.close();
    const never = await leaving(
      [...begun.slice(0, 4), cover(1, calls), ended(1, { started: "no" })],
      [tool(61, ["make"])],
    );
    const second = await never.recovered();
    expect((await settle(second.context, sessionOf(second))).evidence.tools).toBeUndefined();
    await second.close();
  });

  it("is looked for every half second, and the session is judged again when it is gone", async () => {
    const machine = await leaving(begun, [tool(61, ["sh", "-c", "make all"])]);
    const life = await machine.recovered();
    const own = lifeOf(life.context, id);
    expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([500]);
    expect(own.orphanWatch).toBeDefined();
    await machine.pass();
    expect(own.orphanWatch).toBeDefined();
    machine.running.delete(61);
    await machine.pass();
    expect(own.orphanWatch).toBeUndefined();
    expect(states(own.verdict?.calls ?? [])).toEqual(["c1 unknown ", "c2 unknown "]);
    expect(machine.timers).toEqual([]);
    await life.close();
  });

  it("is waited for as long as was said, then told; a person may then go on beside it", async () => {
    const machine = await leaving(begun, [tool(61, ["sh", "-c", "make all"])]);
    const life = await machine.recovered({ orphanWaitMs: 1_100 });
    const own = lifeOf(life.context, id);
    const refused = async (acknowledge: boolean) => {
      const { evidence } = await settle(life.context, sessionOf(life));
      return refuseWhileToolRuns(life.context, sessionOf(life), evidence, { acknowledge });
    };
    expect(await refused(true)).toMatchObject({ code: "tool-alive" });
    await machine.pass(2);
    expect([machine.reports, machine.timers.length, own.orphansOutlasted]).toEqual([[], 1, undefined]);
    await machine.pass();
    expect(machine.reports).toEqual([
      `A tool of session ${id} still runs without its agent after 1100 ms. Look at the session, or stop it.`,
    ]);
    expect([machine.timers.length, own.orphansOutlasted, own.orphanWatch]).toEqual([0, true, undefined]);
    const refusal = await refused(false);
    expect(refusal).toMatchObject({
      code: "tool-alive",
      more: { tools: ["pid 61 (start time 610): sh -c make all"], calls: ["c1"] },
    });
    expect(await refused(true)).toBeUndefined();
    await life.close();
  });

  it("is of its own attempt's calls, and no other attempt's tools are waited for", async () => {
    const machine = await leaving(
      [
        ...begun,
        cover(1, calls),
        ended(1),
        dispatch(2, "r1", { resumes: agentSession }),
        agent(2, 52),
        ended(2),
        dispatch(3, "r1", { resumes: agentSession }),
        agent(3, 53),
      ],
      [tool(61, ["cc"]), tool(62, ["sh", "-c", "test 3"])],
    );
    machine.marks.set(61, `${id}.1`).set(62, `${id}.2`);
    machine.put(`${machine.attempt(3)}/spool`, text(said.name, said.call("c9", "test 3")));
    const life = await machine.recovered();
    const { evidence } = await settle(life.context, sessionOf(life));
    expect(evidence.tools?.map(({ callId, attempt }) => [callId, attempt])).toEqual([
      ["c1", 1],
      ["c2", 1],
    ]);
    machine.running.delete(61);
    await machine.pass();
    expect(lifeOf(life.context, id).orphanWatch).toBeUndefined();
    await life.close();
  });

  it("is waited for as long as any of them runs, whosever", async () => {
    const machine = await leaving(
      [...begun, cover(1, calls), ended(1), dispatch(2, "r1", { resumes: agentSession }), agent(2, 52)],
      [tool(61, ["cc"]), tool(62, ["ld"])],
    );
    machine.marks.set(61, `${id}.1`).set(62, `${id}.2`);
    machine.put(`${machine.attempt(2)}/spool`, text(said.name, said.call("c9", "test 3")));
    const life = await machine.recovered();
    expect(lifeOf(life.context, id).orphanWatch).toBeDefined();
    machine.running.delete(61);
    await machine.pass();
    expect(lifeOf(life.context, id).orphanWatch).toBeDefined();
    machine.running.delete(62);
    await machine.pass();
    expect(lifeOf(life.context, id).orphanWatch).toBeUndefined();
    await life.close();
  });

  it("is of no call by an empty command, or one that is no text", async () => {
    const none = (callId: string, input: unknown) =>
      JSON.stringify({ type: "tool.call", id: callId, name: "run_command", input });
    const lines = [said.name, none("c1", { command: " " }), none("c2", { command: 1 }), none("c3", null)];
    const machine = await leaving(begun, [tool(61, ["sh", " ", "1"])]);
    machine.put(`${machine.attempt(1)}/spool`, text(...lines));
    const life = await machine.recovered();
    const { evidence } = await settle(life.context, sessionOf(life));
    expect(evidence.tools?.map(({ callId }) => callId)).toEqual(["c1", "c2", "c3"]);
    await life.close();
  });

  it("that is gone leaves what waits to begin, once the session is judged again", async () => {
    const machine = await leaving(begun, [tool(61, ["make"])]);
    const life = await machine.recovered();
    machine.idle.length = 0;
    machine.running.delete(61);
    await machine.pass();
    expect(machine.idle).toEqual([id]);
    await life.close();
  });

  it("that is gone as somebody has gone on is judged by nobody beside the agent that works", async () => {
    const machine = await leaving(begun, [tool(61, ["make"])]);
    const life = await machine.recovered();
    machine.idle.length = 0;
    machine.running.delete(61);
    expect(await resume(life, { resumesRun: true, acknowledge: true })).toBeUndefined();
    machine.running.set(51, identity(51));
    machine.put(`${machine.attempt(2)}/pid`, "51 510\n");
    says(machine, text(said.name, said.call("c9")), "spool", 2);
    await settled();
    machine.files.calls.length = 0;
    await machine.pass();
    // The agent is writing its store.
    expect(machine.files.calls.filter((call) => call.includes(snapshotPath))).toEqual([]);
    expect([machine.idle, lifeOf(life.context, id).orphanWatch]).toEqual([[], undefined]);
    await life.close();
  });

  it("that is looked for while the life is closed is nobody's matter any more", async () => {
    const machine = await leaving(begun, [tool(61, ["make"])]);
    const life = await machine.recovered();
    let found = (_: readonly Kin[]) => {};
    machine.world.processes.kinOf = () => new Promise((resolve) => (found = resolve));
    await machine.pass();
    const closing = life.close();
    found([]);
    await settled();
    await closing;
    expect(machine.reports).toEqual([]);
    expect(machine.timers).toEqual([]);
    expect(lifeOf(life.context, id).orphanWatch).toBeDefined();
  });

  it("is not watched twice, nor by a life that is closed", async () => {
    const machine = await leaving(begun, [tool(61, ["make"])]);
    const life = await machine.recovered();
    await settle(life.context, sessionOf(life));
    expect(machine.timers).toHaveLength(1);
    await life.close();
    expect(machine.timers.map(({ isCancelled }) => isCancelled)).toEqual([true]);
    let judged = 0;
    machine.timers[0]?.callback();
    machine.running.delete(61);
    await settled();
    watchOrphans(life.context, sessionOf(life), { calls: [] } as never, async () => {
      judged += 1;
    });
    expect([judged, machine.timers.length]).toEqual([0, 1]);
  });

  it("is no trouble of a life that another has taken over from", async () => {
    const machine = await leaving(begun, [tool(61, ["make"])]);
    const life = await machine.recovered();
    const [timer] = machine.timers.splice(0);
    const next = await machine.recovered();
    machine.running.delete(61);
    timer?.callback();
    await settled();
    expect(machine.over).toHaveLength(1);
    expect(machine.reports).toEqual([]);
    await next.close();
    await life.close();
  });

  it("that cannot be looked for is told, and waited for no more", async () => {
    const machine = await leaving(begun, [tool(61, ["make"])]);
    const life = await machine.recovered();
    machine.world.processes.kinOf = async () => {
      throw new Error("no /proc");
    };
    await machine.pass();
    expect(machine.reports).toEqual([`The tools of session ${id} cannot be watched: Error: no /proc.`]);
    expect(lifeOf(life.context, id).orphanWatch).toBeUndefined();
    await life.close();
  });
});
