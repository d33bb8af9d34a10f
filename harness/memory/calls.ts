/**
 * Every call that a server life makes of its ports, counted: the places at which the world can be taken away, or
 * fail.
 *
 * Always: calls are numbered 1, 2, 3 … through all lives of a run. A life that is dead gets no answer.
 */
import { IoError } from "./ports.ts";
import type { Owner, Scheduler } from "./scheduler.ts";

/** One call, as it is about to happen. */
export interface PortCall {
  /** 1, 2, 3 … */
  readonly number: number;
  /** What is called, as `append` or `syncFolder`. */
  readonly op: string;
  /** "" for calls without a path. */
  readonly path: string;
}

/** When in a call the world ends. */
export type CrashMoment = "before" | "after" | "torn" | "late";

/** What becomes of a call. */
export type CallFate =
  | { readonly kind: "go" }
  /** The world ends before the call had any effect, after its whole effect, or after half of its bytes. */
  /** `late`: it has its effect when the next life has read what there was: a write that was on its way. */
  | { readonly kind: "end"; readonly when: CrashMoment }
  /** The call fails; of an append `written` bytes are written before. */
  | { readonly kind: "fail"; readonly code: string; readonly written?: number }
  /** A sync fails and what it was to bring is dropped. */
  | { readonly kind: "drop" };

const goes: CallFate = { kind: "go" };

export interface CallHooks {
  /** Decides about each call. */
  fate?(call: PortCall): CallFate;
  /** The world ends here: called at the very moment. */
  ended?(call: PortCall, when: CrashMoment): void;
  /** Told after each call that happened. */
  done?(call: PortCall): void;
}

/** What a call does, and how it does half of it, or drops it. */
export interface Act<T> {
  readonly op: string;
  readonly path: string;
  whole(): T;
  /** Of an append: only so many bytes. */
  partly?(bytes?: number): void;
  /** Of a sync. */
  drop?(): void;
}

export class Calls {
  count = 0;
  readonly #scheduler: Scheduler;
  hooks: CallHooks = {};
  #late: { readonly path: string; readonly act: () => void } | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Makes a call on behalf of a life; it happens when the scheduler comes to it. */
  call<T>(life: Owner, act: Act<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#scheduler.push(life, () => this.#happen(act, resolve, reject));
    });
  }

  #happen<T>(act: Act<T>, resolve: (value: T) => void, reject: (error: unknown) => void): void {
    this.count += 1;
    const call = { number: this.count, op: act.op, path: act.path };
    const fate = this.hooks.fate?.(call) ?? goes;
    if (fate.kind === "end") {
      if (fate.when === "torn") act.partly?.();
      else if (fate.when === "after") attempt(act);
      else if (fate.when === "late") this.#late = { path: act.path, act: () => attempt(act) };
      this.hooks.ended?.(call, fate.when);
      return;
    }
    if (fate.kind === "fail") {
      if (fate.written !== undefined) act.partly?.(fate.written);
      reject(new IoError(fate.code, act.path, act.op));
      return;
    }
    if (fate.kind === "drop") {
      act.drop?.();
      reject(new IoError("EIO", act.path, act.op));
      return;
    }
    try {
      const value = act.whole();
      this.hooks.done?.(call);
      // By its own first record a life has read everything that there was.
      if (act.op === "sync" && this.#late !== undefined && isBeside(act.path, this.#late.path)) {
        this.#late.act();
        this.#late = undefined;
      }
      resolve(value);
    } catch (error) {
      reject(error);
    }
  }
}

/** Nobody is left to be told of an error. */
function attempt(act: Act<unknown>): void {
  try {
    act.whole();
  } catch {
    // The world ends here in any case.
  }
}

/** Another file of the same folder. */
function isBeside(path: string, other: string): boolean {
  return path !== other && path.slice(0, path.lastIndexOf("/")) === other.slice(0, other.lastIndexOf("/"));
}
