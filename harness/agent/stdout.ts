/**
 * The agent's stdout: whole lines, bursts or split lines, and what happens when nobody reads them.
 *
 * Always: a ledger entry before a line is handed over and one after its bytes are really out or lost; positions
 * count bytes that the system accepted. A pipe is written asynchronously, so that an agent whose reader is
 * frozen still notices that its harness went away.
 * As the real agent: the first failed write is swallowed, one more call is executed, the next failure is the end.
 */
import { cutPoints } from "./cut-points.ts";
import type { Ledger } from "./ledger-writer.ts";
import type { AgentMachine, StdoutPort } from "./machine.ts";

/** A line's identity in the ledger. */
export interface OutLine {
  readonly nth: number;
  readonly event: string;
  readonly type: "start" | "text" | "call" | "ask" | "result" | "end";
  readonly step?: string;
  readonly callId?: string;
}

export interface StdoutOptions {
  readonly ledger: Ledger;
  readonly machine: AgentMachine;
  readonly writes: "line" | "burst" | "split";
  /** Numbers from the plan that vary where bursts end and lines are cut. */
  readonly variation: readonly number[];
  /** What is printed for a line; the line itself by default. */
  readonly say?: (line: Readonly<Record<string, unknown>>) => readonly object[];
  /** What stood there before: of another turn, or of none. */
  readonly saidBytes?: number;
  /** The line's bytes are out, or lost. */
  readonly onSettled: (line: OutLine) => void;
  /** A write has waited for its reader for a while. */
  readonly onBlocked: (event: string) => void;
}

/** Thrown by the write that ends the agent. */
export class StdoutLostError extends Error {}

interface Pending {
  readonly line: OutLine;
  readonly fromByte: number;
  readonly bytes: Buffer;
}

const blockedAfterMs = 100;
const retryMs = 2;
const burstLinesMax = 5;

export class Stdout {
  readonly #options: StdoutOptions;
  #position = 0;
  #pending: Pending[] = [];
  #turns = 0;
  #isWriting = false;
  #failed = false;
  #executedSinceFailure = 0;

  constructor(options: StdoutOptions) {
    this.#options = options;
    this.#position = options.saidBytes ?? 0;
  }

  get kind(): StdoutPort["kind"] {
    return this.#options.machine.stdout.kind;
  }

  /** True while a write is in the system's hands; then an orderly exit might wait for it for ever. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** A call was executed: see the rule about failed writes above. */
  noteExecuted(): void {
    if (this.#failed) this.#executedSinceFailure += 1;
  }

  /** Writes one line, or keeps it for the next burst. Throws {@link StdoutLostError} when the agent must end. */
  async write(line: OutLine, value: Readonly<Record<string, unknown>>): Promise<void> {
    const spoken = this.#options.say?.(value) ?? [value];
    const bytes = Buffer.from(spoken.map((one) => `${JSON.stringify(one)}\n`).join(""));
    const queued = this.#pending.reduce((sum, pending) => sum + pending.bytes.length, 0);
    const pending = { line, fromByte: this.#position + queued, bytes };
    this.#record("begin", pending, bytes.length);
    this.#pending.push(pending);
    const isDue = this.#options.writes !== "burst" || this.#pending.length >= this.#burstLines();
    if (isDue || line.type === "end" || line.type === "ask") await this.#flush();
  }

  async #flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = [];
    this.#turns += 1;
    const bytes = Buffer.concat(lines.map((pending) => pending.bytes));
    const from = this.#position;
    const code = await this.#writeAll(bytes, lines.at(-1)?.line.event ?? "");
    const written = this.#position - from;
    let end = 0;
    for (const pending of lines) {
      end += pending.bytes.length;
      if (end <= written) this.#record("done", pending, pending.bytes.length);
      else {
        const left = Math.max(0, pending.bytes.length - (end - written));
        this.#record("failed", pending, left, code);
      }
      this.#options.onSettled(pending.line);
    }
    if (code !== undefined) this.#noteFailure(code);
  }

  #noteFailure(code: string): void {
    if (this.#failed && this.#executedSinceFailure > 0) {
      throw new StdoutLostError(`stdout cannot be written (${code})`);
    }
    this.#failed = true;
  }

  /** Returns the error code of a write that failed for good. */
  async #writeAll(bytes: Buffer, event: string): Promise<string | undefined> {
    const { writes, variation, machine } = this.#options;
    const cuts = writes === "split" ? cutPoints(bytes, variation, this.#turns) : [];
    const blocked = machine.after(blockedAfterMs, () => this.#options.onBlocked(event));
    this.#isWriting = true;
    try {
      let done = 0;
      for (const end of [...cuts, bytes.length]) {
        while (done < end) {
          const written = await this.#writeSome(bytes.subarray(done, end));
          done += written;
          this.#position += written;
        }
        if (cuts.length > 0) await machine.sleep(1);
      }
      return undefined;
    } catch (error) {
      return codeOf(error);
    } finally {
      this.#isWriting = false;
      blocked.cancel();
    }
  }

  async #writeSome(bytes: Buffer): Promise<number> {
    try {
      return await this.#options.machine.stdout.write(bytes);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      await this.#options.machine.sleep(retryMs);
      return 0;
    }
  }

  #burstLines(): number {
    const { variation } = this.#options;
    const number = variation[this.#turns % Math.max(1, variation.length)] ?? 0;
    return 1 + ((number + this.#turns) % burstLinesMax);
  }

  #record(phase: "begin" | "done" | "failed", pending: Pending, bytes: number, code?: string): void {
    const { nth: _, ...line } = pending.line;
    this.#options.ledger.add({
      kind: "out",
      phase,
      ...line,
      fromByte: pending.fromByte,
      toByte: pending.fromByte + bytes,
      ...(code === undefined ? {} : { code }),
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
