/**
 * What a stopped agent has started is ended with it.
 */
import { describe, expect, it } from "vitest";
import { IoError } from "../../src/model/ports.ts";
import { lifeOf } from "../../src/session/context.ts";
import { sweep } from "../../src/session/sweep.ts";
import { at, begun, type Draft, id, identity, project, session } from "./drafts.ts";
import { leaving, stop, tool } from "./leaving.ts";
import { recorded, sessionOf, settled } from "./machine.ts";

describe("what a stopped agent has left", () => {
  it("is ended by name of its marker, and what only its session tells is left; both are on record", async () => {
    const machine = await leaving(
      [...begun, stop],
      [tool(61, ["make", "--api-key", "sk-1", "all"]), tool(62, ["sleep", "9"], "session")],
    );
    const life = await machine.recovered();
    expect(machine.signals).toEqual(["61 SIGTERM", "61 SIGKILL"]);
    expect(await recorded(machine, "swept")).toMatchObject([
      {
        sessionId: id,
        attempt: 1,
        ended: ["pid 61 (start time 610): make --api-key … all"],
        left: ["pid 62 (start time 620): sleep 9"],
      },
    ]);
    await life.close();
  });

  it("gets time to end by itself, as much as was said, then is killed", async () => {
    const machine = await leaving([...begun, stop], [tool(61, ["make"])]);
    machine.ends = (_, signal) => signal === "SIGKILL";
    const starts = machine.recovered({ graceMs: 40 });
    await settled();
    // Looks after 0 and 20 ms.
    for (let look = 0; look < 2; look += 1) {
      expect([look, machine.signals]).toEqual([look, ["61 SIGTERM"]]);
      expect(machine.timers.map(({ delayMs }) => delayMs)).toEqual([20]);
      await machine.pass();
    }
    expect(machine.signals).toEqual(["61 SIGTERM", "61 SIGKILL"]);
    await (await starts).close();
  });

  it("is waited for no longer than until all of it is gone", async () => {
    const machine = await leaving([...begun, stop], [tool(61, ["make"]), tool(62, ["cc"])]);
    machine.ends = (pid) => pid !== 62;
    const starts = machine.recovered();
    await settled();
    expect(machine.timers).toHaveLength(1);
    // Its pid goes to somebody else.
    machine.running.set(62, { ...identity(62), startTime: "999" });
    await machine.pass();
    await (await starts).close();
    expect(machine.timers).toHaveLength(0);
    expect(machine.signals).toEqual(["61 SIGTERM", "62 SIGTERM", "61 SIGKILL", "62 SIGKILL"]);
    expect(machine.running.get(62)?.startTime).toBe("999");
  });

  it("by its session alone is ended where it was seen while the session had its leader", async () => {
    const machine = await leaving(begun, [tool(61, ["make"], "session"), tool(62, ["cc"], "session")]);
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

  it("is left where the system refuses, as with a tool of another user, and the others are ended", async () => {
    const machine = await leaving([...begun, stop], [tool(61, ["sudo", "make"]), tool(62, ["cc"])]);
    const { processes } = machine.world;
    const { signal } = processes;
    processes.signal = async (whom, name) => {
      if (whom.pid === 61) throw new IoError("EPERM", "pid 61", "kill");
      return signal(whom, name);
    };
    const starts = machine.recovered({ graceMs: 20 });
    await settled();
    await machine.pass(2);
    const life = await starts;
    expect(machine.reports).toEqual([]);
    expect(await recorded(machine, "swept")).toMatchObject([
      { ended: ["pid 62 (start time 620): cc"], left: ["pid 61 (start time 610): sudo make"] },
    ]);
    await life.close();
  });

  it("is nothing where nothing runs, and nothing is recorded of that", async () => {
    const machine = await leaving([...begun, stop], []);
    const life = await machine.recovered();
    expect(await sweep(life.context, sessionOf(life))).toEqual([]);
    expect(await recorded(machine, "swept")).toEqual([]);
    expect(machine.timers).toEqual([]);
    await life.close();
  });

  it("is left alone where nobody stopped the run, or its end is on record", async () => {
    for (const drafts of [begun, [...begun, [stop[0], { ...stop[1], why: "abandon" }] as Draft]]) {
      const machine = await leaving(drafts, [tool(61, ["make"])]);
      await (await machine.recovered()).close();
      expect(machine.signals).toEqual([]);
    }
    const over: Draft = [
      "run-ended",
      { sessionId: id, runId: "r1", attempt: 1, state: "cancelled", reason: "r", at: at(1, 0, 1_000_009) },
    ];
    const machine = await leaving([...begun, stop, over], [tool(61, ["make"])]);
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
    const machine = await leaving([...begun, stop], [tool(61, ["make", "x".repeat(300)])]);
    await (await machine.recovered()).close();
    expect(await recorded(machine, "swept")).toMatchObject([
      { ended: [`pid 61 (start time 610): make ${"x".repeat(195)}`] },
    ]);
  });
});
