/**
 * Shrinks a plan that fails: the smallest plan that still shows the same signature.
 *
 * Works on the plan itself and not on fast-check's choices, so that a directed plan, a scenario or a stored
 * artifact shrinks like a generated one, and so that candidates can be tried on all workers at once.
 * Always: every candidate is a valid plan; the order of candidates is fixed; greedy from large steps to small.
 */
import { type Plan, PlanSchema, type Reply, type Round } from "./plan.ts";

/** All one-step simplifications, largest first. */
export function smallerPlans(plan: Plan): Plan[] {
  const candidates = [
    ...withoutSessions(plan),
    ...withoutEnds(plan),
    ...withoutRounds(plan),
    ...withSimplerMode(plan),
    ...perSession(plan),
    ...perRound(plan),
  ];
  const own = JSON.stringify(plan);
  return candidates.filter(
    (candidate) => JSON.stringify(candidate) !== own && PlanSchema.safeParse(candidate).success,
  );
}

/** Steps of the search at which it may stop. */
export interface ShrinkOptions {
  /** Of each candidate, whether it still shows the signature. Called with several at once. */
  readonly stillFails: (plan: Plan) => Promise<boolean>;
  /** Candidates tried side by side. */
  readonly width: number;
  readonly isOver: () => boolean;
}

/** Greedy search: takes the first candidate (in order) that still fails, until none does or the time is over. */
export async function shrinkPlan(plan: Plan, { stillFails, width, isOver }: ShrinkOptions): Promise<Plan> {
  let smallest = plan;
  let candidates = smallerPlans(smallest);
  while (candidates.length > 0 && !isOver()) {
    const batch = candidates.slice(0, width);
    const failing = await Promise.all(batch.map(stillFails));
    const found = batch[failing.indexOf(true)];
    if (found === undefined) {
      candidates = candidates.slice(width);
      continue;
    }
    smallest = found;
    candidates = smallerPlans(smallest);
  }
  return smallest;
}

function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, index) => index !== at);
}

function withAt<T>(list: readonly T[], at: number, item: T): T[] {
  return list.map((old, index) => (index === at ? item : old));
}

/** Gates that point past the removed session move with it. */
function withoutSessions(plan: Plan): Plan[] {
  if (plan.sessions.length < 2) return [];
  return plan.sessions.map((_, removed) => ({
    ...plan,
    sessions: without(plan.sessions, removed),
    rounds: plan.rounds.map((round) =>
      "session" in round.at
        ? {
            ...round,
            at: {
              ...round.at,
              session: Math.max(0, round.at.session - (round.at.session >= removed ? 1 : 0)),
            },
          }
        : round,
    ),
  }));
}

/** Ends at the server's own operations; where none is left nobody need count. */
function withoutEnds({ boundaries, ...plan }: Plan): Plan[] {
  if (boundaries === undefined) return [];
  const { ends } = boundaries;
  if (ends.length < 2) return [plan];
  return ends.map((_, at) => ({ ...plan, boundaries: { ...boundaries, ends: without(ends, at) } }));
}

function withoutRounds(plan: Plan): Plan[] {
  const least = (plan.boundaries?.ends.length ?? 0) > 0 ? 0 : 1;
  return plan.rounds.length <= least
    ? []
    : plan.rounds.map((_, at) => ({ ...plan, rounds: without(plan.rounds, at) }));
}

function withSimplerMode(plan: Plan): Plan[] {
  const plans: Plan[] = [];
  if (plan.mode === "free") {
    const { free: _, ...rest } = plan;
    plans.push({ ...rest, mode: "lockstep" });
    plans.push({ ...plan, free: { pausesMs: [0], writes: "line" } });
  }
  if (plan.clients > 1) plans.push({ ...plan, clients: 1 });
  return plans;
}

