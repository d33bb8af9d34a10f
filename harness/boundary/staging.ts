/**
 * Plays a plan on real processes whose server counts its own operations and ends itself, or fails, at the ones the plan
 * names.
 *
 * Always: the end is the process's own, at the very operation; the driver that was in the middle of something stands
 * still from then on, and a person goes on: starts the server again, looks, resumes (see recovery.ts). Where operations
 * fail instead, the run goes on as far as it does; then a person mends the disk and does the same. What was never
 * reached is told by its absence.
 */
import { mkdirSync, watch, writeFileSync } from "node:fs";
import path from "node:path";
import { Epochs } from "../execute/epochs.ts";
import type { Execution, RunEnvironment } from "../execute/execution.ts";
import { type Machine, realMachine } from "../execute/machine.ts";
import { isAlive, type RunProcess, reapMarked, startTimeOf } from "../execute/processes.ts";
import { placeMark, planAsPlayed, recover, type WorldEnd } from "../execute/recovery.ts";
import { play, type Staging } from "../execute/run.ts";
import { type CountedBoundaries, fullDisk, type RunRecord } from "../history.ts";
import type { FolderNode } from "../memory/nodes.ts";
import type { Boundary, Plan } from "../plan/plan.ts";
import type { Subject } from "../subject/contract.ts";
import { countedIn, type Met } from "./counted.ts";
import { LoopDisk } from "./loop-disk.ts";
import { lossesAt, tornTails } from "./losses.ts";
import type { BoundaryOrder, Hit } from "./operation.ts";
import { cutPower, exchange } from "./power-cut.ts";
import { SmallDisk } from "./small-disk.ts";
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

/** A run whose disk fails is given so long to come to its end, or to fail; its waits have limits of their own. */
const patienceMs = 60_000;

