/**
 * Processes that perform the runs of an enumeration.
 *
 * Always: a job that a process was given is answered, or the pool rejects it with how the process ended. A process
 * is replaced after some thousand runs, so that what they leave in memory goes with it; V8 knows nothing of them then.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bundleOnce } from "../../launch/bundle.ts";
import { nurseryFlags } from "../../launch/engine.ts";
import type { Plan } from "../../plan/plan.ts";
import { type EnumerationJob, type JobOutcome, perform } from "./job.ts";

export interface EnumerationPool {
  readonly size: number;
  perform(job: EnumerationJob): Promise<JobOutcome>;
  close(): void;
}

/** From the pool to a process: what all of its jobs are about, then the jobs. */
export type PoolMessage =
  | { readonly kind: "about"; readonly plan: Plan; readonly seed: number }
  | { readonly kind: "job"; readonly job: EnumerationJob };

const jobsMax = 4_000;

/** Everything in this process. */
export function ownPool(plan: Plan, seed: number): EnumerationPool {
  return { size: 1, perform: (job) => perform(plan, seed, job), close: () => undefined };
}

const entry = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** So many processes; their bundle is made in `dir`: what the loader of sources adds to each function costs a third. */
export async function openPool(
  plan: Plan,
  seed: number,
  size: number,
  dir: string,
): Promise<EnumerationPool> {
  const { enumeration } = await bundleOnce({ enumeration: entry }, dir);
  const waiting: Asked[] = [];
  const workers = Array.from({ length: size }, () => new Worker(enumeration, plan, seed));
  const next = (worker: Worker): void => {
    const asked = waiting.shift();
    if (asked !== undefined) void worker.take(asked).then(() => next(worker));
  };
  return {
    size,
    perform: (job) =>
      new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject });
        const free = workers.find(({ isFree }) => isFree);
        if (free !== undefined) next(free);
      }),
    close: () => {
      for (const worker of workers) worker.close();
    },
  };
}

interface Asked {
  readonly job: EnumerationJob;
  readonly resolve: (outcome: JobOutcome) => void;
  readonly reject: (error: Error) => void;
}

class Worker {
  isFree = true;
  readonly #about: PoolMessage;
  #child: ChildProcess | undefined;
  readonly #file: string;
  #jobs = 0;

  constructor(file: string, plan: Plan, seed: number) {
    this.#file = file;
    this.#about = { kind: "about", plan, seed };
  }

  /** Resolves when the job is answered, however. */
  take({ job, resolve, reject }: Asked): Promise<void> {
    this.isFree = false;
    const child = this.#process();
    return new Promise((done) => {
      const answered = (tell: () => void) => {
        child.removeAllListeners();
        this.isFree = true;
        tell();
        done();
      };
      child.once("message", (outcome) => answered(() => resolve(outcome as JobOutcome)));
      child.once("exit", (code, signal) => {
        this.#child = undefined;
        const why = `A process of the enumeration ended (${signal ?? code}) with ${JSON.stringify(job)}.`;
        answered(() => reject(new Error(why)));
      });
      child.send({ kind: "job", job } satisfies PoolMessage);
    });
  }

  close(): void {
    this.#child?.kill();
    this.#child = undefined;
  }

  #process(): ChildProcess {
    this.#jobs += 1;
    if (this.#jobs % jobsMax === 0) this.close();
    if (this.#child !== undefined) return this.#child;
    this.#child = fork(this.#file, { execArgv: [...nurseryFlags] });
    this.#child.send(this.#about);
    return this.#child;
  }
}
