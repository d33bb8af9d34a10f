/**
 * Tools that live on: those of a stopped agent are ended, the others are waited for.
 */
import { describe, expect, it } from "vitest";
import type { Kin } from "../../src/model/ports.ts";
import { startPlaceOf, toolsOf } from "../../src/session/agent-life.ts";
import { lifeOf } from "../../src/session/context.ts";
import { refuseWhileToolRuns, watchOrphans } from "../../src/session/orphans.ts";
import { settle } from "../../src/session/settle.ts";
import { sweep } from "../../src/session/sweep.ts";
import {
  agent,
  agentSession,
  at,
  cover,
  type Draft,
  dispatch,
  ended,
  id,
  identity,
  Machine,
  project,
  recorded,
  run,
  said,
  session,
  sessionOf,
  settled,
  text,
} from "./machine.ts";

const call = [said.name, said.call("c1", "make all"), said.call("c2", "sleep 9")];
const cut: readonly Draft[] = [project, session(), run(), dispatch(1), agent(1, 50)];
const stop: Draft = [
  "cancel",
  { sessionId: id, runId: "r1", attempt: 1, who: "me", why: "stop", at: at(1, 0, 1_000_005) },
];

const tool = (pid: number, args: readonly string[], by: Kin["by"] = "marker"): Kin => ({
  identity: identity(pid),
  by,
  args,
});

/** The agent of attempt 1 is dead; these run on. */
async function leaving(drafts: readonly Draft[], kin: readonly Kin[]): Promise<Machine> {
  const machine = new Machine();
  await machine.left(drafts);
  machine.put(`${machine.attempt(1)}/spool`, text(...call));
  machine.kin = [...kin];
  for (const one of kin) machine.running.set(one.identity.pid, one.identity);
  return machine;
}

describe("what a stopped agent has left", () => {
  it("is ended by name of its marker, and what only its session tells is left; both are on record", async () => {
    const machine = await leaving(
      [...cut, stop],
      [tool(61, ["make", "all"]), tool(62, ["sleep", "9"], "session")],
    );
    const life = await machine.recovered();
    expect(machine.signals).toEqual(["61 SIGTERM", "61 SIGKILL"]);
    expect(await recorded(machine, "swept")).toMatchObject([
      {
        sessionId: id,
        attempt: 1,
        ended: ["pid 61 (start time 610): make all"],
        left: ["pid 62 (start time 620): sleep 9"],
      },
    ]);
    await life.close();
  });

  it("gets time to end by itself, as much as was said, then is killed", async () => {
    const machine = await leaving([...cut, stop], [tool(61, ["make"])]);
    machine.ends = (_, signal) => signal === "SIGKILL";
    const begun = machine.recovered({ graceMs: 40 });
    await settled();
    // Looks after 0 and 20 ms.
    for (let look = 0; look < 2; look += 1) {
      expect([look, machine.signals]).toEqual([look, ["61 SIGTERM"]]);
      expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([20]);
      await machine.pass();
    }
    expect(machine.signals).toEqual(["61 SIGTERM", "61 SIGKILL"]);
    await (await begun).close();
  });

  it("is waited for no longer than until all of it is gone", async () => {
    const machine = await leaving([...cut, stop], [tool(61, ["make"]), tool(62, ["cc"])]);
    machine.ends = (pid) => pid !== 62;
    const begun = machine.recovered();
    await settled();
    expect(machine.timers).toHaveLength(1);
    // Its pid goes to somebody else.
    machine.running.set(62, { ...identity(62), startTime: "999" });
    await machine.pass();
    await (await begun).close();
    expect(machine.timers).toHaveLength(0);
    expect(machine.signals).toEqual(["61 SIGTERM", "62 SIGTERM", "61 SIGKILL", "62 SIGKILL"]);
    expect(machine.running.get(62)?.startTime).toBe("999");
  });

  it("by its session alone is ended where it was seen while the session had its leader", async () => {
    const machine = await leaving(cut, [tool(61, ["make"], "session"), tool(62, ["cc"], "session")]);
    const life = await machine.recovered();
    lifeOf(life.context, id).stopping = [
      tool(61, ["make"], "session"),
      { ...tool(62, ["cc"], "session"), identity: { ...identity(62), startTime: "1" } },
      { ...tool(63, ["cc"], "session"), identity: { ...identity(62), pid: 63 } },
    ];
    expect(await sweep(life.context, sessionOf(life))).toEqual(["pid 61 (start time 610): make"]);
    expect(machine.signals).toEqual(["61 SIGTERM", "61 SIGKILL"]);
    expect(await recorded(machine, "swept")).toMatchObject([{ left: ["pid 62 (start time 620): cc"] }]);
    expect(lifeOf(life.context, id).stopping).toBeUndefined();
    await life.close();
  });

  it("is nothing where nothing runs, and nothing is recorded of that", async () => {
    const machine = await leaving([...cut, stop], []);
    const life = await machine.recovered();
    expect(await sweep(life.context, sessionOf(life))).toEqual([]);
    expect(await recorded(machine, "swept")).toEqual([]);
    expect(machine.timers).toEqual([]);
    await life.close();
  });

  it("is left alone where nobody stopped the run, or its end is on record", async () => {
    for (const drafts of [cut, [...cut, [stop[0], { ...stop[1], why: "abandon" }] as Draft]]) {
      const machine = await leaving(drafts, [tool(61, ["make"])]);
      await (await machine.recovered()).close();
      expect(machine.signals).toEqual([]);
    }
    const over: Draft = [
      "run-ended",
      { sessionId: id, runId: "r1", attempt: 1, state: "cancelled", reason: "r", at: at(1, 0, 1_000_009) },
    ];
    const machine = await leaving([...cut, stop, over], [tool(61, ["make"])]);
    await (await machine.recovered()).close();
    expect(machine.signals).toEqual([]);
  });

  it("is nothing of a session without an attempt", async () => {
    const machine = await leaving([project, session()], [tool(61, ["make"])]);
    const life = await machine.recovered();
    expect(await sweep(life.context, sessionOf(life))).toEqual([]);
    expect(machine.signals).toEqual([]);
    await life.close();
  });

  it("is told in at most 200 characters of its command line each", async () => {
    const machine = await leaving([...cut, stop], [tool(61, ["make", "x".repeat(300)])]);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "swept")).toMatchObject([
      { ended: [`pid 61 (start time 610): make ${"x".repeat(195)}`] },
    ]);
  });
});

