/**
 * The one thing that lets anything happen in memory: it picks, by seed, which of the things that could happen next
 * does, and lets everything that follows from it at once (promises) follow before it picks again.
 *
 * Always: the same seed and the same calls give the same order. Time is virtual: it passes only when nothing else
 * can happen, or (short pauses only) by choice of the seed.
 * Never: something of a dead owner happens; something of a frozen one happens before it is thawed.
 */
import type { Random } from "./random.ts";

/** Somebody on whose behalf things happen: a server life, an agent, the driver, the network. */
export class Owner {
  dead = false;
  frozen = false;
  /** What would have happened while it was frozen. */
  readonly held: (() => void)[] = [];
}

interface Timer {
  readonly owner: Owner;
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** Pauses up to this long may be over before everything else that could happen has. */
const shortMs = 150;
/** One pick in so many lets a short pause end early. */
const earlyOneIn = 12;

/** Its reactions are as cheap as a promise's can be; `queueMicrotask` keeps a context for each. */
const settledLong = Promise.resolve();

/** Nothing can happen any more and the promise is not settled: a bug of whoever waits. */
export class NothingLeft extends Error {}

export class Scheduler {
  readonly #random: Random;
  #owners: Owner[] = [];
  #actions: (() => void)[] = [];
  /** Ascending by due time. */
  #timers: Timer[] = [];
  #order = 0;
  #nowMs = 0;
  #ns = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Nanoseconds that never repeat. */
  monotonic(): string {
    this.#ns = Math.max(this.#ns + 10, this.#nowMs * 1_000_000);
    return String(this.#ns);
  }

  /** Adds something that can happen from now on. */
  push(owner: Owner, action: () => void): void {
    if (owner.dead) return;
    this.#owners.push(owner);
    this.#actions.push(action);
  }

  /** How many things can happen on behalf of an owner. */
  waiting(owner: Owner): number {
    return this.#owners.filter((one) => one === owner).length;
  }

  after(owner: Owner, ms: number, callback: () => void): { cancel(): void } {
    this.#order += 1;
    const timer: Timer = {
      owner,
      dueMs: this.#nowMs + Math.max(0, ms),
      order: this.#order,
      callback,
      cancelled: false,
    };
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1]?.dueMs ?? 0) > timer.dueMs) at -= 1;
    this.#timers.splice(at, 0, timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  }

  freeze(owner: Owner, frozen: boolean): void {
    owner.frozen = frozen;
    if (frozen) return;
    for (const action of owner.held.splice(0)) this.push(owner, action);
  }

  /** Lets things happen until the promise settles. @throws NothingLeft when nothing can happen before. */
  drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    promise.then(settle, settle);
    return new Promise((resolve, reject) => {
      const turn = () => {
        if (settled) {
          resolve(promise);
          return;
        }
        try {
          if (!this.#step()) throw new NothingLeft("Nothing can happen any more.");
        } catch (error) {
          reject(error);
          return;
        }
        void settledLong.then(later);
      };
      // Ticks come after all promises that are due: what follows from this step has followed before the next.
      const later = () => process.nextTick(turn);
      process.nextTick(turn);
    });
  }

  #step(): boolean {
    for (;;) {
      if (this.#actions.length === 0 || this.#isEarly()) {
        if (this.#fire()) return true;
        if (this.#actions.length === 0) return false;
      }
      const at = this.#actions.length === 1 ? 0 : this.#random.below(this.#actions.length);
      const owner = this.#owners[at];
      const action = this.#actions[at];
      const lastOwner = this.#owners.pop();
      const lastAction = this.#actions.pop();
      if (at < this.#actions.length && lastOwner !== undefined && lastAction !== undefined) {
        this.#owners[at] = lastOwner;
        this.#actions[at] = lastAction;
      }
      if (owner === undefined || action === undefined || owner.dead) continue;
      if (owner.frozen) {
        owner.held.push(action);
        continue;
      }
      action();
      return true;
    }
  }

  #isEarly(): boolean {
    let next = this.#timers[0];
    while (next !== undefined && (next.cancelled || next.owner.dead)) {
      this.#timers.shift();
      next = this.#timers[0];
    }
    return next !== undefined && next.dueMs - this.#nowMs <= shortMs && this.#random.oneIn(earlyOneIn);
  }

  /** Lets the next timer's time come; false when there is none. */
  #fire(): boolean {
    for (let timer = this.#timers.shift(); timer !== undefined; timer = this.#timers.shift()) {
      if (timer.cancelled || timer.owner.dead) continue;
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
      if (timer.owner.frozen) {
        // Thawed, it may be cancelled by what comes before it.
        timer.owner.held.push(() => timer.cancelled || timer.callback());
        continue;
      }
      timer.callback();
      return true;
    }
    return false;
  }
}
