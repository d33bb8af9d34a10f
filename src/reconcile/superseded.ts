/**
 * Calls that were issued again after an interruption.
 *
 * Always: each later call supersedes at most one earlier call, and an uncertain one before a finished one; only
 * calls of turns that were cut off can be superseded: to do a thing again in a new turn is not a recovery.
 */
import { type Case, turnState } from "./case.ts";
import type { Judged } from "./judge.ts";

/** Later call by the earlier call that it repeats. */
export function supersededBy(one: Case): Map<Judged, Judged> {
  const links = new Map<Judged, Judged>();
  const waiting = new Map<string, Judged[]>();
  for (const turn of one.turns) {
    const calls = (one.callsByTurn.get(turn) ?? []).filter(({ call }) => call.paired);
    for (const later of calls) {
      if (later.effect === "not-started") continue;
      const earlier = take(waiting.get(later.call.sameness) ?? []);
      if (earlier !== undefined) links.set(earlier, later);
    }
    const state = turnState(one, turn);
    if (state !== "interrupted" && state !== "failed") continue;
    for (const judged of calls) {
      if (judged.effect === "not-started") continue;
      const others = waiting.get(judged.call.sameness);
      if (others === undefined) waiting.set(judged.call.sameness, [judged]);
      else others.push(judged);
    }
  }
  return links;
}

function take(waiting: Judged[]): Judged | undefined {
  const uncertain = waiting.findLastIndex(({ effect }) => effect !== "done" && effect !== "failed");
  const [taken] = waiting.splice(uncertain === -1 ? 0 : uncertain, 1);
  return taken;
}
