/**
 * Calls that were issued again after an interruption.
 *
 * Always: each later call supersedes at most one earlier call, and an uncertain one before a finished one; only
 * calls of turns that were cut off can be superseded: to do a thing again in a new turn is not a recovery.
 * Never: of several equal uncertain calls one is not picked when a turn has repeated fewer of them: which of them it
 * took for done nobody can tell, and all of them stay in question.
 */
import { type Case, turnState } from "./case.ts";
import type { Judged } from "./judge.ts";

/** Later call by the earlier call that it repeats. */
export function supersededBy(one: Case): Map<Judged, Judged> {
  const links = new Map<Judged, Judged>();
  const waiting = new Map<string, Judged[]>();
  for (const turn of one.turns) {
    const calls = (one.callsByTurn.get(turn) ?? []).filter(({ call }) => call.paired);
    for (const [sameness, repeated] of bySameness(calls.filter(wasStarted))) {
      const before = waiting.get(sameness) ?? [];
      const open = before.filter(isUncertain).length;
      if (repeated.length < open) continue;
      for (const later of repeated) {
        const earlier = take(before);
        if (earlier !== undefined) links.set(earlier, later);
      }
    }
    const state = turnState(one, turn);
    if (state !== "interrupted" && state !== "failed") continue;
    for (const [sameness, cut] of bySameness(calls.filter(wasStarted)))
      waiting.set(sameness, [...(waiting.get(sameness) ?? []), ...cut]);
  }
  return links;
}

function bySameness(calls: readonly Judged[]): Map<string, Judged[]> {
  const groups = new Map<string, Judged[]>();
  for (const judged of calls) {
    const group = groups.get(judged.call.sameness) ?? [];
    groups.set(judged.call.sameness, group);
    group.push(judged);
  }
  return groups;
}

function wasStarted({ effect }: Judged): boolean {
  return effect !== "not-started";
}

function isUncertain({ effect }: Judged): boolean {
  return effect !== "done" && effect !== "failed";
}

function take(waiting: Judged[]): Judged | undefined {
  const uncertain = waiting.findIndex(isUncertain);
  const [taken] = waiting.splice(uncertain === -1 ? 0 : uncertain, 1);
  return taken;
}
