/**
 * A sample of the hunters' runs for real processes: what memory says of a run must be what the real thing says.
 *
 * Sampled are runs that a plan alone describes, in lockstep: of those in which a promise broke all, of the others one in
 * twenty. A run with crashes at the calls of ports has no counterpart outside memory, and no plan says where in a start
 * or a resume a kill falls that comes during it, nor whether a server has taken note of an agent that was silent until
 * then, nor which record of a journal has a number.
 */

import type { RunRecord } from "../history.ts";
import type { Draw } from "../memory/chooser/chooser.ts";
import { Random } from "../memory/random.ts";
import type { Attempt } from "../oracle/attempts.ts";
import { factsOf } from "../oracle/facts.ts";
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

/** @param record of the run in memory. */
export function isSampled(
  { plan, crashes }: Draw,
  record: RunRecord,
  verdict: string,
  seed: number,
): boolean {
  if (crashes.length > 0 || plan.mode !== "lockstep" || endedBesideTheSilent(record)) return false;
  if (plan.rounds.some((round) => isUnderWay(round) || round.damage.some(isByNumber))) return false;
  return verdict === "defect" || new Random(seed).oneIn(oneIn);
}

/** While the server starts or resumes it does many things; a real one has come as far as it has. */
function isUnderWay({ at }: Plan["rounds"][number]): boolean {
  return "phase" in at && at.phase !== "ready";
}

/** The server ended while an agent of it had not said anything: it notes whom it has started when it comes to it. */
function endedBesideTheSilent(record: RunRecord): boolean {
  const { faults, attempts } = factsOf(record);
  return faults.some(({ fault, t }) => {
    if (fault.kind === "freeze" || fault.kind === "disconnect") return false;
    const ns = BigInt(t);
    const isThere = ({ startNs, goneByNs }: Attempt) =>
      startNs < ns && (goneByNs === undefined || goneByNs > ns);
    const hasSpoken = ({ emissions }: Attempt) =>
      emissions.some(({ doneNs }) => doneNs !== undefined && doneNs < ns);
    const endsServer = fault.kind !== "kill" || fault.target !== "agent";
    return endsServer && attempts.some((attempt) => isThere(attempt) && !hasSpoken(attempt));
  });
}

/**
 * A server writes its records at moments of its own, and covers what an agent says in as many pieces as it comes to read:
 * of these the last alone is the same in each run, that of the last words.
 */
function isByNumber({ role, how, is }: Damage): boolean {
  const isNamed = is !== undefined && (is.kind !== "cover" || is.nth === 0);
  return role === "journal" && how !== "empty" && !isNamed;
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
