/**
 * The workers of a campaign.
 *
 * Always: each has its own folder, ports and, on Linux as root, its own pid namespace, whose end takes everything
 * in it along. A worker that dies costs its job (infra), not the campaign.
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
  readonly index: number;
  child: ChildProcess;
  busy: { job: Job; resolve: (outcome: Outcome | Failure) => void } | undefined;
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

export class Pool {
  private readonly workers: Worker[] = [];
  private readonly idle: Worker[] = [];
  private readonly queue: { job: Job; resolve: (outcome: Outcome | Failure) => void }[] = [];
  private closing = false;

  private constructor(private readonly options: PoolOptions) {}

  /** Starts `count` workers under `dir`; resolves when all are ready. */
  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    await Promise.all(Array.from({ length: options.count }, (_, index) => pool.add(index)));
    return pool;
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
      this.workers.map(({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        if (child.connected) child.disconnect();
        return gone;
      }),
    );
  }

  private async add(index: number): Promise<void> {
    const worker: Worker = { index, child: this.spawn(), busy: undefined };
    this.workers.push(worker);
    await this.greet(worker);
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

  private greet(worker: Worker): Promise<void> {
    const { child, index } = worker;
    child.on("exit", () => this.lost(worker));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.on("message", (message: FromWorker) => {
        if (message.kind === "ready") {
          this.idle.push(worker);
          resolve();
        } else {
          const { busy } = worker;
          worker.busy = undefined;
          this.idle.push(worker);
          busy?.resolve(
            message.kind === "outcome" ? message.outcome : { id: message.id, failed: message.why },
          );
        }
        this.dispatch();
      });
      const { dir, agentBundle, tools, shared } = this.options;
      const isAlone = isolation(false).length > 0;
      const place: WorkPlace = { dir: path.join(dir, `w${index}`), agentBundle, tools, shared, isAlone };
      child.send({ kind: "place", place } satisfies ToWorker);
    });
  }

  private lost(worker: Worker): void {
    const { busy } = worker;
    worker.busy = undefined;
    busy?.resolve({ id: busy.job.id, failed: "the worker process ended in the middle of the run" });
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    if (this.closing) return;
    worker.child = this.spawn();
    void this.greet(worker);
  }

  private dispatch(): void {
    while (this.queue.length > 0 && this.idle.length > 0) {
      const worker = this.idle.shift();
      const next = this.queue.shift();
      if (worker === undefined || next === undefined) return;
      worker.busy = next;
      worker.child.send({ kind: "job", job: next.job } satisfies ToWorker);
    }
  }
}
