/**
 * The canary: a plan drawn from the campaign's seed, on a build that is known to be bad.
 *
 * It takes the same path as every other run. A campaign whose canary lives cannot be trusted: whatever it says is
 * green may only be blind.
 */
import { generatePlan } from "../plan/generate.ts";
import type { Plan } from "../plan/plan.ts";
import type { Abilities } from "../subject/contract.ts";

/** The signature that the naive orchestrator must show: it forgets, so finished work is done again. */
export const canarySignature = "finished-call-not-repeated/finished-repeated/resume";

const naiveCan: Abilities = {
  resume: true,
  reload: [],
  flags: false,
  cursor: false,
  stop: true,
  damage: false,
};

/** A script of the seed, interrupted as in the failure that the project was started for. */
export function canaryPlan(seed: number): Plan {
  const drawn = generatePlan({ can: naiveCan }, seed, 0x7fffffff);
  return {
    version: 1,
    mode: "lockstep",
    clients: 1,
    sessions: drawn.sessions.slice(0, 1).map((session) => ({ ...session, turns: session.turns.slice(0, 1) })),
    rounds: [
      {
        at: { session: 0, event: "result:1/out" },
        position: "shown",
        fault: { kind: "kill", target: "both" },
        orphan: { beforeRestart: 0, beforeObserve: 0, duringResume: 0 },
        damage: [],
      },
    ],
  };
}
