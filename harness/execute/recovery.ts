/**
 * What a person does where the world ended in the middle of a run: starts the server again, looks, resumes, repeats
 * what was not answered, and brings everything to its end.
 *
 * Always: the end is on record as a fault before anything else is done, with the place at which it came; the rounds of
 * the plan that were left are not played, and the plan that is judged says so.
 */
import { crashLoss, type RunRecord } from "../history.ts";
import type { Plan, Round } from "../plan/plan.ts";
import type { SubjectFile } from "../subject/contract.ts";
import { quiesce } from "./advance.ts";
import { cutNow, type Execution } from "./execution.ts";
import { stillObserve, untilNoticedSince } from "./look.ts";
import { recoverSubmit, submitTurn } from "./prompt.ts";
import { resumeInterrupted } from "./resume.ts";
import { bringToItsEnd } from "./run.ts";
import { serverEnded, startServer } from "./server.ts";

/** The world ended here. */
export interface WorldEnd {
  /** The place in words; tells an end from the plan's own faults by {@link placeMark}. */
  readonly at: string;
  /** A power cut takes every process, a kill the server alone. */
  readonly isPower: boolean;
  readonly losses: readonly CrashLoss[];
}

/** What a crash took of a file, in the coordinates of the file before it. */
export interface CrashLoss {
  readonly role: SubjectFile["role"] | "effects";
  readonly path: string;
  readonly fromByte: number;
  readonly toByte: number;
  /** Plan session that the file belongs to. */
  readonly session?: number;
}

/** Every place at which a world ends without the plan's asking is told with this: `append spool (call 12, …)`. */
export const placeMark = "(call ";
export const restartMark = "the server is started again";

/** Number of the next round on record. */
export function roundsSoFar(run: Execution): number {
  return run.recorder.entries.filter(({ kind }) => kind === "fault").length;
}

/** Goes on from the end of the world to the end of the run. @throws WatchdogFired when a wait runs out. */
export async function recover(run: Execution, { at, isPower, losses }: WorldEnd): Promise<void> {
  const round = roundsSoFar(run);
  run.recorder.record({
    kind: "fault",
    round,
    fault: { kind: "kill", target: isPower ? "tree" : "server" },
    at,
    position: "unsent",
    killed: isPower ? ["tree"] : ["server"],
  });
  if (isPower) await run.agents.when(() => run.agents.alive().length === 0, 1_000);
  // The driver before may have been about to let agents go on that it had stopped for a look.
  await Promise.all(run.agents.alive().map((agent) => run.machine.signal(agent, "SIGCONT")));
  if (run.server === undefined) await run.clients.drained();
  else await serverEnded(run);
  await quiesce(run);
  for (const loss of losses) run.recorder.record({ kind: "damage", round, how: crashLoss, ...loss });
  await cutNow(run, "killed");
  const since = run.recorder.entries.length;
  await startServer(run);
  await goOn(run, since);
}

/**
 * Looks, resumes, repeats what was not answered, brings everything to its end.
 *
 * @param since number of entries when the server was started: an agent that nobody holds may end while it starts, and
 * behind its look at that agent.
 */
export async function goOn(run: Execution, since: number): Promise<void> {
  await untilNoticedSince(run, since);
  await stillObserve(run, "ready");
  await untilNoticedSince(run, since);
  const observed = await stillObserve(run, "observe");
  await resumeInterrupted(run, observed, 0, false);
  for (const [session, { id }] of run.sessions.entries()) {
    if (isAnswered(run, session)) continue;
    if (id === undefined) await recoverSubmit(run, session, observed);
    else await submitTurn(run, session);
  }
  await bringToItsEnd(run);
}

/** Was the submit of the session's current turn acknowledged? A person repeats one that was not. */
function isAnswered(run: Execution, session: number): boolean {
  const turn = run.sessions[session]?.turn ?? 0;
  return run.recorder.entries.some(
    (entry) => entry.kind === "submitted" && entry.session === session && entry.turn === turn,
  );
}

/** The plan with the rounds that were played, where the world ended in between. */
export function planAsPlayed(plan: Plan, entries: RunRecord["history"]): Plan {
  const faults = entries.flatMap((entry) => (entry.kind === "fault" ? [entry] : []));
  const isOwn = ({ at }: { readonly at: string }) => !at.includes(placeMark) && at !== restartMark;
  if (faults.every(isOwn)) return plan;
  const rounds = faults.flatMap((entry) =>
    isOwn(entry) ? (plan.rounds[entry.round] ?? []) : [roundOf(entry.fault)],
  );
  return { ...plan, rounds };
}

function roundOf(fault: Round["fault"]): Round {
  const orphan = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
  return { at: { session: 0, nth: 0 }, position: "unsent", fault, orphan, damage: [] };
}