class BoundaryStaging implements Staging {
  readonly machine: Machine;
  readonly subject: Subject;
  readonly #plan: Plan;
  readonly #dir: string;
  readonly #tools: BoundaryTools;
  readonly #epochs: Epochs;
  readonly #children: RunProcess[] = [];
  readonly #hits: Met[] = [];
  readonly #disk: SmallDisk | undefined;
  readonly #device: LoopDisk | undefined;
  #wasFilled = false;
  #bootIdFile: string | undefined;
  /** What the last power cut left, and the life that it ended: what was lost then does not come back at the next. */
  #cut: { readonly life: number; readonly root: FolderNode } | undefined;
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
    const own = path.join(dir, "subject");
    if (plan.boundaries?.freeBytes !== undefined) this.#disk = new SmallDisk(own);
    else if (plan.boundaries?.ends.some(({ power }) => power?.model === "device") === true)
      this.#device = new LoopDisk(own);
  }

  envOf(env: Readonly<Record<string, string>>, run: Execution | undefined): Readonly<Record<string, string>> {
    const life = run?.lives ?? 0;
    // Before the first start the subject only sets itself up.
    if (life === 0) return env;
    // The subject has set itself up: from here on there is only so much room.
    if (this.#life === 0) {
      this.#disk?.leave(this.#plan.boundaries?.freeBytes ?? 0);
      this.#device?.sync();
    }
    this.#life = life;
    const { by, ends } = this.#plan.boundaries ?? { by: "preload" as const, ends: [] };
    const planned = ends.find((boundary) => boundary.life === life);
    const order: BoundaryOrder = {
      trace: this.#prefix(life),
      ...(ends.some(({ power }) => power !== undefined) ? { data: true } : {}),
      ...(this.#bootIdFile === undefined ? {} : { bootIdFile: this.#bootIdFile }),
      ...(planned === undefined
        ? {}
        : {
            entry: planned.script,
            at: { operation: planned.operation, mode: planned.mode, ...failing(planned) },
          }),
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
      const hit = await Promise.race([playing.then(() => undefined, asError), next.hit, next.late]).finally(
        next.stop,
      );
      if (hit !== undefined && "operation" in hit) {
        await this.#gone(hit.pid);
        this.#forget(run);
        playing = recover(run, await this.#end(run, hit));
        continue;
      }
      const at = this.#failure();
      if (at === undefined) {
        if (hit === undefined) return;
        if ("error" in hit) throw hit.error;
        continue;
      }
      for (const child of this.#children) if (!child.ended()) child.kill();
      await Promise.all(this.#children.map((child) => child.exited));
      this.#forget(run);
      playing = recover(run, {
        at,
        isPower: false,
        losses: this.#disk === undefined ? [] : await tornTails(run),
      });
    }
  }

  /** The driver of before goes on no more. */
  #forget(run: Execution): void {
    this.#epochs.next();
    run.agents.forget();
    run.clients.forget();
    run.recorder.forget();
    // What a person has tried in vain does not tire them.
    for (const session of run.sessions) session.resumes = 0;
  }

  /** Something has failed that nobody has mended yet: mends it, and says what it was. */
  #failure(): string | undefined {
    const place = (n: number | string, what: string) => `${placeMark}${n}, server ${this.#life}, ${what})`;
    if (this.#disk?.isFull() === true && !this.#wasFilled) {
      this.#wasFilled = true;
      this.#disk.mend();
      return `${fullDisk} ${place("any", "ENOSPC, kill")}`;
    }
    for (let life = 1; life <= this.#life; life += 1) {
      const hit = this.#hits.some((one) => one.life === life) ? undefined : readHit(this.#prefix(life));
      if (hit?.mode !== "fail") continue;
      this.#hits.push({ life, hit });
      const fails = this.#plan.boundaries?.ends.find((end) => end.life === life)?.fails;
      const how = `${fails?.code ?? "it fails"}${fails?.stays === true ? " and all that follows" : ""}`;
      return `${stepOf(hit.operation, this.#dir)} ${place(hit.operation.n, `${how}, kill`)}`;
    }
    return undefined;
  }

  async #end(run: Execution, hit: Hit): Promise<WorldEnd> {
    const life = this.#life;
    const told: Met = { life, hit };
    this.#hits.push(told);
    const { operation, mode } = hit;
    const power = this.#plan.boundaries?.ends.find((end) => end.life === life)?.power;
    // At once: what is in memory now finds its way to the device by and by.
    if (power?.model === "device") this.#device?.powerFails();
    const how = power === undefined ? "kill" : `power, ${power.model}`;
    const place = `server ${life}, ${mode} it, ${how}`;
    const at = `${stepOf(operation, this.#dir)} ${placeMark}${operation.n}, ${place})`;
    if (power === undefined) return { at, isPower: false, losses: await lossesAt(run, hit) };
    await reapMarked(`${this.#dir}/`, `HOLDFAST_RUN=${run.environment.runId}`);
    const { dir, workspace, env } = run.context;
    const folders = [dir, workspace, env["HOME"] ?? dir];
    const since = this.#cut?.life ?? 0;
    const operations = Array.from({ length: life - since }, (_, index) =>
      this.#traceOf(since + index + 1, run),
    ).flatMap((trace) => trace?.operations ?? []);
    const files = await run.subject.files(run.context);
    this.#bootIdFile = path.join(this.#dir, "boundary", `boot-id-${life}`);
    writeFileSync(this.#bootIdFile, `${this.machine.randomUuid()}\n`);
    const { model, state } = power;
    if (model === "device") {
      const { losses, lost } = exchange(files, () => this.#device?.powerIsBack());
      told.lost = lost;
      return { at, isPower: true, losses };
    }
    const { losses, lost, root } = cutPower(operations, folders, files, { model, state }, this.#cut?.root);
    this.#cut = { life, root };
    told.lost = lost;
    return { at, isPower: true, losses };
  }

  told(run: Execution | undefined): Partial<RunRecord> {
    const entries = run?.recorder.entries ?? [];
    const boundaries = this.#counted(run);
    this.#disk?.remove();
    this.#device?.remove();
    return { plan: planAsPlayed(this.#plan, entries), boundaries };
  }

  #prefix(life: number): string {
    return path.join(this.#dir, "boundary", `server-${life}`);
  }

  /** A hit of the present life that nobody has acted on. */
  #waitingHit(): Hit | undefined {
    if (this.#life === 0 || this.#hits.some(({ life }) => life === this.#life)) return undefined;
    const hit = readHit(this.#prefix(this.#life));
    return hit?.mode === "fail" ? undefined : hit;
  }

  #nextHit(): { readonly hit: Promise<Hit>; readonly late: Promise<{ late: true }>; stop(): void } {
    let stop = () => {};
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise<{ late: true }>((resolve) => {
      limit = setTimeout(() => resolve({ late: true }), patienceMs);
    });
    const hit = new Promise<Hit>((resolve) => {
      const look = () => {
        const found = this.#waitingHit();
        if (found !== undefined) resolve(found);
      };
      const watcher = watch(path.join(this.#dir, "boundary"), look);
      stop = () => watcher.close();
      look();
    });
    return {
      hit,
      late,
      stop: () => {
        clearTimeout(limit);
        stop();
      },
    };
  }

  /** The process has said that it ends itself; it is gone within the same moment. */
  async #gone(pid: number): Promise<void> {
    const own = this.#children.find((child) => child.pid === pid);
    if (own !== undefined) await own.exited;
    const startTime = await startTimeOf(pid);
    if (startTime === undefined) return;
    while (await isAlive({ pid, startTime })) await new Promise((resolve) => setImmediate(resolve));
  }

  #counted(run: Execution | undefined): CountedBoundaries {
    const lives = Array.from({ length: this.#life }, (_, index) => index + 1);
    const traces = lives.map((life) => ({ life, trace: this.#traceOf(life, run) }));
    return {
      ...countedIn(traces, this.#hits, this.#dir),
      ...(this.#disk === undefined ? {} : { wasFilled: this.#wasFilled }),
    };
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
}

function failing({ fails }: Boundary): Partial<NonNullable<BoundaryOrder["at"]>> {
  return fails === undefined ? {} : { fails: fails.code, stays: fails.stays };
}

function asError(error: unknown): { readonly error: unknown } {
  return { error };
}
