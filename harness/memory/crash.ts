/**
 * Runs of a plan in which the world ends at chosen port calls.
 *
 * Always: a crash takes effect at the very call; a kill ends the server alone, a power cut every process, and the disk
 * is then one of its legal states. The driver, who is not part of that world, starts the server again, repeats what
 * was not answered, looks, resumes, and brings everything to its end; each further crash falls into that.
 */
import { quiesce, submitTurn } from "../execute/advance.ts";
import { cutNow, type Execution, observe, sessionIndex, WatchdogFired } from "../execute/execution.ts";
import { resumeInterrupted } from "../execute/resume.ts";
import { bringToItsEnd, play } from "../execute/run.ts";
import { serverEnded, startServer } from "../execute/server.ts";
import { crashLoss, type RunRecord } from "../history.ts";
import type { Plan, Round } from "../plan/plan.ts";
import type { CallFate, CallHooks, CrashMoment, PortCall } from "./calls.ts";
import { type MemoryRun, prepareInMemory, recordOf, subjectOf, tellEnd } from "./execute.ts";
import { contentsOf, type Loss, lossesOf, sessionIdOf, tornTail } from "./losses.ts";
import { type DiskModel, type PowerState, statesAfterPowerCut } from "./power.ts";
import { Random } from "./random.ts";
import { stepOf } from "./steps.ts";

/** The world ends once. */
export interface Crash {
  /** Number of the port call, counted over all lives. */
  readonly call: number;
  readonly when: CrashMoment;
  readonly model: DiskModel;
  /** Hash of the state that is left; "least": as little as may be; undefined: everything (kill), or any by seed. */
  readonly state?: number | "least";
}

export interface CrashHooks {
  /** Told before each call, with how many crashes have been by then. */
  watch?(call: PortCall, made: MemoryRun, hits: number): void;
  /** What becomes of a call that no crash meets. */
  fate?(call: PortCall): CallFate | undefined;
  /** Told after each call that happened. */
  done?(call: PortCall, made: MemoryRun): void;
}

export interface CrashedRun {
  readonly record: RunRecord;
  /** Crashes that came; fewer than asked for when a run had fewer calls. */
  readonly hits: number;
  /** Port calls of the whole run. */
  readonly calls: number;
  readonly run: MemoryRun;
}

/** More states of one power cut than this are sampled. */
export const statesMaxDefault = 48;

/**
 * Executes a plan with crashes at the given calls, in ascending order.
 *
 * A server that ends by itself counts as killed where it stood; a request that it refused is repeated.
 */
export async function executeWithCrashes(
  plan: Plan,
  seed: number,
  crashes: readonly Crash[],
  more: CrashHooks = {},
): Promise<CrashedRun> {
  let hits = 0;
  let losses: Loss[] = [];
  let tellEnded: (call: PortCall) => void = () => undefined;
  const hooks: CallHooks = {
    fate: (call): CallFate => {
      more.watch?.(call, made, hits);
      const crash = crashes[hits];
      if (crash?.call === call.number) return { kind: "end", when: crash.when };
      return more.fate?.(call) ?? { kind: "go" };
    },
    ended: (call) => {
      const crash = crashes[hits];
      hits += 1;
      losses = crash === undefined ? [] : endWorld(made, crash);
      tellEnded(call);
    },
  };
  if (more.done !== undefined) hooks.done = (call) => more.done?.(call, made);
  const made = prepareInMemory(plan, seed, hooks);
  made.stage.onOver = () => tellEnded({ number: made.computer.calls.count, op: "exit", path: "" });
  let { run } = made;
  let infra: string | undefined;
  try {
    let playing = more.fate === undefined ? play(run) : playOn(run);
    for (;;) {
      const ended = new Promise<PortCall>((resolve) => (tellEnded = resolve));
      const [before, crash] = [hits, crashes[hits]];
      const call = await made.computer.scheduler.drive(Promise.race([playing.then(() => undefined), ended]));
      if (call === undefined) break;
      run = nextEpoch(made, run);
      const hit = hits > before ? crash : undefined;
      const how = hit === undefined ? "by itself, kill" : `${hit.when} it, ${hit.model}`;
      const lost = hit === undefined ? [] : losses;
      playing = recover(run, `${stepOf(call)} (call ${call.number}, ${how})`, lost);
    }
  } catch (error) {
    infra = tellEnd({ ...made, run }, error);
  }
  const record = recordOf({ ...made, run }, infra);
  return {
    record: { ...record, plan: planAsPlayed(plan, run) },
    hits,
    calls: made.computer.calls.count,
    run: made,
  };
}

