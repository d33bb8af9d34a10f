/**
 * Gives a plan what drawn plans rarely have, one or two of it: a second turn, a second session, calls that fail, equal
 * ones, long results; an agent that keeps its words to itself and dies early, one that dies with a result unheard and,
 * resumed, outlives its server.
 *
 * Always: a plan like any other. A feature for itself, as in swarm testing: one plan with everything meets less than
 * many with something each.
 */

import type { Call, Plan, Round } from "../../plan/plan.ts";
import type { Random } from "../random.ts";

type Way = (plan: Plan, random: Random) => Plan;

/** Of these each drawn plan has some, and one in three has none; faults of its own only where kills are asked for. */
export function varied(plan: Plan, random: Random, kills: boolean): Plan {
  const ways = kills ? [...works, withheld, withheld, struckTwice] : works;
  return random.oneIn(3) ? plan : withSome(plan, random, ways);
}

/** The same faults at the same events, every other time met by other work. */
export function atOtherWork(plan: Plan, random: Random): Plan {
  return random.oneIn(2) ? plan : withSome(plan, random, works);
}

function withSome(plan: Plan, random: Random, ways: readonly Way[]): Plan {
  const [first, second] = [ways[random.below(ways.length)], ways[random.below(ways.length)]];
  const once = first?.(plan, random) ?? plan;
  return random.oneIn(3) ? (second?.(once, random) ?? once) : once;
}

const works: readonly Way[] = [
  withSecondTurn,
  withSecondTurn,
  withSecondTurn,
  withSecondSession,
  withOtherCalls,
  withOtherCalls,
];

/** No call comes or goes, so that every event keeps its name. */
function withOtherCalls(plan: Plan, random: Random): Plan {
  const other = (call: Call, at: number): Call => ({
    ...call,
    outcome: random.oneIn(3) ? "fail" : call.outcome,
    style: random.oneIn(3) ? "unicode" : call.style,
    resultChars: random.oneIn(4) ? longResultChars : call.resultChars,
    ...(at > 0 && random.oneIn(2) ? { equalTo: 0 } : {}),
  });
  const sessions = plan.sessions.map((session) => ({
    ...session,
    turns: session.turns.map(({ script }) => ({
      script: {
        ...script,
        replies: script.replies.map((reply) => ({ ...reply, calls: reply.calls.map(other) })),
      },
    })),
  }));
  return { ...plan, sessions };
}

/** More than an agent's log keeps. */
const longResultChars = 2_100;

function withSecondTurn(plan: Plan): Plan {
  const sessions = plan.sessions.map((session) => {
    const [turn] = session.turns;
    return session.turns.length > 1 || turn === undefined ? session : { ...session, turns: [turn, turn] };
  });
  return { ...plan, sessions };
}

export function withSecondSession(plan: Plan): Plan {
  const [session] = plan.sessions;
  return plan.sessions.length > 1 || session === undefined ? plan : { ...plan, sessions: [session, session] };
}

/** More than a turn's first words are kept back when everything is killed. */
const linesKept = 4;

function withheld(plan: Plan, random: Random): Plan {
  // Where agents move by themselves, a kill of one alone may meet nobody.
  const met = plan.rounds.filter(({ fault }) => fault.kind !== "kill" || fault.target !== "agent");
  const rounds = met.map((round) =>
    round.fault.kind === "kill" && round.fault.target !== "agent" && "session" in round.at
      ? {
          ...round,
          at: { session: round.at.session, nth: 2 + random.below(8) },
          fault: { kind: "kill", target: "tree" } as const,
        }
      : round,
  );
  return { ...plan, mode: "free", free: { pausesMs: [linesKept, 0], writes: "burst" }, rounds };
}

/** Only the log has the first result then, while the agent that was resumed writes on in it. */
function struckTwice(plan: Plan, random: Random): Plan {
  const { free: _, ...rest } = plan;
  const [session, ...others] = plan.sessions;
  const [turn, ...later] = session?.turns ?? [];
  const calls = turn?.script.replies.reduce((sum, reply) => sum + reply.calls.length, 0) ?? 0;
  if (session === undefined || turn === undefined || calls < 2) return plan;
  const nth = 1 + random.below(calls - 1);
  const replies = turn.script.replies.map((reply) => ({ ...reply, parallel: false }));
  const turns = [{ ...turn, script: { ...turn.script, replies } }, ...later];
  return {
    ...rest,
    mode: "lockstep",
    sessions: [{ ...session, storeLag: "ada", turns }, ...others],
    rounds: [killed("both", 1, `result:${nth}/out`), killed("server", 2, `call:${nth + 1}/out`)],
  };
}

function killed(target: "both" | "server", attempt: number, event: string): Round {
  const orphan = { beforeRestart: 0, beforeObserve: 0, duringResume: 0 };
  return {
    at: { session: 0, attempt, event },
    position: "unsent",
    fault: { kind: "kill", target },
    orphan,
    damage: [],
  };
}