describe("what an agent has started", () => {
  it("is what runs with its mark, without the agent itself; who has its pid now is not the agent", async () => {
    const kin = [tool(50, ["ada"]), tool(61, ["make"])];
    const machine = await leaving(cut, kin);
    const life = await machine.recovered();
    const [attempt] = sessionOf(life).attempts;
    if (attempt === undefined) throw new Error("It is on record.");
    const pids = async (of = attempt) =>
      (await toolsOf(life.context, sessionOf(life), of)).map(({ identity: { pid } }) => pid);
    expect(await pids()).toEqual([61]);
    expect(await pids({ ...attempt, identity: { ...identity(50), startTime: "1" } })).toEqual([50, 61]);
    const { identity: _, ...unseen } = attempt;
    expect(await pids(unseen)).toEqual([50, 61]);
    await life.close();
  });

  it("is looked for where it was started: in this namespace, where the record names none", async () => {
    const machine = await leaving(cut, [tool(61, ["make"])]);
    const life = await machine.recovered();
    const [attempt] = sessionOf(life).attempts;
    if (attempt === undefined) throw new Error("It is on record.");
    const { namespace: _, ...anywhere } = attempt;
    for (const [of, found] of [
      [attempt, 1],
      [anywhere, 1],
      [{ ...attempt, namespace: "other" }, 0],
    ] as const)
      expect(await toolsOf(life.context, sessionOf(life), of)).toHaveLength(found);
    const marker = `${id}.1`;
    expect(startPlaceOf({ id }, attempt)).toEqual({ bootId: "boot", marker, namespace: "ns" });
    expect(startPlaceOf({ id }, anywhere)).toEqual({ bootId: "boot", marker });
    await life.close();
  });
});

describe("a tool that runs without its agent", () => {
  const states = (calls: readonly { id: string; effect: string; marks: readonly string[] }[]) =>
    calls.map(({ id: name, effect, marks }) => `${name} ${effect} ${marks.join()}`);

  it("is of the call whose command it runs; the others are unknown", async () => {
    const machine = await leaving(cut, [tool(61, ["sh", "-c", "make all"])]);
    const life = await machine.recovered();
    const { verdict, evidence } = await settle(life.context, sessionOf(life));
    expect(states(verdict.calls)).toEqual(["c1 running orphan", "c2 unknown "]);
    expect(evidence.tools).toEqual([
      {
        callId: "c1",
        attempt: 1,
        cite: { source: "P", attempt: 1, value: "pid 61 (start time 610): sh -c make all" },
      },
    ]);
    await life.close();
  });

  it("may be of each open call where its command is no call's", async () => {
    const machine = await leaving(cut, [tool(61, ["cc", "x.c"])]);
    const life = await machine.recovered();
    const { verdict } = await settle(life.context, sessionOf(life));
    expect(states(verdict.calls)).toEqual(["c1 running orphan", "c2 running orphan"]);
    await life.close();
  });

  it("is not looked for where no call is open, or the agent never was", async () => {
    const lines = [said.name, said.call("c1"), said.result("c1")];
    const machine = await leaving([...cut, cover(1, lines), ended(1)], [tool(61, ["make"])]);
    machine.put(`${machine.attempt(1)}/spool`, text(...lines));
    const life = await machine.recovered();
    const { evidence } = await settle(life.context, sessionOf(life));
    expect(evidence.tools).toBeUndefined();
    await life.close();
    const never = await leaving(
      [...cut.slice(0, 4), cover(1, call), ended(1, { started: "no" })],
      [tool(61, ["make"])],
    );
    const second = await never.recovered();
    expect((await settle(second.context, sessionOf(second))).evidence.tools).toBeUndefined();
    await second.close();
  });

  it("is looked for every half second, and the session is judged again when it is gone", async () => {
    const machine = await leaving(cut, [tool(61, ["sh", "-c", "make all"])]);
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
    const machine = await leaving(cut, [tool(61, ["sh", "-c", "make all"])]);
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
        ...cut,
        cover(1, call),
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
      [...cut, cover(1, call), ended(1), dispatch(2, "r1", { resumes: agentSession }), agent(2, 52)],
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
    const machine = await leaving(cut, [tool(61, ["sh", " ", "1"])]);
    machine.put(`${machine.attempt(1)}/spool`, text(...lines));
    const life = await machine.recovered();
    const { evidence } = await settle(life.context, sessionOf(life));
    expect(evidence.tools?.map(({ callId }) => callId)).toEqual(["c1", "c2", "c3"]);
    await life.close();
  });

  it("that is looked for while the life is closed is nobody's matter any more", async () => {
    const machine = await leaving(cut, [tool(61, ["make"])]);
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
    const machine = await leaving(cut, [tool(61, ["make"])]);
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
    const machine = await leaving(cut, [tool(61, ["make"])]);
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
    const machine = await leaving(cut, [tool(61, ["make"])]);
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
