/**
 * Writes the history of one run, and lets the driver wait for facts in it.
 *
 * Always: entries are in the order in which they were recorded, stamped with CLOCK_MONOTONIC.
 * Never: a wait polls; it is woken by the entry it waits for, or by its limit.
 */
import type { HistoryEntry } from "../history.ts";
import type { Machine } from "./machine.ts";

/** A history entry before it is stamped. */
export type Happening = HistoryEntry extends infer Entry
  ? Entry extends unknown
    ? Omit<Entry, "t">
    : never
  : never;

interface Waiter {
  readonly matches: (entry: HistoryEntry) => boolean;
  readonly wake: (entry: HistoryEntry) => void;
}

export class Recorder {
  readonly entries: HistoryEntry[] = [];
  private waiters: Waiter[] = [];

  constructor(private readonly machine: Pick<Machine, "after" | "monotonic">) {}

  record(happening: Happening): void {
    const entry = { t: this.machine.monotonic(), ...happening } as HistoryEntry;
    this.entries.push(entry);
    const woken = this.waiters.filter((waiter) => waiter.matches(entry));
    if (woken.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => !woken.includes(waiter));
    for (const waiter of woken) waiter.wake(entry);
  }

  /** Nobody waits any more: whoever did is not there. */
  forget(): void {
    this.waiters = [];
  }

  /**
   * Resolves with the first entry from index `since` on that matches, also one that is there already;
   * with undefined when `limitMs` passed first.
   */
  until(
    matches: (entry: HistoryEntry) => boolean,
    limitMs: number,
    since: number = 0,
  ): Promise<HistoryEntry | undefined> {
    const there = this.entries.slice(since).find(matches);
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        matches,
        wake: (entry) => {
          limit.cancel();
          resolve(entry);
        },
      };
      const limit = this.machine.after(limitMs, () => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve(undefined);
      });
      this.waiters.push(waiter);
    });
  }
}
