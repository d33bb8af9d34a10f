/**
 * The gate before every primitive of an attempt.
 *
 * Always: in lockstep the ledger has the gate before the harness hears of it, and the agent waits until it is
 * released. Free, or after `run-on`, it only pauses as the plan says and announces what it has passed.
 */
import type { GateClient } from "./gate-client.ts";
import type { Ledger } from "./ledger-writer.ts";
import type { AgentMachine } from "./machine.ts";

/** The agent's end of its line to the harness. */
export type HarnessLine = Pick<GateClient, "isRunningOn" | "park" | "send">;

const blockedAfterMs = 100;

export interface GatesOptions {
  readonly client: HarnessLine;
  readonly ledger: Ledger;
  readonly machine: AgentMachine;
  readonly isLockstep: boolean;
  readonly pausesMs: readonly number[];
}

export class Gates {
  readonly #client: HarnessLine;
  readonly #ledger: Ledger;
  readonly #machine: AgentMachine;
  readonly #isLockstep: boolean;
  readonly #pausesMs: readonly number[];
  #nth = 0;

  constructor(options: GatesOptions) {
    this.#client = options.client;
    this.#ledger = options.ledger;
    this.#machine = options.machine;
    this.#isLockstep = options.isLockstep;
    this.#pausesMs = options.pausesMs;
  }

  /** Resolves with the gate's number, from 0, when `event` may happen. */
  async before(event: string): Promise<number> {
    const nth = this.#nth;
    this.#nth += 1;
    if (this.#isHeld) {
      this.#ledger.add({ kind: "gate", nth, event });
      await this.#client.park(nth, event);
    } else if (!this.#isLockstep) {
      // Also without a pause the event loop gets its turn: a closed socket must be seen.
      await this.#machine.sleep(this.#pausesMs[nth % Math.max(1, this.#pausesMs.length)] ?? 0);
    }
    return nth;
  }

  /** Waits for somebody else; the harness is told when that takes a while, as it is of a write that nobody reads. */
  async blocked<T>(event: string, waiting: Promise<T>): Promise<T> {
    const told = this.#machine.after(blockedAfterMs, () => this.#client.send({ kind: "blocked", event }));
    try {
      return await waiting;
    } finally {
      told.cancel();
    }
  }

  after(nth: number, event: string): void {
    if (!this.#isHeld) this.#client.send({ kind: "passed", nth, event });
  }

  get #isHeld(): boolean {
    return this.#isLockstep && !this.#client.isRunningOn;
  }
}
