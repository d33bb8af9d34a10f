/**
 * Of an agent is what runs with the mark of its attempt, where that was started.
 */
import { describe, expect, it } from "vitest";
import { startPlaceOf, toolsOf } from "../../src/session/agent-life.ts";
import { begun, id, identity } from "./drafts.ts";
import { leaving, tool } from "./leaving.ts";
import { sessionOf } from "./machine.ts";

describe("what an agent has started", () => {
  it("is what runs with its mark, without the agent itself; who has its pid now is not the agent", async () => {
    const kin = [tool(50, ["ada"]), tool(61, ["make"])];
    const machine = await leaving(begun, kin);
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
    const machine = await leaving(begun, [tool(61, ["make"])]);
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