function perSession(plan: Plan): Plan[] {
  return plan.sessions.flatMap((session, at) => {
    const put = (changed: typeof session): Plan => ({
      ...plan,
      sessions: withAt(plan.sessions, at, changed),
    });
    const plans: Plan[] = [];
    if (session.turns.length > 1)
      plans.push(...session.turns.map((_, turn) => put({ ...session, turns: without(session.turns, turn) })));
    for (const [turn, { script }] of session.turns.entries()) {
      const putReplies = (replies: Reply[]) =>
        put({ ...session, turns: withAt(session.turns, turn, { script: { ...script, replies } }) });
      plans.push(...smallerReplies(script.replies).map(putReplies));
    }
    if (session.storeLag !== "ada") plans.push(put({ ...session, storeLag: "ada" }));
    return plans;
  });
}

function smallerReplies(replies: readonly Reply[]): Reply[][] {
  const smaller: Reply[][] = [];
  if (replies.length > 1) {
    smaller.push(replies.slice(0, 1));
    smaller.push(...replies.map((_, at) => without(replies, at)));
  }
  for (const [at, reply] of replies.entries()) {
    const put = (changed: Reply) => smaller.push(withAt(replies, at, changed));
    const { text, ...silent } = reply;
    if (text !== undefined) put(silent);
    if (reply.calls.length > 1) {
      for (const removed of reply.calls.keys())
        put({ ...reply, calls: without(reply.calls, removed).map(withoutDangling) });
    }
    if (reply.parallel) put({ ...reply, parallel: false });
    for (const [index, call] of reply.calls.entries()) {
      const plain = { outcome: "append", resultChars: 0, style: "ascii" } as const;
      put({ ...reply, calls: withAt(reply.calls, index, plain) });
      if (call.resultChars > 0)
        put({ ...reply, calls: withAt(reply.calls, index, { ...call, resultChars: 0 }) });
    }
  }
  return smaller;
}

/** A call may only equal one before it. */
function withoutDangling(call: Reply["calls"][number], at: number): Reply["calls"][number] {
  if (call.equalTo === undefined || call.equalTo < at) return call;
  const { equalTo: _, ...rest } = call;
  return rest;
}

function perRound(plan: Plan): Plan[] {
  return plan.rounds.flatMap((round, at) =>
    simplerRounds(round).map((simpler) => ({ ...plan, rounds: withAt(plan.rounds, at, simpler) })),
  );
}

function simplerRounds(round: Round): Round[] {
  const simpler: Round[] = [];
  const { orphan } = round;
  if (round.insists !== undefined) {
    const { insists: _, ...patient } = round;
    simpler.push(patient);
  }
  if (round.version !== undefined) {
    const { version: _, ...same } = round;
    simpler.push(same);
  }
  if (round.damage.length > 0) simpler.push({ ...round, damage: round.damage.slice(1) });
  if (orphan.beforeRestart + orphan.beforeObserve + orphan.duringResume > 0) {
    simpler.push({ ...round, orphan: { beforeRestart: 0, beforeObserve: 0, duringResume: 0 } });
    for (const when of ["beforeRestart", "beforeObserve", "duringResume"] as const) {
      if (orphan[when] > 0)
        simpler.push({ ...round, orphan: { ...orphan, [when]: Math.floor(orphan[when] / 2) } });
    }
  }
  if (round.fault.kind !== "kill" || round.fault.target !== "both")
    simpler.push({ ...round, fault: { kind: "kill", target: "both" } });
  if (round.delayMs !== undefined) {
    const { delayMs: _, ...prompt } = round;
    simpler.push(prompt);
  }
  if ("nth" in round.at && round.at.nth > 0) {
    for (const nth of [0, Math.floor(round.at.nth / 2), round.at.nth - 1])
      simpler.push({ ...round, at: { ...round.at, nth } });
  }
  if ("event" in round.at) {
    const event = round.at.event.replace(/:([2-9])/, (_, number) => `:${Number(number) - 1}`);
    simpler.push({ ...round, at: { ...round.at, event } });
  }
  if (round.unreadEvents !== undefined) {
    const { unreadEvents: _, ...one } = round;
    simpler.push(one);
  }
  if (round.position === "unread") simpler.push({ ...round, position: "shown" });
  return simpler;
}
