/**
 * Runs of a plan in which the world ends at chosen port calls.
 *
 * Always: a crash takes effect at the very call; a kill ends the server alone, a power cut every process, and the disk
 * is then one of its legal states. The driver, who is not part of that world, starts the server again, repeats what
 * was not answered, looks, resumes, and brings everything to its end; each further crash falls into that.
 */
import { type Execution, sessionIndex, WatchdogFired } from "../execute/execution.ts";
import {
  type CrashLoss,
  goOn,
  placeMark,
  planAsPlayed,
  recover,
  restartMark,
  roundsSoFar,
} from "../execute/recovery.ts";
import { play } from "../execute/run.ts";
import { serverEnded, startServer } from "../execute/server.ts";
import { type RunRecord, serverLeft } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import type { CallFate, CallHooks, CrashMoment, PortCall } from "./calls.ts";
import { type MemoryRun, prepareInMemory, recordOf, subjectOf, tellEnd } from "./execute.ts";
import { hashOfBytes, hashOfText } from "./hash.ts";
import { Leavings, type PossibleNames } from "./leavings.ts";
import { type Look, Looks } from "./looks.ts";
import {
  type Contents,
  contentsAgain,
  contentsOf,
  type Loss,
  lossesOf,
  sessionIdOf,
  tornTail,
} from "./losses.ts";
import { OrderMonitor } from "./order.ts";
import { choicesOf, type DiskModel, stateOfPicks, statesAfterPowerCut } from "./power.ts";
import type { PowerState } from "./power-state.ts";
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
  /** Of so many states at most the one is; as in the run that found it. */
  readonly statesMax?: number;
  /**
   * Instead of `state`: how each thing came out that was open, as power.ts numbers them. What comes after then depends
   * on nothing but what was left and what had been until then: chance begins anew with the next start of the server.
   */
  readonly picks?: readonly number[];
  /** Number of an earlier call: a sync that fails, and what it was to bring is gone. */
  readonly drops?: number;
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
  /** What was seen of the state that the last crash left, where it was one by picks. */
  readonly looks: readonly Look[];
  /** All that had been until the server was started behind it, the disk left out; undefined when it never was. */
  readonly past: number | undefined;
}

/** More states of one power cut than this are sampled. */
export const statesMaxDefault = 48;

/** A server that ends by itself is started again so often; a disk that fails once makes it end once or twice. */
const endsByItselfMax = 8;

/**
 * Executes a plan with crashes at the given calls, in ascending order.
 *
 * A server that ends by itself counts as killed where it stood, where its disk may fail; a request that it refused is
 * repeated.
 */
export async function executeWithCrashes(
  plan: Plan,
  seed: number,
  crashes: readonly Crash[],
  more: CrashHooks = {},
): Promise<CrashedRun> {
  let hits = 0;
  let losses: Loss[] = [];
  const left: Left = { before: new Map(), possible: undefined, looks: undefined, past: undefined };
  let tellEnded: (call: PortCall) => void = () => undefined;
  const hooks: CallHooks = {
    fate: (call): CallFate => {
      order.before(call);
      more.watch?.(call, made, hits);
      const crash = crashes[hits];
      if (crash?.call === call.number) return { kind: "end", when: crash.when };
      if (call.op === "sync" && crashes.some(({ drops }) => drops === call.number)) return { kind: "drop" };
      return more.fate?.(call) ?? { kind: "go" };
    },
    ended: (call) => {
      order.look();
      const crash = crashes[hits];
      hits += 1;
      const isPower = crash !== undefined && crash.model !== "kill";
      if (isPower) order.beforePowerCut();
      losses = crash === undefined ? [] : endWorld(made, crash, call, left);
      const begun = run.recorder.entries.length;
      if (crash?.picks !== undefined)
        made.stage.onStart = () => {
          left.past = pastOf(made, begun, left.before);
          made.computer.reseed(left.past);
          made.stage.onStart = () => undefined;
        };
      if (isPower) order.powerCut();
      tellEnded(call);
    },
    done: (call) => {
      order.after(call);
      more.done?.(call, made);
    },
  };
  const made = prepareInMemory(plan, seed, hooks);
  const order = new OrderMonitor(made);
  made.stage.onOver = () => tellEnded({ number: made.computer.calls.count, op: "exit", path: "" });
  let { run } = made;
  let infra: string | undefined;
  let endsByItself = 0;
  try {
    const mayFail = more.fate !== undefined || crashes.some(({ drops }) => drops !== undefined);
    let playing = mayFail ? playOn(run) : play(run);
    for (;;) {
      const ended = new Promise<PortCall>((resolve) => (tellEnded = resolve));
      const [before, crash] = [hits, crashes[hits]];
      const call = await made.computer.scheduler.drive(Promise.race([playing.then(() => undefined), ended]));
      if (call === undefined) break;
      run = nextEpoch(made, run);
      const hit = hits > before ? crash : undefined;
      if (hit === undefined) endsByItself += 1;
      if (hit === undefined && !mayFail) throw new WatchdogFired(`${serverLeft}, though nothing had failed`);
      if (endsByItself > endsByItselfMax)
        throw new WatchdogFired(`${serverLeft} whenever it was started again, ${endsByItself} times`);
      const how = hit === undefined ? "by itself, kill" : `${hit.when} it, ${hit.model}`;
      const failed = hit?.drops === undefined ? "" : `sync ${hit.drops} had failed, `;
      const at = `${stepOf(call)} ${placeMark}${call.number}, ${failed}${how})`;
      const isPower = hit !== undefined && hit.model !== "kill";
      playing = recover(run, { at, isPower, losses: hit === undefined ? [] : losses.map(owned(run)) });
    }
  } catch (error) {
    infra = tellEnd({ ...made, run }, error);
  }
  order.look();
  const record = recordOf({ ...made, run }, infra);
  // What is damaged from outside says nothing of the order in which it was written.
  const early = plan.rounds.some(({ damage }) => damage !== undefined && damage.length > 0)
    ? {}
    : { early: order.early };
  return {
    record: { ...record, plan: planAsPlayed(plan, run.recorder.entries), ...early },
    hits,
    calls: made.computer.calls.count,
    run: made,
    looks: left.looks?.seen ?? [],
    past: left.past,
  };
}

