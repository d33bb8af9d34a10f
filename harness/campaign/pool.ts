/**
 * The workers of a campaign.
 *
 * Always: each has its own folder, ports and, on Linux as root, its own pid namespace, whose end takes everything
 * in it along. A worker that dies costs its job (infra), not the campaign: another one takes its place. One that dies
 * without a job, above all while it loads, is not replaced, since the next one would do the same; where none is left,
 * every job fails with the reason.
 */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import type { BoundaryTools } from "../boundary/tools.ts";
import type { Subject } from "../subject/contract.ts";
import type { WorkPlace } from "./execute-job.ts";
import { hasOwnNetwork, isolation } from "./isolation.ts";
import type { Job, Outcome } from "./job.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

/** Servers that share a port they insist on run one at a time, where workers have no network of their own. */
export function workersFor(subject: Pick<Subject, "port">, wanted: number): number {
  return subject.port === undefined || hasOwnNetwork() ? wanted : 1;
}

interface Worker {
  readonly child: ChildProcess;
  busy: { job: Job; resolve: (outcome: Outcome | Failure) => void } | undefined;
  isReady: boolean;
}

/** How workers are started. */
export interface PoolOptions {
  /** Each worker has a folder below. */
  readonly dir: string;
  /** The worker's module, absolute. */
  readonly workerModule: string;
  readonly agentBundle: string;
  readonly tools: BoundaryTools;
  /** What the subject has prepared. */
  readonly shared: string;
  readonly count: number;
  /** Each worker gets a network of its own: for servers that always listen on the same port. */
  readonly ownNetwork?: boolean;
}

/** A job that no verdict came of: the harness or the machine failed. */
export interface Failure {
  readonly id: number;
  readonly failed: string;
}

/** Workers could not be started, or none is left; the message is made for the user. */
export class WorkersLost extends Error {}

export class Pool {
  private readonly workers = new Set<Worker>();
  private readonly idle: Worker[] = [];
  private readonly queue: { job: Job; resolve: (outcome: Outcome | Failure) => void }[] = [];
  private closing = false;
  private why: string | undefined;

  private constructor(private readonly options: PoolOptions) {}

  /**
   * Starts `count` workers under `dir`; resolves when all are ready.
   *
   * @throws WorkersLost when one of them ends before it is.
   */
  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    const ready = await Promise.all(Array.from({ length: options.count }, (_, index) => pool.add(index)));
    if (ready.every(Boolean)) return pool;
    await pool.close();
    throw new WorkersLost(pool.why);
  }

  /** No worker is left: every job fails from now on. */
  get isOver(): boolean {
    return this.workers.size === 0;
  }

  /** Executes a job on the next free worker. */
  run(job: Job): Promise<Outcome | Failure> {
    return new Promise((resolve) => {
      this.queue.push({ job, resolve });
      this.dispatch();
    });
  }

  /** Ends all workers, and with them everything that they started. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(
      [...this.workers].map(({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        if (child.connected) child.disconnect();
        return gone;
      }),
    );
  }

  /** Resolves when it is ready: false, when it ended before. */
  private add(index: number): Promise<boolean> {
    const worker: Worker = { child: this.spawn(), busy: undefined, isReady: false };
    const { child } = worker;
    this.workers.add(worker);
    const { dir, agentBundle, tools, shared } = this.options;
    const isAlone = isolation(false).length > 0;
    const place: WorkPlace = { dir: path.join(dir, `w${index}`), agentBundle, tools, shared, isAlone };
    return new Promise((resolve) => {
      const gone = (why: string) => {
        resolve(false);
        this.lost(worker, index, why);
      };
      child.once("exit", (code, signal) => gone(signal ?? `exit code ${code}`));
      // Also of a message that did not get through: then its end follows.
      child.on("error", (error) => {
        if (child.pid === undefined) gone(error.message);
      });
      child.on("message", (message: FromWorker) => {
        // What it said last may come after its end.
        if (!this.workers.has(worker)) return;
        if (message.kind === "ready") {
          worker.isReady = true;
          resolve(true);
        } else this.answered(worker, message);
        this.idle.push(worker);
        this.dispatch();
      });
      child.send({ kind: "place", place } satisfies ToWorker);
    });
  }

  private spawn(): ChildProcess {
    const command = [process.execPath, this.options.workerModule];
    const [file = "", ...args] = [...isolation(this.options.ownNetwork === true), ...command];
    return spawn(file, args, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      // Its own group: an interrupt at the terminal is the campaign's to handle.
      detached: true,
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", LANG: "C.UTF-8", TZ: "UTC" },
    });
  }

  private answered(worker: Worker, message: Exclude<FromWorker, { readonly kind: "ready" }>): void {
    const { busy } = worker;
    worker.busy = undefined;
    busy?.resolve(message.kind === "outcome" ? message.outcome : { id: message.id, failed: message.why });
  }

  private lost(worker: Worker, index: number, how: string): void {
    if (!this.workers.delete(worker)) return;
    const { busy } = worker;
    worker.busy = undefined;
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    if (!this.closing) {
      const when = worker.isReady ? "before it was given a job" : "while it was loading";
      if (busy !== undefined) void this.add(index);
      else this.why ??= `A worker of the campaign ended ${when} (${how}); what it said stands above.`;
    }
    busy?.resolve({ id: busy.job.id, failed: `the worker process ended in the middle of the run (${how})` });
    this.dispatch();
  }

  private dispatch(): void {
    while (this.queue.length > 0 && (this.idle.length > 0 || this.isOver)) {
      const worker = this.idle.shift();
      const next = this.queue.shift();
      if (next === undefined) return;
      if (worker === undefined) {
        next.resolve({ id: next.job.id, failed: this.why ?? "the workers of the campaign are closed" });
        continue;
      }
      worker.busy = next;
      worker.child.send({ kind: "job", job: next.job } satisfies ToWorker);
    }
  }
}
