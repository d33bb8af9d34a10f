/**
 * Epochs of a run: when the world ends in the middle, the driver of before must not go on.
 *
 * Always: what an ended epoch waits for never comes: answers of the subject, of the machine, timers. So a driver that
 * was somewhere inside a round stands still for ever, and another one can go on with the same run.
 * Never: nothing is ended here; clients go on reading, since what they still read counts as shown.
 */
import type { Subject } from "../subject/contract.ts";
import type { Machine } from "./machine.ts";
import type { RunProcess } from "./processes.ts";

export class Epochs {
  #now = 0;
  readonly #timers = new Set<{ cancel(): void }>();
  readonly #isOver: () => boolean;

  /** @param isOver asked at each answer: has the world ended already, though nobody was told yet? */
  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** From here on nothing that was begun before comes to its end. */
  next(): void {
    this.#now += 1;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** Settles as the promise does, while its epoch lasts. */
  lasting<T>(promise: Promise<T>): Promise<T> {
    const begun = this.#now;
    const lasts = () => begun === this.#now && !this.#isOver();
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => lasts() && resolve(value),
        (error) => lasts() && reject(error),
      );
    });
  }

  machine(base: Machine): Machine {
    return {
      ...base,
      after: (ms, callback) => {
        const timer = base.after(ms, () => {
          this.#timers.delete(timer);
          callback();
        });
        this.#timers.add(timer);
        return {
          cancel: () => {
            this.#timers.delete(timer);
            timer.cancel();
          },
        };
      },
      startTimeOf: (pid) => this.lasting(base.startTimeOf(pid)),
      signal: (identity, signal) => this.lasting(base.signal(identity, signal)),
      killTree: (root) => this.lasting(base.killTree(root)),
      readFile: (path) => this.lasting(base.readFile(path)),
      writeFile: (path, bytes) => this.lasting(base.writeFile(path, bytes)),
      truncate: (path, length) => this.lasting(base.truncate(path, length)),
      names: (folder) => this.lasting(base.names(folder)),
      ledger: (path) => this.lasting(base.ledger(path)),
    };
  }

  subject(base: Subject): Subject {
    const { reload, follow } = base;
    return {
      ...base,
      start: (ctx) => this.lasting(base.start(ctx)),
      submit: (ctx, request) => this.lasting(base.submit(ctx, request)),
      resume: (ctx, session, prompt) => this.lasting(base.resume(ctx, session, prompt)),
      observe: (ctx) => this.lasting(base.observe(ctx)),
      files: (ctx) => this.lasting(base.files(ctx)),
      stop: (ctx) => this.lasting(base.stop(ctx)),
      ...(reload === undefined ? {} : { reload: (ctx) => this.lasting(Reflect.apply(reload, base, [ctx])) }),
      ...(follow === undefined
        ? {}
        : {
            follow: (ctx, request) => {
              const { accepted, ...rest } = Reflect.apply(follow, base, [ctx, request]);
              return { ...rest, accepted: this.lasting(accepted) };
            },
          }),
      events: (ctx, session, after) => base.events(ctx, session, after),
    };
  }

  process(base: RunProcess): RunProcess {
    return {
      ...base,
      exited: this.lasting(base.exited),
      line: (pattern) => this.lasting(base.line(pattern)),
    };
  }
}
