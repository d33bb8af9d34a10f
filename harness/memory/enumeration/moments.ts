/**
 * The moments at which the power can fail: before each call of a run, or of the recovery from a power cut before.
 *
 * Always: two moments with one key leave the same states, and the same had been until then.
 */
import type { Plan } from "../../plan/plan.ts";
import { type Crash, executeWithCrashes } from "../crash.ts";
import { hashOfText } from "../hash.ts";
import { Leavings, type StateSet, type StateSpace } from "../leavings.ts";
import { choicesOf, type PowerModel } from "../power.ts";
import { stepOf } from "../steps.ts";
import { TwiceLeft } from "../twice-left.ts";
import { seenSoFar } from "./place.ts";

/** One moment at which the power can fail. */
export interface Moment {
  readonly call: number;
  readonly step: string;
  readonly states: StateSpace;
  /** The same of two moments: the same states are legal, and the same had been until then. */
  readonly key: string;
  /** False: of some file more states are legal than are told. */
  readonly complete: boolean;
}

/** The first power cut where moments are those of the recovery from it. */
export interface First {
  readonly moment: Moment;
  readonly crash: Crash;
  /** States that this recovery cannot tell apart. */
  readonly open: StateSet;
}

/** The moments of a run without a crash, or of the recovery from the first, in order: before each of its calls. */
export async function momentsOf(
  plan: Plan,
  seed: number,
  model: PowerModel,
  first?: First,
): Promise<Moment[]> {
  const moments: Moment[] = [];
  const possible = first?.moment.states instanceof Leavings ? first.moment.states.possible : undefined;
  await executeWithCrashes(plan, seed, first === undefined ? [] : [first.crash], {
    watch: (call, made, hits) => {
      if (first !== undefined && hits === 0) return;
      const choices = choicesOf(made.computer.disk, model);
      const leavings = new Leavings(made.computer.disk, choices, possible);
      const key = String(hashOfText(`${leavings.hash} ${seenSoFar(made, model)}`));
      const states =
        first === undefined ? leavings : new TwiceLeft(leavings, first.moment.states, first.open);
      moments.push({ call: call.number, step: stepOf(call), states, key, complete: choices.complete });
    },
  });
  return moments;
}
