/**
 * A sample of the hunters' runs for real processes: what memory says of a run must be what the real thing says.
 *
 * Sampled are runs that a plan alone describes, in lockstep: of those in which a promise broke all, of the others one in
 * twenty. A run with crashes at the calls of ports has no counterpart outside memory, and no plan says where in a start
 * or a resume a kill falls that comes during it, nor whether a server has noted by then whom it has started, nor which
 * record of a journal has a number.
 */

import { kindOf } from "../fault/records.ts";
import type { RunRecord } from "../history.ts";
import type { Draw } from "../memory/chooser/chooser.ts";
import { Random } from "../memory/random.ts";
import type { Damage, FaultKind, Plan } from "../plan/plan.ts";

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
  if (crashes.length > 0 || plan.mode !== "lockstep" || endedBeforeItNoted(record)) return false;
  if (plan.rounds.some((round) => isUnderWay(round) || round.damage.some(isByNumber))) return false;
  return verdict === "defect" || new Random(seed).oneIn(oneIn);
}

/** While the server starts or resumes it does many things; a real one has come as far as it has. */
function isUnderWay({ at }: Plan["rounds"][number]): boolean {
  return "phase" in at && at.phase !== "ready";
}

/**
 * The server ended and had not noted an agent that it had started. A real one has, long before the agent is there to be
 * stopped at an event; in memory what comes first is drawn.
 */
function endedBeforeItNoted({ history, cuts }: RunRecord): boolean {
  const pids: number[] = [];
  let endsServer = false;
  return history.some((entry) => {
    if (entry.kind === "agent-hello") pids.push(entry.pid);
    if (entry.kind === "fault") endsServer = isEndOfServer(entry.fault);
    // What was noted can no longer be told.
    if (entry.kind === "damage" && entry.role === "journal") endsServer = false;
    if (entry.kind !== "cut" || entry.label !== "killed" || !endsServer) return false;
    const journals = cuts[entry.cut]?.files.filter(({ role }) => role === "journal") ?? [];
    const noted = journals.flatMap(({ content = "" }) =>
      content.split("\n").filter((line) => kindOf(line) === "agent"),
    );
    return pids.some((pid) => !noted.some((line) => line.includes(`"pid":${pid},`)));
  });
}

function isEndOfServer(fault: FaultKind): boolean {
  if (fault.kind === "kill") return fault.target !== "agent";
  return fault.kind === "term" || fault.kind === "reload";
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

/** The same verdict, and of the broken promises one at least the same. Where neither could tell they agree on nothing. */
export function agree(
  memory: Pick<Sample, "verdict" | "promises">,
  real: Pick<Sample, "verdict" | "promises">,
): boolean {
  if (memory.verdict !== real.verdict) return false;
  if (memory.verdict === "pass") return true;
  return memory.verdict === "defect" && real.promises.some((promise) => memory.promises.includes(promise));
}
