/**
 * A plan with a damaged record, as no drawn plan has it: of every kind of file and record, single characters that
 * are altered, a second session beside the one that is struck.
 *
 * Always: an ordinary plan, so that an artifact replays it anywhere; damage comes while nothing holds the file open, and
 * nothing else happens behind it.
 */
import type { RunRecord } from "../../history.ts";
import type { Damage, Plan, Round } from "../../plan/plan.ts";
import { executeWithCrashes } from "../crash.ts";
import type { Random } from "../random.ts";
import type { Aim, Seen } from "./aim.ts";
import { cutOfRound, type ShapeWatch } from "./shape.ts";
import { withSecondSession } from "./vary.ts";

/** Our own records have most kinds, and most of what is said hangs on them and on the agent's words. */
const roles: readonly Damage["role"][] = [
  "journal",
  "journal",
  "journal",
  "journal",
  "journal",
  "spool",
  "spool",
  "spool",
  "log",
  "log",
  "snapshot",
];

/** In what carries no checksum nobody can tell a flipped character from the agent's own. */
const ways: Readonly<Record<Damage["role"], readonly Damage["how"][]>> = {
  journal: ["cut", "empty", "nul", "nul", "alter", "alter", "flip", "flip", "flip"],
  spool: ["cut", "empty", "nul", "alter", "flip", "flip", "flip"],
  log: ["cut", "empty", "nul", "alter"],
  snapshot: ["cut", "empty", "nul", "alter"],
  index: ["cut", "empty", "nul", "alter"],
};

/**
 * The plan up to its first kill, made one of everything, and a record damaged then; undefined where it has no kill.
 *
 * @param watch saw the plan's own run.
 */
export async function withHarm(
  { plan, seed, watch }: { readonly plan: Plan; readonly seed: number; readonly watch: ShapeWatch },
  aim: Aim,
  random: Random,
): Promise<Plan | undefined> {
  const at = plan.rounds.findIndex(({ fault }) => fault.kind === "kill" && fault.target !== "agent");
  const round = plan.rounds[at];
  if (round === undefined) return undefined;
  const { role, how } = harm(plan.mode, random);
  const whole = random.oneIn(4) ? withSecondSession(plan) : plan;
  const struck: Round = {
    ...round,
    // What nobody has read yet carries no checksum either.
    position: how === "flip" ? "shown" : round.position,
    fault: { kind: "kill", target: "tree" },
    damage: [],
  };
  const base = { ...whole, rounds: [...plan.rounds.slice(0, at), struck] };
  const isSame = whole === plan && struck.position === round.position && round.damage.length === 0;
  const watched = isSame && watch.record !== undefined ? seenIn(watch.record, at) : undefined;
  const seen = watched ?? seenIn((await executeWithCrashes(base, seed, [])).record, at);
  const place = seen === undefined ? undefined : aim.at(role, seen, random);
  if (place === undefined) return undefined;
  // One alone: of two that say the same one is left, and somebody can say what is true.
  const damage = [{ role, how, ...place }];
  return { ...base, rounds: [...base.rounds.slice(0, -1), { ...struck, damage }] };
}

function harm(mode: Plan["mode"], random: Random): Pick<Damage, "role" | "how"> {
  const role = roles[random.below(roles.length)] ?? "journal";
  // Of a free plan nobody can say which lines were read when it was struck.
  const of = ways[role].filter((how) => how !== "flip" || role !== "spool" || mode === "lockstep");
  return { role, how: of[random.below(of.length)] ?? "cut" };
}

/** What the kill of a round left. */
function seenIn(record: RunRecord, round: number): Seen | undefined {
  const cut = cutOfRound(record, round);
  return cut === undefined ? undefined : { files: cut.files, sessionIds: record.sessionIds };
}
