/**
 * What became of each planned step: how often its effect is in the workspace, under which call ids agents made it,
 * and what its result was.
 *
 * Always: executed means that the effect's token is in the effects file; the ledger only tells by whom.
 */

import { resultContent } from "../agent/result.ts";
import type { DiskCut } from "../history.ts";
import type { StepTokens } from "../ledger.ts";
import type { Call } from "../plan/plan.ts";
import type { Attempt, EffectUse, Emission } from "./attempts.ts";
import type { Facts } from "./facts.ts";

/** One agent's use of one call id. */
export interface CallUse {
  readonly callId: string;
  readonly step: string;
  readonly session: number;
  readonly attempt: Attempt;
  readonly call?: Emission;
  readonly result?: Emission;
  readonly effect?: EffectUse;
}

export interface StepFacts {
  readonly step: string;
  readonly session: number;
  readonly turn: number;
  readonly tokens: StepTokens;
  readonly call: Call;
  /** Whole text of the step's result. */
  readonly content: string;
  /** Times the effect is in the workspace at the last cut. */
  readonly executions: number;
  /** In order of the attempts. */
  readonly uses: readonly CallUse[];
}

const cache = new WeakMap<Facts, readonly StepFacts[]>();

/** All planned steps, in order of the plan. */
export function stepsOf(facts: Facts): readonly StepFacts[] {
  const known = cache.get(facts);
  if (known !== undefined) return known;
  const uses = facts.attempts.flatMap(usesOf);
  const last = facts.run.cuts.at(-1);
  const steps = facts.run.tokens.flatMap((tokens): StepFacts[] => {
    const place = /^s(\d+)t(\d+)c\d+$/.exec(tokens.step);
    const call = facts.planned.get(tokens.step);
    if (place === null || call === undefined) return [];
    return [
      {
        step: tokens.step,
        session: Number(place[1]),
        turn: Number(place[2]),
        tokens,
        call,
        content: resultContent(call, tokens),
        executions: last === undefined ? 0 : executionsAt(last, tokens),
        uses: uses.filter(({ step }) => step === tokens.step),
      },
    ];
  });
  cache.set(facts, steps);
  return steps;
}

/** Times that the step's effect is in the workspace at a cut. */
export function executionsAt(cut: DiskCut, tokens: StepTokens): number {
  return cut.effects.split("\n").filter((line) => line.trim() === tokens.effectToken).length;
}

function usesOf(attempt: Attempt): readonly CallUse[] {
  return [...attempt.stepOf].map(([callId, step]) => {
    const of = (type: Emission["type"]) =>
      attempt.emissions.find((line) => line.callId === callId && line.type === type);
    const call = of("call");
    const result = of("result");
    const effect = attempt.effects.find((one) => one.callId === callId);
    return {
      callId,
      step,
      session: attempt.session,
      attempt,
      ...(call === undefined ? {} : { call }),
      ...(result === undefined ? {} : { result }),
      ...(effect === undefined ? {} : { effect }),
    };
  });
}

/** The step that a call id was used for in a session; undefined when no agent used it. */
export function stepOfCall(facts: Facts, session: number, callId: string): StepFacts | undefined {
  return stepsOf(facts).find(
    (step) => step.session === session && step.uses.some((use) => use.callId === callId),
  );
}

/** An agent's use of a call id in a session. */
export function useOfCall(facts: Facts, session: number, callId: string): CallUse | undefined {
  return stepOfCall(facts, session, callId)?.uses.find((use) => use.callId === callId);
}

/** Steps of a session whose call token the value holds, wherever in it. */
export function stepsNamedIn(facts: Facts, session: number, value: unknown): readonly StepFacts[] {
  const text = JSON.stringify(value) ?? "";
  return stepsOf(facts).filter((step) => step.session === session && text.includes(step.tokens.callToken));
}

/** The step whose result the text is (by its token), if any of the session's is. */
export function stepOfResult(facts: Facts, session: number, text: string): StepFacts | undefined {
  return stepsOf(facts).find((step) => step.session === session && text.includes(step.tokens.resultToken));
}
