/**
 * What an enumeration has done, in a file: started again with it, it goes on where it was.
 *
 * Always: a line a run, appended when the run is over; half a line at the end is left out. A file belongs to one
 * trace of one scenario under one model: where calls or states have changed, it is of another.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { JobOutcome } from "./job.ts";

export type KnownOutcome = Pick<JobOutcome, "verdict" | "stories">;

export class ForeignProgress extends Error {}

export class Progress {
  readonly #file: string;
  readonly #trace: string;
  readonly #known = new Map<string, KnownOutcome>();

  /** @throws ForeignProgress when the file is of another trace. */
  constructor(file: string, trace: string) {
    this.#file = file;
    this.#trace = trace;
    if (existsSync(file)) this.#read();
    else appendFileSync(file, `${JSON.stringify({ trace })}\n`);
  }

  /** Runs that were done before. */
  get size(): number {
    return this.#known.size;
  }

  of(key: string): KnownOutcome | undefined {
    return this.#known.get(key);
  }

  add(key: string, { verdict, stories }: KnownOutcome): void {
    appendFileSync(this.#file, `${JSON.stringify({ key, verdict, stories })}\n`);
  }

  #read(): void {
    const text = readFileSync(this.#file, "utf8");
    const [first = "", ...lines] = text.split("\n");
    if (first !== JSON.stringify({ trace: this.#trace }))
      throw new ForeignProgress(
        `${this.#file} is of another scenario, model or version of the code. Remove it, or name another file.`,
      );
    if (!text.endsWith("\n")) appendFileSync(this.#file, "\n");
    for (const line of lines) {
      const read = parsed(line);
      if (read !== undefined) this.#known.set(read.key, { verdict: read.verdict, stories: read.stories });
    }
  }
}

/** Undefined for half a line, which the end of a process has left. */
function parsed(line: string): (KnownOutcome & { readonly key: string }) | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
