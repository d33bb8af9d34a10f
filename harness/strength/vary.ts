/**
 * Gives a drawn plan what drawn plans rarely have, one or two of it: a second turn, a second session, an agent that
 * keeps its words to itself and dies early, one that dies with a result unheard and, resumed, outlives its server.
 *
 * Always: a plan like any other. A feature for itself, as in swarm testing: one plan with everything meets less than
 * many with something each.
 */
import type { Random } from "../memory/random.ts";
import type { Plan, Round } from "../plan/plan.ts";

/** Of these each plan has some, and one in three has none. */
export function varied(plan: Plan, random: Random): Plan {
  if (random.oneIn(3)) return plan;
  const [first, second] = [ways[random.below(ways.length)], ways[random.below(ways.length)]];
  const once = first?.(plan, random) ?? plan;
  return random.oneIn(3) ? (second?.(once, random) ?? once) : once;
}

const ways: readonly ((plan: Plan, random: Random) => Plan)[] = [
  withSecondTurn,
  withSecondTurn,
  withSecondSession,
  withheld,
  struckTwice,
];

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
