/**
 * The states that two power cuts may leave, one in the recovery from the other: what is open at the second, and what was
 * open at the first and nobody has looked at since.
 *
 * Always: who changes something looks at it first. So what nobody has looked at is as the first power cut left it, and
 * what somebody has is the same in all states that are asked here.
 */
import type { StateSet, StateSpace } from "./leavings.ts";

export class TwiceLeft implements StateSpace {
  readonly all: StateSet;
  readonly #second: StateSpace;
  readonly #first: StateSpace;
  /** States of the first power cut that the recovery could not tell apart. */
  readonly #open: StateSet;

  constructor(second: StateSpace, first: StateSpace, open: StateSet) {
    this.#second = second;
    this.#first = first;
    this.#open = open;
    this.all = [...second.all, ...open];
  }

  answers(what: string, states: StateSet): ReadonlyMap<string, StateSet> {
    const [second, first] = this.#parts(states);
    const isOpen = this.#first.answers(what, this.#open).size > 1;
    const found = isOpen ? this.#first.answers(what, first) : this.#second.answers(what, second);
    return new Map(
      [...found].map(([answer, left]) => [answer, isOpen ? [...second, ...left] : [...left, ...first]]),
    );
  }

  /** The picks of the first power cut, and of the second. */
  picksOf(picks: readonly number[]): readonly [first: readonly number[], second: readonly number[]] {
    const size = this.#second.all.length;
    return [picks.slice(size), picks.slice(0, size)];
  }

  #parts(states: StateSet): [second: StateSet, first: StateSet] {
    const size = this.#second.all.length;
    return [states.slice(0, size), states.slice(size)];
  }
}
