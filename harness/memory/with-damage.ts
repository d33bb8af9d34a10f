/**
 * A plan with a damaged record: what a kill leaves, and then somebody's disk, editor or second program.
 *
 * Always: an ordinary plan, so that an artifact replays it anywhere; damage comes while nothing holds the file open.
 */

import type { Damage, Plan } from "../plan/plan.ts";
import type { Random } from "./random.ts";

const roles: readonly Damage["role"][] = ["log", "snapshot", "journal", "spool"];
const ways: readonly Damage["how"][] = ["cut", "empty", "nul", "alter"];

/** The plan with its first kill made one of everything, and one record damaged then; undefined where it has no kill. */
export function withDamage(plan: Plan, random: Random): Plan | undefined {
  const at = plan.rounds.findIndex(({ fault }) => fault.kind === "kill" && fault.target !== "agent");
  const round = plan.rounds[at];
  if (round === undefined) return undefined;
  const damage: Damage = {
    role: roles[random.below(roles.length)] ?? "log",
    how: ways[random.below(ways.length)] ?? "cut",
    file: random.below(4),
    record: random.below(7),
  };
  const damaged = { ...round, fault: { kind: "kill", target: "tree" } as const, damage: [damage] };
  return { ...plan, rounds: plan.rounds.map((one, index) => (index === at ? damaged : one)) };
}
