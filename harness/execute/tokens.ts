/**
 * The tokens of a run: who knows one has seen what it stands for.
 *
 * Always: random for each execution, so that a subject cannot pass by remembering; the step names are not,
 * so that traces of two executions can be compared.
 */
import type { StepTokens } from "../ledger.ts";
import type { Plan } from "../plan/plan.ts";
import type { Machine } from "./machine.ts";

/** Step names of one turn, in script order: `s0t1c2` is session 0, turn 1, its third call. */
export function stepName(session: number, turn: number, call: number): string {
  return `s${session}t${turn}c${call}`;
}

/** Which plan session and turn a step belongs to. */
export function stepPlace(step: string): { session: number; turn: number; call: number } {
  const match = /^s(\d+)t(\d+)c(\d+)$/.exec(step);
  return { session: Number(match?.[1]), turn: Number(match?.[2]), call: Number(match?.[3]) };
}

/** Tokens of every planned call. Equal calls share the call token, and nothing else. */
export function makeTokens(plan: Plan, machine: Pick<Machine, "randomHex">): StepTokens[] {
  const token = (letter: string) => `${letter}${machine.randomHex(6)}`;
  const tokens: StepTokens[] = [];
  for (const [session, { turns }] of plan.sessions.entries()) {
    for (const [turn, { script }] of turns.entries()) {
      let call = 0;
      for (const reply of script.replies) {
        const callTokens: string[] = [];
        for (const planned of reply.calls) {
          const shared = planned.equalTo === undefined ? undefined : callTokens[planned.equalTo];
          const callToken = shared ?? token("c");
          callTokens.push(callToken);
          tokens.push({
            step: stepName(session, turn, call),
            callToken,
            resultToken: token("r"),
            effectToken: token("e"),
          });
          call += 1;
        }
      }
    }
  }
  return tokens;
}