function endWorld({ computer, stage }: MemoryRun, crash: Crash): Loss[] {
  const before = contentsOf(computer);
  if (crash.model === "kill") {
    if (stage.life !== undefined) computer.end(stage.life.process, null, "SIGKILL");
    return crash.when === "torn" ? tornTail(computer) : [];
  }
  const random = new Random(crash.call);
  const { states } = statesAfterPowerCut(computer.disk, crash.model, random, statesMaxDefault);
  const chosen: PowerState | undefined =
    crash.state === "least"
      ? states[0]
      : crash.state === undefined
        ? states[computer.random.below(states.length)]
        : states.find(({ hash }) => hash === crash.state);
  if (chosen === undefined) throw new Error(`There is no state ${crash.state} at call ${crash.call}.`);
  computer.powerCut(chosen.root);
  return lossesOf(before, contentsOf(computer));
}

/** A driver that goes on where the world ended; the one before waits for ever. */
function nextEpoch({ computer, stage }: MemoryRun, run: Execution): Execution {
  stage.epoch += 1;
  run.agents.forget();
  run.recorder.forget();
  const spawned: Execution["spawned"] = [];
  return { ...run, subject: subjectOf(computer, stage, spawned), spawned };
}

/** What happened besides the plan is told by these marks in the name of its place. */
const crashMark = "(call ";
const restartMark = "the server is started again";

/** The plan with the rounds that were played, where the world ended in between. */
function planAsPlayed(plan: Plan, run: Execution): Plan {
  const faults = run.recorder.entries.flatMap((entry) => (entry.kind === "fault" ? [entry] : []));
  const isOwn = ({ at }: { readonly at: string }) => !at.includes(crashMark) && at !== restartMark;
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

/** A person goes on where the server has refused something: starts it again, asks again, looks, resumes. */
async function playOn(run: Execution): Promise<void> {
  try {
    await play(run);
  } catch (error) {
    if (!(error instanceof WatchdogFired)) throw error;
    // What the server says of a session that it cannot read: start it again.
    const round = run.recorder.entries.filter(({ kind }) => kind === "fault").length;
    const fault = { kind: "term" as const };
    run.recorder.record({
      kind: "fault",
      round,
      fault,
      at: restartMark,
      position: "unsent",
      killed: ["server"],
    });
    await run.subject.stop(run.context);
    await serverEnded(run);
    await startServer(run);
    await goOn(run);
  }
}

async function recover(run: Execution, at: string, losses: readonly Loss[]): Promise<void> {
  const round = run.recorder.entries.filter(({ kind }) => kind === "fault").length;
  const isPower = !at.endsWith("kill)");
  run.recorder.record({
    kind: "fault",
    round,
    fault: { kind: "kill", target: isPower ? "tree" : "server" },
    at,
    position: "unsent",
    killed: isPower ? ["tree"] : ["server"],
  });
  if (isPower) await run.agents.when(() => run.agents.alive().length === 0, 1_000);
  if (run.server === undefined) await run.clients.drained();
  else await serverEnded(run);
  await quiesce(run);
  for (const loss of losses) {
    const session = sessionOfLoss(run, loss);
    run.recorder.record({
      kind: "damage",
      round,
      how: crashLoss,
      ...loss,
      ...(session === undefined ? {} : { session }),
    });
  }
  await cutNow(run, "killed");
  await startServer(run);
  await goOn(run);
}

async function goOn(run: Execution): Promise<void> {
  const observed = await observe(run, "ready").then(() => observe(run, "observe"));
  await resumeInterrupted(run, observed, 0, false);
  for (const session of run.sessions.keys()) if (!isAnswered(run, session)) await submitTurn(run, session);
  await bringToItsEnd(run);
}

/** Was the submit of the session's current turn acknowledged? A person repeats one that was not. */
function isAnswered(run: Execution, session: number): boolean {
  const turn = run.sessions[session]?.turn ?? 0;
  return run.recorder.entries.some(
    (entry) => entry.kind === "submitted" && entry.session === session && entry.turn === turn,
  );
}

/** Plan session of a file, by the subject's session id or the agent's own in its path. */
function sessionOfLoss(run: Execution, loss: Loss): number | undefined {
  const id = sessionIdOf(loss.path);
  return id === undefined ? undefined : (sessionIndex(run, id) ?? run.agents.sessionOf(id));
}
