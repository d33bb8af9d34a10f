/**
 * The processes that hunt, one a core.
 *
 * Always: a hunt that failed is told as failed and never counts as "not found".
 */
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { nurseryFlags } from "../launch/engine.ts";
import type { Hunt, HuntOrder } from "./hunter.ts";
import type { HuntAnswer, HuntJob } from "./worker.ts";

const entry = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** Whoever starts these may not run TypeScript themselves. */
const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

interface Waiting extends HuntJob {
  readonly resolve: (hunt: Hunt) => void;
  readonly reject: (error: Error) => void;
}

export class Hunters {
  readonly #children: ChildProcess[];
  readonly #idle: ChildProcess[] = [];
  readonly #queue: Waiting[] = [];
  readonly #busy = new Map<ChildProcess, Waiting>();
  #jobs = 0;

  constructor(readonly count: number) {
    this.#children = Array.from({ length: count }, () => this.#start());
  }

  /** Hunts in the build in `file`. @throws Error when the hunt itself fails. */
  hunt(file: string, order: HuntOrder): Promise<Hunt> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ id: this.#jobs++, file, order, resolve, reject });
      this.#dispatch();
    });
  }

  close(): void {
    for (const child of this.#children) if (child.connected) child.disconnect();
  }

  #start(): ChildProcess {
    const child = fork(entry, [], {
      execArgv: [...nurseryFlags, "--import", loader],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("message", (answer: HuntAnswer) => {
      const job = this.#busy.get(child);
      this.#busy.delete(child);
      this.#idle.push(child);
      if (job !== undefined) {
        if ("hunt" in answer) job.resolve(answer.hunt);
        else job.reject(new Error(answer.failed));
      }
      this.#dispatch();
    });
    child.on("exit", () => {
      this.#busy.get(child)?.reject(new Error("The process that hunted ended in the middle of it."));
      this.#busy.delete(child);
      const at = this.#idle.indexOf(child);
      if (at >= 0) this.#idle.splice(at, 1);
      this.#children.splice(this.#children.indexOf(child), 1);
      if (this.#children.length === 0)
        for (const job of this.#queue.splice(0)) job.reject(new Error("No process is left that hunts."));
    });
    this.#idle.push(child);
    return child;
  }

  #dispatch(): void {
    while (this.#queue.length > 0 && this.#idle.length > 0) {
      const [child, job] = [this.#idle.shift(), this.#queue.shift()];
      if (child === undefined || job === undefined) return;
      this.#busy.set(child, job);
      child.send({ id: job.id, file: job.file, order: job.order } satisfies HuntJob);
    }
  }
}
