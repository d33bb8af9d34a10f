/**
 * A plan with a damaged record, as campaigns have them, and with what these seldom or never draw: single characters
 * that are altered, our own records more than others, a second session beside the one that is struck.
 *
 * Always: an ordinary plan, so that an artifact replays it anywhere; damage comes while nothing holds the file open, and
 * nothing else happens behind it.
 */

import type { Random } from "../memory/random.ts";
import type { Damage, Plan } from "../plan/plan.ts";
import { withSecondSession } from "./vary.ts";

/** What can be harmed, and how; twice what shows most: a character of what was said, and of what we recorded. */
const harms: readonly Pick<Damage, "role" | "how">[] = [
  ...all(["log", "snapshot"], ["cut", "empty", "nul", "alter"]),
  // In what carries no checksum nobody can tell a flipped character from the agent's own.
  ...all(["journal", "spool"], ["cut", "empty", "nul", "alter", "alter", "flip", "flip"]),
  // Its records are of many kinds.
  ...all(["journal"], ["nul", "alter", "flip"]),
];

function all(roles: readonly Damage["role"][], ways: readonly Damage["how"][]) {
  return roles.flatMap((role) => ways.map((how) => ({ role, how })));
}

/** The plan up to its first kill, made one of everything, and one record damaged then; undefined where it has no kill. */
export function withHarm(plan: Plan, random: Random): Plan | undefined {
  const at = plan.rounds.findIndex(({ fault }) => fault.kind === "kill" && fault.target !== "agent");
  const round = plan.rounds[at];
  if (round === undefined) return undefined;
  const harm = harms[random.below(harms.length)] ?? { role: "log", how: "cut" };
  // Of what was said the last is what a crash is about; of what we recorded, any.
  const within = harm.role === "journal" ? 40 : random.oneIn(2) ? 3 : 8;
  const damage: Damage = { ...harm, file: random.below(4), record: random.below(within) };
  // What nobody has read yet carries no checksum either.
  const position = harm.how === "flip" ? "shown" : round.position;
  const damaged = { ...round, position, fault: { kind: "kill", target: "tree" } as const, damage: [damage] };
  const whole = random.oneIn(3) ? withSecondSession(plan) : plan;
  return { ...whole, rounds: [...plan.rounds.slice(0, at), damaged] };
}
