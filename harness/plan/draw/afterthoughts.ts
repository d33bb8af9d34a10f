/**
 * Draws what was thought of later, behind everything else, so that what a seed gave before it still gives.
 */
import fc from "fast-check";
import { faultNames } from "../../fault/index.ts";
import type { Abilities } from "../../subject/contract.ts";
import type { Call, Plan, PlanSession, Round } from "../plan.ts";
import type { GenerateOptions } from "./choice.ts";

/**
 * A person who does not wait for what is said, an ending that is a reload, versions that take over from each other,
 * agents that speak ACP.
 */
export function withAfterthoughts(drawn: fc.Arbitrary<Plan>, options: GenerateOptions): fc.Arbitrary<Plan> {
  const { can, faults = faultNames } = options;
  const ways = faults.includes("reload") ? can.reload : [];
  const insists = can.resume && can.resumesByPrompt !== true;
  const afterthoughts = fc.record({
    insists: insists ? fc.oneof(...oneIn(4)) : fc.constant(false),
    reloads: ways.length > 0 ? fc.oneof(...oneIn(8)) : fc.constant(false),
    by: fc.constantFrom(...(ways.length > 0 ? ways : (["signal"] as const))),
    versions: fc.oneof(...oneIn(8)),
    speaksAcp: can.acp === true ? fc.oneof(...oneIn(8)) : fc.constant(false),
    asks: fc.boolean(),
  });
  return fc.tuple(drawn, afterthoughts).map(([drawnPlan, afterthought]) => {
    const { insists: hurried, reloads, by, versions, speaksAcp, asks } = afterthought;
    const plan = speaksAcp ? withAcp(drawnPlan, asks) : drawnPlan;
    let rounds = reloads ? plan.rounds.map((round) => reloaded(round, by)) : plan.rounds;
    if (hurried) rounds = rounds.map((round) => ({ ...round, insists: true }));
    if (versions && can.versions === true) rounds = inTurn(rounds);
    return { ...plan, rounds };
  });
}

/** The same work done by agents that speak ACP; where they ask, they ask for the first call of each reply. */
function withAcp(plan: Plan, asks: boolean): Plan {
  const asking = (call: Call, at: number): Call => (asks && at === 0 ? { ...call, asks } : call);
  const sessions = plan.sessions.map((one): PlanSession => {
    const turns = one.turns.map(({ script }) => ({
      script: {
        ...script,
        replies: script.replies.map((reply) => ({ ...reply, calls: reply.calls.map(asking) })),
      },
    }));
    return { agent: "acp", storeLag: "ada", turns };
  });
  return { ...plan, sessions };
}

/** Every start is another version than the one before. */
function inTurn(rounds: readonly Round[]): Round[] {
  let starts = 0;
  return rounds.map((round) => {
    const { fault } = round;
    const endsServer = fault.kind === "term" || (fault.kind === "kill" && fault.target !== "agent");
    if (!endsServer) return round;
    starts += 1;
    return { ...round, version: starts % 2 === 1 ? "next" : "this" };
  });
}

function oneIn(count: number) {
  return [
    { weight: count - 1, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ];
}

/** Where the server alone would be ended, its source is saved instead: a plan is run under one watcher from its start. */
function reloaded(round: Round, by: Abilities["reload"][number]): Round {
  const { fault, at } = round;
  const isServersOwn = fault.kind === "term" || (fault.kind === "kill" && fault.target === "server");
  // A watcher that saw its server die waits for a change of its own.
  return isServersOwn && "session" in at ? { ...round, fault: { kind: "reload", by } } : round;
}
