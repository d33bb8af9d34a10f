/**
 * Plays a plan on real processes whose server counts its own operations and ends itself at the ones the plan names.
 *
 * Always: the end is the process's own, at the very operation; the driver that was in the middle of something stands
 * still from then on, and a person goes on: starts the server again, looks, resumes (see recovery.ts). A boundary that
 * was never reached is told by its absence.
 */
import { createHash } from "node:crypto";
import { mkdirSync, watch } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { Epochs } from "../execute/epochs.ts";
import { type Execution, type RunEnvironment, sessionIndex } from "../execute/execution.ts";
import { type Machine, realMachine } from "../execute/machine.ts";
import { isAlive, type RunProcess, reapMarked, startTimeOf } from "../execute/processes.ts";
import { type CrashLoss, placeMark, planAsPlayed, recover, type WorldEnd } from "../execute/recovery.ts";
import { play, type Staging } from "../execute/run.ts";
import type { CountedBoundaries, RunRecord } from "../history.ts";
import type { Plan } from "../plan/plan.ts";
import type { Subject } from "../subject/contract.ts";
import { type BoundaryOrder, type Hit, modesOf } from "./operation.ts";
import { cutPower } from "./power-cut.ts";
import { stepOf } from "./step.ts";
import { type BoundaryTools, orderedEnvironment } from "./tools.ts";
import { readHit, readTraces, type Trace } from "./trace.ts";

/** The staging of a plan that has `boundaries`. */
export function boundaryStaging(
  plan: Plan,
  subject: Subject,
  environment: Pick<RunEnvironment, "dir">,
  tools: BoundaryTools,
): Staging {
  return new BoundaryStaging(plan, subject, environment.dir, tools);
}

/** An end that came. */
interface Met {
  readonly life: number;
  readonly hit: Hit;
  /** What a power cut took, in words. */
  lost?: string;
}

class BoundaryStaging implements Staging {
  readonly machine: Machine;
  readonly subject: Subject;
  readonly #plan: Plan;
  readonly #dir: string;
  readonly #tools: BoundaryTools;
  readonly #epochs: Epochs;
  readonly #children: RunProcess[] = [];
  readonly #hits: Met[] = [];
  /** Life that the last process was started for. */
  #life = 0;

  constructor(plan: Plan, subject: Subject, dir: string, tools: BoundaryTools) {
    this.#plan = plan;
    this.#dir = dir;
    this.#tools = tools;
    this.#epochs = new Epochs(() => this.#waitingHit() !== undefined);
    this.machine = this.#epochs.machine(realMachine());
    this.subject = this.#epochs.subject(subject);
    mkdirSync(path.join(dir, "boundary"), { recursive: true });
  }

