/**
 * What the driver of a run waits for, measured.
 *
 * Always: at any moment the run waits for one thing, the one that it began to wait for first; what is left of its
 * time is the harness' own work. Only real runs are measured: time in memory is nobody's.
 */
import type { Subject } from "../subject/contract.ts";
import type { Machine } from "./machine.ts";

/**
 * `starts`: a server to be ready · `answers`: what the subject is asked · `agents`: agents to start, move and end ·
 * `streams`: an event to reach a client · `ends`: processes to end, and pauses that a plan asks for.
 */
export const activities = ["starts", "answers", "agents", "streams", "ends"] as const;
export type Activity = (typeof activities)[number];

/** Milliseconds waited for each. */
export type Waited = Readonly<Record<Activity, number>>;

export const nothingWaited: Waited = { starts: 0, answers: 0, agents: 0, streams: 0, ends: 0 };

export class Stopwatch {
  private readonly waited: Record<Activity, number> = { ...nothingWaited };
  /** In the order in which they began. */
  private readonly open = new Set<{ readonly activity: Activity }>();
  private since = performance.now();

  /** Returns what is to be called when the wait is over; calls after the first do nothing. */
  begin(activity: Activity): () => void {
    this.charge();
    const wait = { activity };
    this.open.add(wait);
    return () => {
      this.charge();
      this.open.delete(wait);
    };
  }

  /** Measures a promise from now until it settles. */
  async during<T>(activity: Activity, work: Promise<T>): Promise<T> {
    const end = this.begin(activity);
    try {
      return await work;
    } finally {
      end();
    }
  }

  /** The machine, for a part of the driver that waits for the activity: every wait there has a limit, set by `after`. */
  machine(activity: Activity, base: Machine): Machine {
    return {
      ...base,
      after: (ms, callback) => {
        const end = this.begin(activity);
        const timer = base.after(ms, () => {
          end();
          callback();
        });
        return {
          cancel: () => {
            end();
            timer.cancel();
          },
        };
      },
    };
  }

  subject(base: Subject): Subject {
    const { reload, follow } = base;
    return {
      ...base,
      start: (ctx) => this.during("starts", base.start(ctx)),
      submit: (ctx, request) => this.during("answers", base.submit(ctx, request)),
      resume: (ctx, session, prompt) => this.during("answers", base.resume(ctx, session, prompt)),
      observe: (ctx) => this.during("answers", base.observe(ctx)),
      stop: (ctx) => this.during("ends", base.stop(ctx)),
      events: (ctx, session, after) => base.events(ctx, session, after),
      files: (ctx) => base.files(ctx),
      ...(follow === undefined
        ? {}
        : { follow: (ctx, request) => Reflect.apply(follow, base, [ctx, request]) }),
      ...(reload === undefined
        ? {}
        : { reload: (ctx) => this.during("starts", Reflect.apply(reload, base, [ctx])) }),
    };
  }

  total(): Waited {
    this.charge();
    return { ...this.waited };
  }

  private charge(): void {
    const now = performance.now();
    const [first] = this.open;
    if (first !== undefined) this.waited[first.activity] += now - this.since;
    this.since = now;
  }
}
