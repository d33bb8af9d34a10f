/**
 * The gate before every primitive of an attempt.
 *
 * Always: in lockstep the ledger has the gate before the harness hears of it, and the agent waits until it is
 * released. Free, or after `run-on`, it only pauses as the plan says and announces what it has passed.
 */
import type { GateClient } from "./gate-client.ts";
import type { LedgerWriter } from "./ledger-writer.ts";

export class Gates {
  readonly #client: GateClient;
  readonly #ledger: LedgerWriter;
  readonly #isLockstep: boolean;
  readonly #pausesMs: readonly number[];
  #nth = 0;

  constructor(client: GateClient, ledger: LedgerWriter, isLockstep: boolean, pausesMs: readonly number[]) {
    this.#client = client;
    this.#ledger = ledger;
    this.#isLockstep = isLockstep;
    this.#pausesMs = pausesMs;
  }

  /** Resolves with the gate's number, from 0, when `event` may happen. */
  async before(event: string): Promise<number> {
    const nth = this.#nth;
    this.#nth += 1;
    if (this.#isHeld) {
      this.#ledger.add({ kind: "gate", nth, event });
      await this.#client.park(nth, event);
    } else if (!this.#isLockstep) {
      await pause(this.#pausesMs[nth % Math.max(1, this.#pausesMs.length)] ?? 0);
    }
    return nth;
  }

  after(nth: number, event: string): void {
    if (!this.#isHeld) this.#client.send({ kind: "passed", nth, event });
  }

  get #isHeld(): boolean {
    return this.#isLockstep && !this.#client.isRunningOn;
  }
}

/** Also without a pause the event loop gets its turn: a closed socket must be seen. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)));
}