  envOf(env: Readonly<Record<string, string>>, run: Execution | undefined): Readonly<Record<string, string>> {
    const life = run?.lives ?? 0;
    // Before the first start the subject only sets itself up.
    if (life === 0) return env;
    this.#life = life;
    const { by, ends } = this.#plan.boundaries ?? { by: "preload" as const, ends: [] };
    const planned = ends.find((boundary) => boundary.life === life);
    const order: BoundaryOrder = {
      trace: this.#prefix(life),
      ...(ends.some(({ power }) => power !== undefined) ? { data: true } : {}),
      ...(planned === undefined
        ? {}
        : { entry: planned.script, at: { operation: planned.operation, mode: planned.mode } }),
    };
    return orderedEnvironment(env, this.#tools, order, by);
  }

  started(child: RunProcess): RunProcess {
    this.#children.push(child);
    return this.#epochs.process(child);
  }

  async play(run: Execution): Promise<void> {
    let playing = play(run);
    for (;;) {
      const next = this.#nextHit();
      const hit = await Promise.race([playing.then(() => undefined), next.hit]).finally(next.stop);
      if (hit === undefined) return;
      await this.#gone(hit.pid);
      this.#epochs.next();
      run.agents.forget();
      run.clients.forget();
      run.recorder.forget();
      playing = recover(run, await this.#end(run, hit));
    }
  }

  async #end(run: Execution, hit: Hit): Promise<WorldEnd> {
    const life = this.#life;
    const told: Met = { life, hit };
    this.#hits.push(told);
    const { operation, mode } = hit;
    const power = this.#plan.boundaries?.ends.find((end) => end.life === life)?.power;
    const how = power === undefined ? "kill" : `power, ${power.model}`;
    const place = `server ${life}, ${mode} it, ${how}`;
    const at = `${stepOf(operation, this.#dir)} ${placeMark}${operation.n}, ${place})`;
    if (power === undefined) return { at, isPower: false, losses: await this.#lossesOf(run, hit) };
    await Promise.all([reapMarked(`${this.#dir}/`), reapMarked(`HOLDFAST_RUN=${run.environment.runId}`)]);
    const { dir, workspace, env } = run.context;
    const folders = [dir, workspace, env["HOME"] ?? dir];
    const operations = Array.from({ length: life }, (_, index) => this.#traceOf(index + 1, run)).flatMap(
      (trace) => trace?.operations ?? [],
    );
    const files = await run.subject.files(run.context);
    const { losses, lost } = cutPower(operations, folders, files, power);
    told.lost = lost;
    return { at, isPower: true, losses };
  }

  told(run: Execution | undefined): Partial<RunRecord> {
    const entries = run?.recorder.entries ?? [];
    return { plan: planAsPlayed(this.#plan, entries), boundaries: this.#counted(run) };
  }

  #prefix(life: number): string {
    return path.join(this.#dir, "boundary", `server-${life}`);
  }

  /** A hit of the present life that nobody has acted on. */
  #waitingHit(): Hit | undefined {
    if (this.#life === 0 || this.#hits.some(({ life }) => life === this.#life)) return undefined;
    return readHit(this.#prefix(this.#life));
  }

  #nextHit(): { readonly hit: Promise<Hit>; stop(): void } {
    let stop = () => {};
    const hit = new Promise<Hit>((resolve) => {
      const look = () => {
        const found = this.#waitingHit();
        if (found !== undefined) resolve(found);
      };
      const watcher = watch(path.join(this.#dir, "boundary"), look);
      stop = () => watcher.close();
      look();
    });
    return { hit, stop: () => stop() };
  }

  /** The process has said that it ends itself; it is gone within the same moment. */
  async #gone(pid: number): Promise<void> {
    const own = this.#children.find((child) => child.pid === pid);
    if (own !== undefined) await own.exited;
    const startTime = await startTimeOf(pid);
    if (startTime === undefined) return;
    while (await isAlive({ pid, startTime })) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What the end left half written or emptied, where that is a file with a role. */
  async #lossesOf(run: Execution, { operation, mode }: Hit): Promise<CrashLoss[]> {
    if (mode !== "torn" && mode !== "empty") return [];
    const target = operation.to ?? operation.path;
    const file = (await run.subject.files(run.context)).find((one) => one.path === target);
    if (file === undefined) return [];
    const size = (await stat(target).catch(() => undefined))?.size ?? 0;
    const half = Math.ceil((operation.bytes ?? 0) / 2);
    const range =
      mode === "torn"
        ? { fromByte: Math.max(0, size - half), toByte: size }
        : { fromByte: 0, toByte: Math.max(1, operation.bytes ?? 0) };
    const session = sessionIndex(run, file.session);
    return [{ role: file.role, path: target, ...range, ...(session === undefined ? {} : { session }) }];
  }

  #counted(run: Execution | undefined): CountedBoundaries {
    const traces = Array.from({ length: this.#life }, (_, index) => ({
      life: index + 1,
      trace: this.#traceOf(index + 1, run),
    }));
    const lives = traces.flatMap(({ life, trace }) =>
      trace === undefined ? [] : [{ life, ...this.#told(trace) }],
    );
    const hits = this.#hits.map(({ life, hit, lost }) => ({
      ...(lost === undefined ? {} : { lost }),
      life,
      operation: hit.operation.n,
      mode: hit.mode,
      step: stepOf(hit.operation, this.#dir),
      state: stateOf(traces.find((one) => one.life === life)?.trace, hit, this.#dir),
    }));
    return { lives, hits };
  }

  /** The trace of the server itself: of all processes that count, the one that answered, or ended itself. */
  #traceOf(life: number, run: Execution | undefined): Trace | undefined {
    const pids = [
      ...(run?.recorder.entries ?? []).flatMap((entry) =>
        entry.kind === "server-start" && entry.life === life ? [entry.pid] : [],
      ),
      ...this.#hits.flatMap((one) => (one.life === life ? [one.hit.pid] : [])),
    ];
    return readTraces(this.#prefix(life)).find(({ head }) => pids.includes(head.pid));
  }

  #told({ head, operations }: Trace): Omit<CountedBoundaries["lives"][number], "life"> {
    // Node's own options may stand before the script; the shim sees them, the preload does not.
    const script =
      head.argv.slice(1).find((argument) => /\.[cm]?[jt]sx?$/.test(argument)) ?? head.argv[1] ?? "";
    return {
      script: script.startsWith(`${this.#dir}/`) ? script.slice(this.#dir.length + 1) : script,
      operations: operations.map((operation) => ({
        step: stepOf(operation, this.#dir),
        modes: modesOf(operation),
      })),
      unknown: head.unknown,
    };
  }
}

/** What was behind the process and what was under way when it ended, as a short hash. */
function stateOf(trace: Trace | undefined, hit: Hit, dir: string): string {
  const before = (trace?.operations ?? []).filter(({ n }) => n < hit.operation.n);
  const told = before.map((operation) => `${stepOf(operation, dir)} ${operation.ended === undefined}`);
  return createHash("sha256").update(told.join("\n")).digest("hex").slice(0, 12);
}
