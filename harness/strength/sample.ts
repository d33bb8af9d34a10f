/**
 * A sample of the hunters' runs for real processes: what memory says of a run must be what the real thing says.
 *
 * Sampled are runs that a plan alone describes, in lockstep: of those in which a promise broke all, of the others one in
 * twenty. A run with crashes at the calls of ports has no counterpart outside memory, and no plan says where in a start
 * or a resume a kill falls that comes during it, nor which record of a journal has a number.
 */

import type { Draw } from "../memory/chooser/chooser.ts";
import { Random } from "../memory/random.ts";
import type { Damage, Plan } from "../plan/plan.ts";

export interface Sample {
  readonly seed: number;
  /** 1, 2, 3 … within its hunt. */
  readonly run: number;
  readonly plan: Plan;
  /** What memory came to. */
  readonly verdict: string;
  readonly promises: readonly string[];
}

const oneIn = 20;

export function isSampled({ plan, crashes }: Draw, verdict: string, seed: number): boolean {
  if (crashes.length > 0 || plan.mode !== "lockstep") return false;
  if (plan.rounds.some((round) => isUnderWay(round) || round.damage.some(isByNumber))) return false;
  return verdict === "defect" || new Random(seed).oneIn(oneIn);
}

/** While the server starts or resumes it does many things; a real one has come as far as it has. */
function isUnderWay({ at }: Plan["rounds"][number]): boolean {
  return "phase" in at && at.phase !== "ready";
}

/** A server writes its records at moments of its own, the covers of what agents say in as many as it comes to read. */
function isByNumber({ role, how, is }: Damage): boolean {
  return role === "journal" && how !== "empty" && (is === undefined || is.kind === "cover");
}

/** What only memory can see: on real processes nobody sees every sync. */
const onlyInMemory = ["durable-before-shown"];

/** Can real processes have anything to say of it? */
export function isForProcesses({ verdict, promises }: Pick<Sample, "verdict" | "promises">): boolean {
  return verdict !== "defect" || promises.some((promise) => !onlyInMemory.includes(promise));
}

/** The same verdict, and of the broken promises one at least the same. */
export function agree(
  memory: Pick<Sample, "verdict" | "promises">,
  real: Pick<Sample, "verdict" | "promises">,
): boolean {
  if (memory.verdict !== real.verdict) return false;
  return memory.verdict !== "defect" || real.promises.some((promise) => memory.promises.includes(promise));
}
