/**
 * Every legal state of every power cut, without running each: a run stands for all states that it cannot tell apart.
 *
 * A recovery sees of what was left only what it looks at (looks.ts); whatever it does not look at may be in any legal way
 * and it would do the same. So a run is made with everything there, and then one more for each other answer that a state
 * of the same power cut has to what was asked, and so on until every legal state's answers lead to a run. Recoveries that
 * had the same past share one tree of answers, at whichever call the power failed.
 *
 * Always: `covered` counts legal states by the runs that stand for them, choice by choice; the enumeration is exhaustive
 * only where it equals `legal`, counted from the choices alone. Where looks turn out not to follow from answers, the
 * place gets a tree of its own, and where that does not help either nothing is claimed of it.
 */
import { type StateSet, sizeOf } from "../leavings.ts";
import type { Look } from "../looks.ts";
import type { Moment } from "./moments.ts";
import type { KnownOutcome } from "./progress.ts";
import { Branch, NotByAnswers } from "./tree.ts";

export interface Coverage {
  /** Legal states, of every call one by one; told by what came of each open thing, seen or not. */
  readonly legal: bigint;
  /** Those of them that a run stands for. */
  readonly covered: bigint;
  /** Calls whose recoveries the tree that all share did not tell: each has one of its own. */
  readonly apart: number;
  /** Calls at which runs asked differently although all answers were equal: nothing is claimed of their states. */
  readonly untold: number;
}

/** Makes the run of the state that is picked and takes what came of it; undefined when no more are to be made. */
export type RunOne = (moment: Moment, picks: readonly number[]) => Promise<KnownOutcome | undefined>;

export class Exhaustive {
  readonly #run: RunOne;
  /** By past. */
  readonly #roots = new Map<number, Branch>();
  readonly #looks = new Map<string, Look>();
  #apart = 0;
  #untold = 0;

  constructor(run: RunOne) {
    this.#run = run;
  }

  /** Calls that are still to be gone through. */
  waiting = 0;

  /** Goes through the moments, so many at once. */
  async through(moments: readonly Moment[], lanes: number): Promise<Coverage> {
    const covered = new Map<string, bigint>();
    const keys = new Set<string>();
    const distinct = moments.filter(({ key }) => !keys.has(key) && keys.add(key));
    this.waiting = distinct.length;
    let next = 0;
    const lane = async () => {
      for (let moment = distinct[next++]; moment !== undefined; moment = distinct[next++]) {
        covered.set(moment.key, await this.#through(moment));
        this.waiting -= 1;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return {
      legal: moments.reduce((sum, { states }) => sum + sizeOf(states.all), 0n),
      covered: moments.reduce((sum, { key }) => sum + (covered.get(key) ?? 0n), 0n),
      apart: this.#apart,
      untold: this.#untold,
    };
  }

  /** Takes a run that was made before, by whomever. */
  learn({ past, looks }: KnownOutcome): void {
    try {
      this.#rootOf(past).take(looks.map((look) => this.#one(look)));
    } catch (error) {
      // It was made for a call that had a tree of its own.
      if (!(error instanceof NotByAnswers)) throw error;
    }
  }

  /** Recoveries that had no past, because the server was never started, have nothing in common. */
  #rootOf(past: number | undefined): Branch {
    const root = (past === undefined ? undefined : this.#roots.get(past)) ?? new Branch();
    if (past !== undefined) this.#roots.set(past, root);
    return root;
  }

  /** @returns how many of the moment's states a run stands for. */
  async #through(moment: Moment): Promise<bigint> {
    const { all } = moment.states;
    const first = await this.#runOf(moment, all);
    if (first === undefined) return 0n;
    const run = (states: StateSet) => this.#runOf(moment, states);
    try {
      const shared = this.#rootOf(first.past);
      shared.take(first.looks);
      return await new Visit(moment, shared, run).visit(shared, all);
    } catch (error) {
      if (!(error instanceof NotByAnswers)) throw error;
    }
    this.#apart += 1;
    try {
      const own = new Branch();
      own.take(first.looks);
      return await new Visit(moment, own, run).visit(own, all);
    } catch (error) {
      if (!(error instanceof NotByAnswers)) throw error;
    }
    this.#untold += 1;
    return 0n;
  }

  /** Runs the one state of the set in which the most is there. */
  async #runOf(moment: Moment, states: StateSet): Promise<KnownOutcome | undefined> {
    const picks = states.map((options) => options.at(-1) ?? 0);
    const ran = await this.#run(moment, picks);
    return ran === undefined ? undefined : { ...ran, looks: ran.looks.map((look) => this.#one(look)) };
  }

  /** The same look is one object: there are few, and each is in thousands of runs. */
  #one(look: Look): Look {
    const key = `${look.what}\n${look.answer}`;
    const known = this.#looks.get(key) ?? look;
    this.#looks.set(key, known);
    return known;
  }
}

/** The way of one moment's states through a tree. */
class Visit {
  readonly #moment: Moment;
  readonly #root: Branch;
  readonly #run: (states: StateSet) => Promise<KnownOutcome | undefined>;

  constructor(moment: Moment, root: Branch, run: (states: StateSet) => Promise<KnownOutcome | undefined>) {
    this.#moment = moment;
    this.#root = root;
    this.#run = run;
  }

  /** Sees to it that each of the states leads to a run. @returns how many of them do. */
  async visit(branch: Branch, states: StateSet): Promise<bigint> {
    const { states: space } = this.#moment;
    while (branch.looks === undefined) {
      if (branch.running === undefined) {
        const running = this.#fill(branch, states);
        branch.running = running.then(
          () => undefined,
          () => undefined,
        );
        if (!(await running)) return 0n;
      } else await branch.running;
    }
    for (const [at, { what, answer }] of branch.looks.entries()) {
      const answers = space.answers(what, states);
      if (answers.size === 1 && answers.has(answer)) continue;
      branch.split(at);
      break;
    }
    const { fork } = branch;
    if (fork === undefined) return sizeOf(states);
    // One after the other: all at once would be as many promises as there are states to tell apart.
    let covered = 0n;
    for (const [answer, those] of space.answers(fork.what, states))
      covered += await this.visit(Branch.behind(fork, answer), those);
    return covered;
  }

  /** Makes the run that tells the branch. @returns false when no run is to be made any more. */
  async #fill(branch: Branch, states: StateSet): Promise<boolean> {
    try {
      const ran = await this.#run(states);
      if (ran === undefined) return false;
      this.#root.take(ran.looks);
      if (branch.looks === undefined) throw new NotByAnswers("a run with these answers did not ask for them");
      return true;
    } finally {
      branch.running = undefined;
    }
  }
}