/** What the last crash left, and what it was left to. */
interface Left {
  before: Contents;
  /** Names that were possible then. */
  possible: PossibleNames | undefined;
  looks: Looks | undefined;
  past: number | undefined;
}

function endWorld({ computer, stage }: MemoryRun, crash: Crash, { op }: PortCall, left: Left): Loss[] {
  const before = contentsOf(computer);
  if (crash.model === "kill") {
    if (stage.life !== undefined) computer.end(stage.life.process, null, "SIGKILL");
    // Nothing else can be torn; the last write on the disk may be a whole one, of an agent that goes on.
    return crash.when === "torn" && op === "append" ? tornTail(computer) : [];
  }
  if (crash.picks !== undefined) {
    const choices = choicesOf(computer.disk, crash.model);
    left.possible = new Leavings(computer.disk, choices, left.possible).possible;
    left.looks = new Looks(left.possible);
    left.before = before;
    left.past = undefined;
    computer.powerCut(stateOfPicks(computer.disk, choices, crash.picks).rootFor(left.looks), left.looks);
    return lossesOf(before, contentsAgain(before, computer));
  }
  const random = new Random(crash.call);
  const { states } = statesAfterPowerCut(
    computer.disk,
    crash.model,
    random,
    crash.statesMax ?? statesMaxDefault,
  );
  const chosen: PowerState | undefined =
    crash.state === "least"
      ? states[0]
      : crash.state === undefined
        ? states[computer.random.below(states.length)]
        : states.find(({ hash }) => hash === crash.state);
  if (chosen === undefined) throw new Error(`There is no state ${crash.state} at call ${crash.call}.`);
  computer.powerCut(chosen.root);
  return lossesOf(before, contentsAgain(before, computer));
}

/**
 * What people, agents and the driver were told and did until now, without times, and without what tells of the disk that
 * was left; and what that is measured by, the disk before.
 *
 * @param begun number of entries when the world ended.
 */
function pastOf({ run, computer }: MemoryRun, begun: number, before: Contents): number {
  const told = run.recorder.entries.map(({ t: _, ...entry }, at) =>
    entry.kind === "fault" ? { ...entry, at: "" } : entry.kind === "damage" && at >= begun ? {} : entry,
  );
  const done = [...computer.ledgers].map(([path, entries]) => [
    path,
    entries.filter(({ kind }) => kind !== "gate").map(({ t: _, ...entry }) => entry),
  ]);
  const held = [...before].map(([path, { content }]) => [path, hashOfBytes(content)]);
  return hashOfText(JSON.stringify([told, done, held]));
}

/** A driver that goes on where the world ended; the one before waits for ever. */
function nextEpoch({ computer, stage }: MemoryRun, run: Execution): Execution {
  stage.epoch += 1;
  computer.newDriver();
  run.agents.forget();
  run.clients.forget();
  run.recorder.forget();
  const spawned: Execution["spawned"] = [];
  return { ...run, subject: subjectOf(computer, stage, spawned), spawned };
}

/** A person goes on where the server has refused something: starts it again, asks again, looks, resumes. */
async function playOn(run: Execution): Promise<void> {
  try {
    await play(run);
  } catch (error) {
    if (!(error instanceof WatchdogFired)) throw error;
    // What the server says of a session that it cannot read: start it again.
    const round = roundsSoFar(run);
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
    const since = run.recorder.entries.length;
    await startServer(run);
    await goOn(run, since);
  }
}

/** The loss with the plan session of its file, by the subject's session id or the agent's own in its path. */
function owned(run: Execution): (loss: Loss) => CrashLoss {
  return (loss) => {
    const id = sessionIdOf(loss.path);
    const session = id === undefined ? undefined : (sessionIndex(run, id) ?? run.agents.sessionOf(id));
    return { ...loss, ...(session === undefined ? {} : { session }) };
  };
}
