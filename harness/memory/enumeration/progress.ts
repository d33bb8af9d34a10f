/**
 * What an enumeration has done, in a file: started again with it, it goes on where it was.
 *
 * Always: a line a run, appended when the run is over, behind a line for each of its looks that no run before it had;
 * half a line at the end is left out. A file belongs to one trace of one scenario under one model: where calls or states
 * have changed, it is of another.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Look } from "../looks.ts";
import type { JobOutcome } from "./job.ts";

export type KnownOutcome = Pick<JobOutcome, "verdict" | "stories" | "looks" | "past">;

export class ForeignProgress extends Error {}

export class Progress {
  readonly #file: string;
  readonly #trace: string;
  readonly #known = new Map<string, KnownOutcome>();
  readonly #looks: Look[] = [];
  readonly #numbers = new Map<string, number>();

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

  /** Everything that was done before. */
  all(): readonly (readonly [key: string, outcome: KnownOutcome])[] {
    return [...this.#known];
  }

  add(key: string, { verdict, stories, looks, past }: KnownOutcome): void {
    const numbers = looks.map((look) => this.#numberOf(look));
    const line = { key, verdict, stories, ...(numbers.length === 0 ? {} : { looks: numbers }), past };
    this.#append(line);
  }

  /** The number of a look; one that is new is written down. */
  #numberOf({ what, answer }: Look): number {
    const key = `${what}\n${answer}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#append({ look: [what, answer] });
    return this.#learn({ what, answer });
  }

  #learn(look: Look): number {
    this.#looks.push(look);
    this.#numbers.set(`${look.what}\n${look.answer}`, this.#looks.length - 1);
    return this.#looks.length - 1;
  }

  #append(line: object): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
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
      if (read === undefined) continue;
      if ("look" in read) {
        const [what, answer] = read.look;
        this.#learn({ what, answer });
        continue;
      }
      const { key, verdict, stories, past } = read;
      const looks = (read.looks ?? []).flatMap((at) => this.#looks[at] ?? []);
      this.#known.set(key, { verdict, stories, looks, ...(past === undefined ? {} : { past }) });
    }
  }
}

interface RunLine {
  readonly key: string;
  readonly verdict: string;
  readonly stories: readonly string[];
  readonly looks?: readonly number[];
  readonly past?: number;
}
interface LookLine {
  readonly look: readonly [what: string, answer: string];
}

/** Undefined for half a line, which the end of a process has left. */
function parsed(line: string): RunLine | LookLine | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
