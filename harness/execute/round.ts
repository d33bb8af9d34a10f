/**
 * One round: bring the run to the fault's site, fire, damage, restart, look, resume.
 *
 * Always: the fault is in the history before it fires; the disk is copied after it and before the restart.
 */
import { damageFile } from "../fault/damage.ts";
import { inject } from "../fault/index.ts";
import type { Damage, FaultKind, Round } from "../plan/plan.ts";
import type { ObservedSession } from "../subject/contract.ts";
import { isLockstep, passGates, quiesce } from "./advance.ts";
import { agentFiles } from "./agent-files.ts";
import { cutNow, type Execution, sessionIndex } from "./execution.ts";
import { stillObserve, untilNoticed, untilRightOn } from "./look.ts";
import { insist, resumeInterrupted } from "./resume.ts";
import { startServer } from "./server.ts";
import { lastWasShown } from "./shown.ts";
import { isPhase, reachSite, type Site } from "./site.ts";

/** Plays a round; false when its fault did not fire. `next` may cut into this round's restart or resume. */
export async function playRound(
  run: Execution,
  index: number,
  round: Round,
  next: Round | undefined,
): Promise<boolean> {
  const site = isPhase(round.at)
    ? { at: round.at.phase, position: round.position, session: 0 }
    : await reachSite(run, round.at, round.position, round.unreadEvents);
  if (site === undefined) return false;
  if (round.delayMs !== undefined && !isLockstep(run)) await pause(run, round.delayMs);
  await quiesce(run);
  run.recorder.record({
    kind: "fault",
    round: index,
    fault: round.fault,
    at: site.at,
    position: site.position,
    killed: await victims(run, round.fault, site),
  });
  const { serverGone } = await inject(run, round.fault, site);
  if (round.fault.kind === "freeze" || round.fault.kind === "disconnect") return true;
  await quiesce(run);
  if (serverGone) {
    await damageFiles(run, index, round);
    await cutNow(run, "killed");
    await passGates(run, round.orphan.beforeRestart, "orphan, before the restart");
    if (round.version !== undefined && run.subject.useVersion !== undefined) {
      await run.subject.useVersion(run.context, round.version);
      run.recorder.record({ kind: "version", version: round.version });
    }
    if (next !== undefined && isPhase(next.at) && next.at.phase === "starting") return true;
    await startServer(run);
  } else {
    await cutNow(run, "killed");
    await untilNoticed(run);
  }
  if (next !== undefined && isPhase(next.at) && next.at.phase === "ready") return true;
  await look(run, round, next);
  return true;
}

/** Looks twice, with the orphans' steps between, then resumes what was interrupted. */
async function look(run: Execution, { orphan, insists }: Round, next: Round | undefined): Promise<void> {
  const ready = await stillObserve(run, "ready");
  if (orphan.beforeObserve > 0) {
    await passGates(run, orphan.beforeObserve, "orphan, before the second look");
    await shownToOwners(run, ready);
  }
  await untilRightOn(run, ready);
  const observed = await stillObserve(run, "observe");
  if (insists) await insist(run, observed);
  const stopAfterFirst = next !== undefined && isPhase(next.at) && next.at.phase === "resuming";
  await resumeInterrupted(run, observed, orphan.duringResume, stopAfterFirst);
}

/** What a live session's agent has just emitted must have reached its clients before the next look. */
async function shownToOwners(run: Execution, ready: readonly ObservedSession[]): Promise<void> {
  for (const observed of ready) {
    if (observed.live !== "yes") continue;
    const agent = run.agents.runs.findLast(({ session }) => session === sessionIndex(run, observed.id));
    if (agent === undefined) continue;
    await lastWasShown(run, agent);
    if (agent.gone) await untilNoticed(run);
  }
}

/** What the fault is about to end, as far as it is there. */
async function victims(
  run: Execution,
  fault: FaultKind,
  site: Site,
): Promise<("server" | "agent" | "tree")[]> {
  const server = (await isServerAlive(run)) ? (["server"] as const) : [];
  if (fault.kind === "term" || fault.kind === "reload") return [...server];
  if (fault.kind !== "kill") return [];
  const agents = fault.target === "tree" ? run.agents.alive() : run.agents.alive(site.session);
  const met = fault.target === "agent" ? [] : server.map((one) => (fault.target === "tree" ? "tree" : one));
  return [...met, ...(fault.target !== "server" && agents.length > 0 ? ["agent" as const] : [])];
}

async function isServerAlive({ server, machine }: Execution): Promise<boolean> {
  return (
    server !== undefined && (await machine.startTimeOf(server.identity.pid)) === server.identity.startTime
  );
}

async function damageFiles(run: Execution, index: number, round: Round): Promise<void> {
  if (!run.subject.can.damage) return;
  for (const damage of round.damage) {
    const file = await damageTarget(run, damage);
    if (file === undefined) continue;
    const isWhole = damage.role === "snapshot" || damage.role === "index";
    const sessionIds = run.sessions.map(({ id }) => id);
    const done = await damageFile({ path: file.path, isWhole, sessionIds }, damage, run.machine);
    if (done === undefined) continue;
    const session = file.session === undefined ? {} : { session: file.session };
    run.recorder.record({ kind: "damage", round: index, role: damage.role, ...done, ...session });
  }
}

/** The agent's own log and snapshot are files of the run too, beside those that the subject names. */
async function damageTarget(
  run: Execution,
  damage: Damage,
): Promise<{ path: string; session: number | undefined } | undefined> {
  const own = (await run.subject.files(run.context)).map(({ role, path, session }) => ({
    role: role as string,
    path,
    session: sessionIndex(run, session),
  }));
  const agents = (await agentFiles(run)).map(({ role, path, session }) => ({
    role: role === "agent-log" ? "log" : "snapshot",
    path,
    session,
  }));
  // By session, not by name: names are random, and a plan must mean the same file each time.
  const bySession = (left: { session: number | undefined }, right: { session: number | undefined }) =>
    (left.session ?? Number.MAX_SAFE_INTEGER) - (right.session ?? Number.MAX_SAFE_INTEGER);
  const files = [...agents.sort(bySession), ...own.sort(bySession)].filter(
    ({ role }) => role === damage.role,
  );
  return files[damage.file % Math.max(1, files.length)];
}

function pause(run: Execution, delayMs: number): Promise<void> {
  return new Promise((resolve) => void run.machine.after(delayMs, resolve));
}
