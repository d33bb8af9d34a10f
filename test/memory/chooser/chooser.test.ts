/** What a campaign in memory is given to run: the same each time, everything that was asked for, nothing that was not. */
import { describe, expect, it } from "vitest";
import { faultNames } from "../../../harness/fault/index.ts";
import { Chooser, type ChooserOptions, type Draw } from "../../../harness/memory/chooser/chooser.ts";
import { defaultModels } from "../../../harness/memory/crashes.ts";
import { memoryAbilities } from "../../../harness/memory/execute.ts";
import { directedPlans } from "../../../harness/plan/directed.ts";

const everything = { faults: faultNames, models: defaultModels };

async function drawn(runs: number, options: ChooserOptions, seed = 3): Promise<Draw[]> {
  const chooser = new Chooser(seed, options);
  const draws: Draw[] = [];
  for (let run = 0; run < runs; run += 1) draws.push(await chooser.draw());
  return draws;
}

const told = ({ watch: _, ...draw }: Draw) => draw;

describe("what is drawn", () => {
  it("is the same each time, and another of another seed", async () => {
    const [one, again, other] = [
      await drawn(12, everything),
      await drawn(12, everything),
      await drawn(12, everything, 4),
    ];
    expect(again.map(told)).toEqual(one.map(told));
    expect(other.map(told)).not.toEqual(one.map(told));
  });

  it("has every directed plan in its first runs, and every way to end", async () => {
    const directed = directedPlans(memoryAbilities, faultNames);
    const draws = await drawn(directed.length * 4, everything);
    const rounds = new Set(draws.map(({ plan }) => JSON.stringify(plan.rounds)));
    for (const plan of directed) expect(rounds).toContain(JSON.stringify(plan.rounds));
    expect(new Set(draws.map(({ layer }) => layer))).toEqual(
      new Set(["gates", "damage", "boundary", "power", "disk"]),
    );
    const damages = draws.filter(({ layer }) => layer === "damage").map(({ plan }) => plan);
    expect(damages.length).toBeGreaterThan(10);
    for (const { mode, rounds: all } of damages) {
      const { damage = [], position, fault } = all.at(-1) ?? {};
      expect(fault).toEqual({ kind: "kill", target: "tree" });
      expect(new Set(damage.map(({ role, file }) => `${role} ${file}`)).size).toBe(damage.length);
      // A number is another record of a journal on real processes.
      for (const { role, is } of damage) expect(is !== undefined).toBe(role === "journal");
      // What was altered in one character must be what a checksum vouches for.
      if (!damage.some(({ role, how }) => role === "spool" && how === "flip")) continue;
      expect([mode, position]).toEqual(["lockstep", "shown"]);
      expect(damage.map(({ role }) => role)).not.toContain("journal");
    }
  }, 60_000);

  it("has nothing of what was not asked for", async () => {
    const draws = await drawn(24, { faults: ["kill"], models: ["kill"] });
    expect(new Set(draws.map(({ layer }) => layer))).toEqual(new Set(["gates", "boundary"]));
    const faults = draws.flatMap(({ plan }) => plan.rounds.map(({ fault }) => fault.kind));
    expect(new Set(faults)).toEqual(new Set(["kill"]));
  });
});
